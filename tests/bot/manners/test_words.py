"""What may not be spelled, and what may."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.manners.words import is_unwelcome


@pytest.mark.parametrize(
    "text",
    [
        "強姦",
        "强奸",
        "弱 智",
        "操，你！",
        "寫給那個黑鬼的詩",
        "You BITCH",
        "ｆｕｃｋ　月",
        "月fuck月",
        "\u2f2c智障",
    ],
)
def test_insults_are_found_in_any_script_and_width(text: str) -> None:
    assert is_unwelcome(text)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "床前明月光",
        "中秋懷友",
        "妓席送獨孤雲之武昌",
        "殺氣三時作陣雲",
        "胡笳十八拍",
        "強",
        "姦",
        "Scunthorpe",
        "grape",
        "\ud800",
        "笨蛋",
    ],
)
def test_poems_may_speak_of_everything(text: str | None) -> None:
    assert not is_unwelcome(text)


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    assert is_unwelcome(text + "強姦")
