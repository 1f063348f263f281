"""What the days are about."""

from datetime import date, timedelta

import pytest

from bot.daily.themes import theme_of
from poetcore.generation import ComposeRequest


@pytest.mark.parametrize(
    ("day", "theme"),
    [
        ((2026, 2, 16), "除夕"),
        ((2026, 2, 17), "元日"),
        ((2026, 3, 3), "元夕"),
        ((2026, 2, 4), "立春"),
        ((2026, 3, 5), "驚蟄"),
        ((2026, 4, 4), "寒食"),
        ((2026, 4, 5), "清明"),
        ((2026, 4, 20), "穀雨"),
        ((2026, 6, 19), "端午"),
        ((2026, 8, 19), "七夕"),
        ((2026, 9, 25), "中秋"),
        ((2026, 10, 18), "九日"),
        ((2026, 12, 22), "冬至"),
        ((2026, 11, 24), "小雪後二日"),
        ((2026, 1, 1), "冬至後十一日"),
        # The fifth day of a second fifth month.
        ((2028, 6, 27), "夏至後六日"),
    ],
)
def test_festivals_and_solar_terms(day: tuple[int, int, int], theme: str) -> None:
    assert theme_of(date(*day)) == theme


def test_any_day_has_a_theme_that_can_be_a_title() -> None:
    for day in range(0, 365, 5):
        theme = theme_of(date(2020, 1, 1) + timedelta(days=day))
        assert 2 <= len(theme) <= 6
        assert ComposeRequest(title=theme).title == theme
