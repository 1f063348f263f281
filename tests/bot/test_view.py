"""What readers see."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.storage.models import Poem as Kept
from bot.storage.poems import Tally
from bot.storage.shelves import Page, Shelf
from bot.view.keyboards import RatingPress, rating_keyboard, rating_press
from bot.view.language import Language, language_of, script_of
from bot.view.messages import say_for
from bot.view.poems import couplets, poem_message
from bot.view.shelves import page_message
from poetcore.script import Script, to_simplified

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
RIVER_NIGHT = "月下孤舟過遠灘，江風吹葉夜初寒。一聲鐘起山中寺，行客無眠倚曲欄。"


@pytest.mark.parametrize(
    ("code", "language"),
    [
        (None, Language.ENGLISH),
        ("", Language.ENGLISH),
        ("en", Language.ENGLISH),
        ("de", Language.ENGLISH),
        ("zho", Language.ENGLISH),
        ("zh", Language.HANT),
        ("zh-hant", Language.HANT),
        ("zh-TW", Language.HANT),
        ("zh-HK", Language.HANT),
        ("zh-hans", Language.HANS),
        ("zh-Hans-CN", Language.HANS),
        ("zh_CN", Language.HANS),
        ("zh-SG", Language.HANS),
        ("zh-my", Language.HANS),
    ],
)
def test_the_language_is_the_readers(code: str | None, language: Language) -> None:
    assert language_of(code) is language
    assert script_of(code) == ("hans" if language is Language.HANS else "hant")


def test_a_poem_has_a_couplet_a_line_and_what_is_known_below_in_its_readers_script() -> None:
    row = Kept(text=RIVER_NIGHT, form="七絕", asked_title="江村\n<夜坐>", script="hant")
    traditional = "<b>江村 &lt;夜坐&gt;</b>\n\n月下孤舟過遠灘，江風吹葉夜初寒。\n一聲鐘起山中寺，行客無眠倚曲欄。"
    assert poem_message(row, "hant") == f"{traditional}\n\n<i>七絕 · 寒韻</i>"
    assert poem_message(row, "hans") == to_simplified(f"{traditional}\n\n<i>七絕 · 寒韻</i>")
    row.form = row.asked_title = None
    assert poem_message(row, "hant") == traditional.partition("\n\n")[2]


@pytest.mark.parametrize(
    ("typed", "script", "hant", "hans"),
    [
        ("中秋怀友", "hant", "中秋懷友", "中秋怀友"),
        ("红云", "hans", "紅雲", "红云"),
        ("秋兴 to <Li>", "hant", "秋興 to &lt;Li&gt;", "秋兴 to &lt;Li&gt;"),
        # Traditional characters too, unless simplified ones stand beside them or their reader writes such.
        ("后 里 余", "hant", "后 里 余", "后 里 余"),
        ("后 里 余", "hans", "後 裏 餘", "后 里 余"),
        ("后 里 鸟", "hant", "後 裏 鳥", "后 里 鸟"),
        ("余懷", "hant", "余懷", "余怀"),
    ],
)
def test_a_title_is_in_its_readers_script_whoever_typed_it(typed: str, script: str, hant: str, hans: str) -> None:
    row = Kept(text=RIVER_NIGHT, form=None, asked_title=typed, script=script, created_at=NOON)
    page = Page([row], has_newer=False, has_older=False)
    titles: tuple[tuple[Script, str], ...] = (("hant", hant), ("hans", hans))
    for read, title in titles:
        assert poem_message(row, read).startswith(f"<b>{title}</b>\n\n月下")
        assert f"1. 《{title}》月下" in page_message(page, Shelf.MINE, read, say_for("en"))


@given(st.text())
def test_couplets_lose_nothing(text: str) -> None:
    assert "".join(couplets(text)) == text


@given(st.text(), st.text())
def test_html_in_a_poem_is_only_text(text: str, title: str) -> None:
    markup = re.sub(r"</?[bi]>", "", poem_message(Kept(text=text, asked_title=title, script="hant"), "hant"))
    assert "<" not in markup
    assert ">" not in markup


def test_the_buttons_show_no_zero() -> None:
    texts = [button.text for button in rating_keyboard(5, Tally(up=2, down=0)).inline_keyboard[0]]
    assert texts == ["👍 2", "👎", "⋯"]


@given(st.integers(1, 10**18 - 1), st.sampled_from([1, -1]))
def test_what_a_button_says_is_understood(poem_id: int, value: int) -> None:
    row = rating_keyboard(poem_id, Tally(0, 0)).inline_keyboard[0]
    data = row[0 if value > 0 else 1].callback_data
    assert isinstance(data, str)
    assert len(data.encode()) <= 64
    assert rating_press(data) == RatingPress(poem_id, value)


@pytest.mark.parametrize(
    "data",
    [
        None,
        "",
        "r:1:",
        "r:0:+",
        "r:-1:+",
        "r:01:+",
        "r:1:+ ",
        "r:1:x",
        "x:1:+",
        "r:１:+",
        "r:1:+\n",
        "r:" + "9" * 19 + ":+",
    ],
)
def test_other_data_is_no_press(data: str | None) -> None:
    assert rating_press(data) is None
