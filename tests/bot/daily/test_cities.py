"""Cities in their own letters, in English and in Chinese."""

import pytest

from bot.daily.cities import zone_of_city


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("Berlin", "Europe/Berlin"),
        ("berlin", "Europe/Berlin"),
        ("北京", "Asia/Shanghai"),
        ("北京市", "Asia/Shanghai"),
        ("臺北", "Asia/Taipei"),
        ("台北", "Asia/Taipei"),
        ("紐約", "America/New_York"),
        ("纽约", "America/New_York"),
        ("New York", "America/New_York"),
        ("倫敦", "Europe/London"),
        ("London", "Europe/London"),
        ("Zürich", "Europe/Zurich"),
        ("Sao Paulo", "America/Sao_Paulo"),
        ("Asia/Kathmandu", "Asia/Kathmandu"),
        ("asia/kathmandu", "Asia/Kathmandu"),
        ("Nowhere by the sea", None),
        ("", None),
        ("市", None),
        ("<b>", None),
    ],
)
def test_a_city_has_a_zone(name: str, zone: str | None) -> None:
    assert zone_of_city(name) == zone
