"""The buttons: what they say, and that nothing else is taken for a press of one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import InlineKeyboardMarkup

from bot.storage.poems import Tally
from bot.view.choosing import ANY, BEGINNINGS, NONE, TYPED, Choice, beginning_choice, choice_pressed, form_choice
from bot.view.keyboards import (
    Act,
    PoemPress,
    Shown,
    forms_keyboard,
    lines_keyboard,
    papers_keyboard,
    poem_keyboard,
    poem_press,
    rating_press,
    with_star,
    with_tally,
)
from bot.view.language import Language
from bot.view.messages import say_in
from bot.view.scanning import scan_message
from poetcore.prosody import FORMS, scan

HANT, HANS, ENGLISH = (say_in(language) for language in (Language.HANT, Language.HANS, Language.ENGLISH))
LARGEST = 10**18 - 1
LINES = ("月下孤舟過遠灘", "江風吹葉夜初寒", "一聲鐘起山中寺", "行客無眠倚曲欄")


def _texts(keyboard: InlineKeyboardMarkup) -> list[list[str]]:
    return [[button.text for button in row] for row in keyboard.inline_keyboard]


def _data(keyboard: InlineKeyboardMarkup) -> list[str]:
    return [str(button.callback_data) for row in keyboard.inline_keyboard for button in row]


def test_a_poem_has_three_rows_in_the_readers_words() -> None:
    keyboard = poem_keyboard(Shown(5, Tally(2, 0), starred=True), HANT, cards=True)
    assert _texts(keyboard) == [["👍 2", "👎", "★"], ["再來一首", "換一句", "換體裁"], ["格律", "詩箋", "分享"]]
    without = poem_keyboard(Shown(5), ENGLISH, cards=False)
    assert _texts(without) == [["👍", "👎", "☆"], ["Another", "New line", "Other form"], ["Scan", "Share"]]


def test_what_changes_leaves_the_other_buttons_as_they_are() -> None:
    keyboard = poem_keyboard(Shown(5), HANS, cards=True)
    rated = with_tally(keyboard, 5, Tally(0, 1))
    assert rated == poem_keyboard(Shown(5, Tally(0, 1)), HANS, cards=True)
    assert with_star(rated, 5, starred=True) == poem_keyboard(Shown(5, Tally(0, 1), starred=True), HANS, cards=True)
    assert with_tally(keyboard, 6, Tally(9, 9)) == keyboard


def test_every_button_is_understood_and_short_enough() -> None:
    keyboards = [
        poem_keyboard(Shown(LARGEST), HANT, cards=True),
        lines_keyboard(LARGEST, LINES * 2, HANT),
        forms_keyboard(LARGEST, None, "hans", HANS),
        papers_keyboard(LARGEST, HANT),
    ]
    data = [data for keyboard in keyboards for data in _data(keyboard)]
    presses = {poem_press(one) or rating_press(one) for one in data}
    assert None not in presses
    assert {press.poem_id for press in presses if press} == {LARGEST}
    assert {press.act for press in presses if isinstance(press, PoemPress)} == set(Act)
    choices = [
        *_data(form_choice(LARGEST, "hant", HANT)),
        *(one for form in (ANY, *FORMS) for one in _data(beginning_choice(LARGEST, form, "hans", HANS))),
    ]
    assert all(choice_pressed(one) for one in choices)
    assert max(len(one.encode()) for one in [*data, *choices]) <= 64


def test_presses_mean_what_their_buttons_say() -> None:
    assert poem_press("p:12:again") == PoemPress(12, Act.AGAIN)
    assert poem_press("p:12:line:8") == PoemPress(12, Act.LINE, "8")
    assert poem_press("p:12:form:七律") == PoemPress(12, Act.FORM, "七律")
    assert poem_press("p:12:card:dark") == PoemPress(12, Act.CARD, "dark")
    assert choice_pressed("c:12") == Choice(12)
    assert choice_pressed("c:12:any") == Choice(12, ANY)
    assert choice_pressed("c:12:五絕:月") == Choice(12, "五絕", "月")
    assert choice_pressed("c:12:五絕:none") == Choice(12, "五絕", NONE)
    assert choice_pressed("c:12:五絕:typed") == Choice(12, "五絕", TYPED)
    assert "月" in BEGINNINGS


@pytest.mark.parametrize(
    "data",
    [
        None,
        "",
        "p:1:",
        "p:1:line",
        "p:1:line:9",
        "p:1:line:0",
        "p:1:again:1",
        "p:1:form:七古",
        "p:1:card:gold",
        "p:0:again",
        "p:１:again",
        "p:1:again\n",
        "p:" + "9" * 19 + ":again",
        "c:0",
        "c:1:七古",
        "c:1:五絕:",
        "c:1:五絕:月月",
        "c:1:五絕:<b>",
        "c:1:none",
    ],
)
def test_other_data_is_no_press(data: str | None) -> None:
    assert poem_press(data) is None
    assert choice_pressed(data) is None


@given(st.text(), st.sampled_from(["p:", "c:", ""]))
def test_any_data_is_a_press_or_none(text: str, start: str) -> None:
    poem_press(start + text)
    choice_pressed(start + text)


def test_a_scansion_has_a_sign_below_each_character() -> None:
    shown = scan_message(scan(FORMS["七絕"].punctuate(LINES)), "hant", HANT)
    assert shown.startswith(
        "<b>七絕 · 仄起 · 首句入韻 · 寒韻</b>\n\n月下孤舟過遠灘\n●●○○◐●◎\n江風吹葉夜初寒\n○○◐●●○◎\n\n一聲鐘起山中寺\n"
    )
    assert shown.endswith(HANT("scan-faultless"))


def test_a_scansion_names_what_is_wrong_in_the_readers_words() -> None:
    wrong = "月下孤舟過遠灘，江風吹葉夜初寒。一聲鐘起山中寺，行客無眠倚曲月。"
    shown = scan_message(scan(wrong), "hans", HANS)
    assert "行客无眠倚曲月\n◐●○○●●<u>●</u>" in shown
    assert shown.endswith("✗ 第 4 句第 7 字“<b>月</b>”：应平而仄\n✗ 第 4 句第 7 字“<b>月</b>”：出韵")
    english = scan_message(scan(wrong.replace("曲月", "曲樓")), "hant", ENGLISH)
    assert english.endswith("✗ Line 4, character 7, <b>樓</b>: does not rhyme")


@given(st.text("月下孤舟過遠灘，。 <&a", max_size=60))
def test_any_text_has_a_scansion_to_show(text: str) -> None:
    shown = scan_message(scan(text), "hans", HANS)
    assert "<a" not in shown
    assert "&a" not in shown.replace("&amp;", "")
