"""Poem cards: the geometry without any font, the picture with the machine's own."""

import io
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.errors import CardError, FontError
from bot.view.cards import Paper, card
from bot.view.cards.layout import Box, Layout, in_hanzi, lay_out
from bot.view.cards.title import Cell, title_cells
from bot.view.fonts import Face, Font, find_font, read_face

POEMS = {
    "五絕": "白日依山盡，黃河入海流。欲窮千里目，更上一層樓。",
    "七絕": "月照蟾蜍不染人，白雲深處空蕭然。箇中眼底紅塵裏，萬壑松梢水一泉。",
    "五律": "國破山河在，城春草木深。感時花濺淚，恨別鳥驚心。烽火連三月，家書抵萬金。白頭搔更短，渾欲不勝簪。",
    "七律": "相見時難別亦難，東風無力百花殘。春蠶到死絲方盡，蠟炬成灰淚始乾。"
    "曉鏡但愁雲鬢改，夜吟應覺月光寒。蓬山此去無多路，青鳥殷勤爲探看。",
}
TITLES = [
    None,
    "春望",
    "九日與諸公登高望遠懷故人兼寄江南諸友（其二）和 Tom Smith 韻「秋風」三首并序",
    "x" * 300,
    "題" * 300,
]
DAY = date(2026, 11, 24)


def laid_out(form: str, title: str | None = None) -> Layout:
    return lay_out(POEMS[form], title, form, DAY, lambda text, size: len(text) * size * 0.55)


def overlap(one: Box, other: Box) -> bool:
    return one.left < other.right and other.left < one.right and one.top < other.bottom and other.top < one.bottom


@pytest.mark.parametrize("form", POEMS)
@pytest.mark.parametrize("title", TITLES, ids=["none", "short", "mixed", "letters", "endless"])
def test_everything_is_inside_the_paper_and_apart(form: str, title: str | None) -> None:
    layout = laid_out(form, title)
    edge = 0.04 * min(layout.width, layout.height)
    boxes = [*(glyph.box for glyph in layout.glyphs), layout.seal]
    for box in boxes:
        assert edge <= box.left < box.right <= layout.width - edge
        assert edge <= box.top < box.bottom <= layout.height - edge
    # Half a pixel for rounding: neighbours in a column touch.
    smaller = [Box(box.left + 0.5, box.top + 0.5, box.right - 0.5, box.bottom - 0.5) for box in boxes]
    for k, one in enumerate(smaller):
        assert not any(overlap(one, other) for other in smaller[k + 1 :])


@pytest.mark.parametrize("form", POEMS)
def test_lines_are_columns_from_right_to_left(form: str) -> None:
    layout = laid_out(form, "春望")
    assert ["".join(glyph.text for glyph in column) for column in layout.columns] == POEMS[form].replace(
        "。", "，"
    ).split("，")[:-1]
    for column in layout.columns:
        assert len({glyph.box.centre[0] for glyph in column}) == 1
        assert all(upper.box.bottom == pytest.approx(lower.box.top) for upper, lower in pairwise(column))
    for right, left in pairwise(layout.columns):
        assert left[0].box.right < right[0].box.left
        assert left[0].box.top == right[0].box.top
    assert min(glyph.box.left for glyph in layout.title) > layout.columns[0][0].box.right


@pytest.mark.parametrize("form", POEMS)
def test_the_seal_stands_below_the_date_to_the_left_of_the_poem(form: str) -> None:
    layout = laid_out(form, "春望")
    last = layout.columns[-1]
    assert "".join(glyph.text for glyph in layout.date) == "二〇二六年十一月二十四日"
    assert layout.seal.right < min(glyph.box.left for glyph in last)
    assert layout.seal.top > layout.date[-1].box.bottom
    assert layout.seal.centre[0] == pytest.approx(layout.date[0].box.centre[0])
    assert layout.seal.bottom >= last[-1].box.bottom - 0.1 * layout.em


@pytest.mark.parametrize(
    ("form", "shape"),
    [("五絕", (1080, 1350)), ("七絕", (1080, 1350)), ("五律", (1350, 1080)), ("七律", (1350, 1080))],
)
def test_quatrains_stand_upright_and_regulated_poems_lie(form: str, shape: tuple[int, int]) -> None:
    layout = laid_out(form)
    assert (layout.width, layout.height) == shape
    # On a telephone's screen, 390 points wide, a character is 18 points or more.
    assert layout.em / layout.width * 390 >= 18


def test_a_form_without_title_takes_its_place() -> None:
    layout = laid_out("七絕")
    assert layout.title == ()
    assert "".join(glyph.text for glyph in layout.form) == "七絕"
    assert layout.form[0].box.top == pytest.approx(layout.columns[0][0].box.top)


def test_a_long_title_breaks_into_columns_and_then_ends_in_dots() -> None:
    broken = laid_out("七律", "九日與諸公登高望遠懷故人兼寄江南諸友")
    assert "".join(glyph.text for glyph in broken.title) == "九日與諸公登高望遠懷故人兼寄江南諸友"
    assert len({round(glyph.box.centre[0]) for glyph in broken.title}) == 2
    endless = laid_out("七律", "題" * 300)
    assert endless.title[-1].text == "…"
    assert endless.title[-1].turned
    assert len({round(glyph.box.centre[0]) for glyph in endless.title}) == 3


@pytest.mark.parametrize(
    ("day", "written"),
    [
        (date(2026, 1, 1), "二〇二六年一月一日"),
        (date(2030, 10, 10), "二〇三〇年十月十日"),
        (date(1999, 12, 31), "一九九九年十二月三十一日"),
        (date(2025, 2, 20), "二〇二五年二月二十日"),
    ],
)
def test_dates_are_written_in_hanzi(day: date, written: str) -> None:
    assert in_hanzi(day) == written


def test_titles_are_set_for_vertical_reading() -> None:
    assert title_cells("《秋興》，其二 to Li\u202e!") == (
        *map(Cell, "︽秋興︾ 其二 "),
        Cell("to", turned=True),
        Cell(" "),
        Cell("Li", turned=True),
    )


def test_signs_stand_upright_among_letters() -> None:
    assert title_cells("Ωμ①②★ñ") == (Cell("Ωμ", turned=True), *map(Cell, "①②★"), Cell("ñ", turned=True))


def test_a_run_of_letters_is_cut_by_how_wide_they_are() -> None:
    def wide(text: str, size: float) -> float:
        return sum(size if char == "W" else size * 0.2 for char in text)

    layout = lay_out(POEMS["七律"], "W" * 14 + "i" * 60, "七律", DAY, wide)
    assert "".join(glyph.text for glyph in layout.title) == "W" * 14 + "i" * 60
    assert max(glyph.box.bottom for glyph in (*layout.title, *layout.form)) <= layout.columns[0][-1].box.bottom


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=200), st.sampled_from(sorted(POEMS)))
def test_any_title_has_a_place(title: str, form: str) -> None:
    layout = laid_out(form, title)
    assert all(glyph.box.left >= 0 and glyph.box.right <= layout.width for glyph in layout.title)
    assert all(glyph.box.top >= 0 and glyph.box.bottom <= layout.height for glyph in layout.title)


@pytest.mark.parametrize("text", ["", "，。", "月" * 25, "月，" * 25])
def test_what_no_card_can_show_is_refused(text: str) -> None:
    with pytest.raises(CardError):
        lay_out(text, None, None, DAY, lambda text, size: size)


# With a font


@pytest.fixture(scope="module")
def font() -> Font:
    """The machine's font."""
    found = find_font(None)
    if found is None:
        pytest.skip("no font with Chinese characters is installed: cards were not drawn")
    return found


def pixels(png: bytes) -> "np.ndarray[tuple[int, int, int], np.dtype[np.float32]]":
    with Image.open(io.BytesIO(png)) as picture:
        assert picture.format == "PNG"
        return np.asarray(picture.convert("RGB"), np.float32).copy()


def drawn(font: Font, paper: Paper = "light", form: str = "七絕", title: str | None = "春望") -> bytes:
    return card(POEMS[form], title=title, form=form, on=DAY, paper=paper, font=font)


@pytest.mark.parametrize("paper", get_args(Paper))
@pytest.mark.parametrize("form", POEMS)
def test_every_place_has_its_character_in_ink(font: Font, form: str, paper: Paper) -> None:
    picture = pixels(drawn(font, paper, form))
    layout = lay_out(POEMS[form], "春望", form, DAY, font.width)
    assert picture.shape == (layout.height, layout.width, 3)
    for glyph in layout.glyphs:
        box = glyph.box
        inside = picture[round(box.top) : round(box.bottom), round(box.left) : round(box.right)].mean(axis=2)
        # Ink is dark on light paper and light on dark paper, and covers half of the box at most; the date's 二, in the
        # thin strokes of Noto Serif, covers 0.8% of its own, bare paper nothing.
        inked = (inside < 130) if paper == "light" else (inside > 110)
        assert 0.004 < inked.mean() < 0.5, glyph.text
        rim = np.concatenate((inside[:2].ravel(), inside[-2:].ravel()))
        assert rim.std() < inside.std(), glyph.text


@pytest.mark.parametrize("paper", get_args(Paper))
def test_the_seal_is_red_with_carved_characters(font: Font, paper: Paper) -> None:
    box = lay_out(POEMS["七絕"], "春望", "七絕", DAY, font.width).seal
    stone = pixels(drawn(font, paper))[round(box.top) : round(box.bottom), round(box.left) : round(box.right)]
    red = (stone[..., 0] > 130) & (stone[..., 1] < 100)
    assert 0.4 < red.mean() < 0.9
    middle = red[len(red) // 5 : -len(red) // 5, red.shape[1] // 4 : -red.shape[1] // 4]
    assert 0.2 < middle.mean() < 0.85


def test_the_same_poem_gives_the_same_bytes_and_another_one_other_hills(font: Font) -> None:
    assert drawn(font) == drawn(font)
    one, other = (
        pixels(card(text, title=None, form=None, on=DAY, paper="light", font=font))[-200:]
        for text in (POEMS["五絕"], POEMS["五絕"][::-1].lstrip("。"))
    )
    assert not np.array_equal(one, other)


def test_a_poem_with_a_character_that_no_font_has_is_refused(font: Font) -> None:
    with pytest.raises(CardError, match=r"No font here has the character \U0010fffd \(U\+10FFFD\)"):
        card("月下\U0010fffd", title=None, form=None, on=DAY, paper="light", font=font)


def test_a_title_goes_without_what_no_font_has(font: Font) -> None:
    without = drawn(font, title="春望")
    assert drawn(font, title="春\U0010fffd望\U0010fffe") == without


def test_a_character_that_the_first_font_lacks_comes_from_the_next(font: Font) -> None:
    first = font.face("月")
    assert first is not None
    without = type(first)(first.path, first.index, first.characters - {ord("花")})
    fallen_back = Font(without, [first.path])
    face = fallen_back.face("花")
    assert face is not None
    assert (face.path, fallen_back.has("\U0010fffd")) == (first.path, False)
    assert Font(without).has("花") is False


@pytest.fixture
def scanty(tmp_path: Path) -> Face:
    """A face with what every font for poems must have, and n. Its glyphs are bars, that of anything else a square."""
    characters = "月下獨酌花間壺n"
    glyphs = dict(zip([".notdef", *(f"glyph{ord(char)}" for char in characters)], [1000, *[100] * 8], strict=True))
    builder = FontBuilder(1000)
    builder.setupGlyphOrder(list(glyphs))
    builder.setupCharacterMap({ord(char): f"glyph{ord(char)}" for char in characters})
    builder.setupGlyf({name: _rectangle(width) for name, width in glyphs.items()})
    builder.setupHorizontalMetrics(dict.fromkeys(glyphs, (1000, 0)))
    builder.setupHorizontalHeader(ascent=880, descent=-120)
    builder.setupNameTable({"familyName": "Scanty", "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.save(tmp_path / "scanty.ttf")
    face = read_face(tmp_path / "scanty.ttf")
    assert face is not None
    return face


def _rectangle(width: int) -> Any:
    drawing = TTGlyphPen(None)
    drawing.moveTo((0, 0))
    for corner in ((0, 800), (width, 800), (width, 0)):
        drawing.lineTo(corner)
    drawing.closePath()
    return drawing.glyph()


def test_each_letter_of_a_run_is_of_the_face_that_has_it(font: Font, scanty: Face) -> None:
    full = font.face("Ω")
    assert full is not None
    fallen_back = Font(scanty, [full.path])
    assert fallen_back.pieces("nΩñ\U0010fffdn") == [(scanty, "n"), (full, "Ωñ"), (scanty, "n")]
    assert fallen_back.width("nΩñn", 40) == 40 + font.width("Ωñ", 40) + 40


def test_no_letter_of_a_title_is_a_box(font: Font, scanty: Face) -> None:
    fallen_back = Font(scanty, [font.path])
    picture = pixels(drawn(fallen_back, title="nΩÜé 月ñ①"))
    title = lay_out(POEMS["七絕"], "nΩÜé 月ñ①", "七絕", DAY, fallen_back.width).title
    assert [glyph.text for glyph in title] == ["nΩÜé", "月", "ñ", "①"]
    for glyph in title:
        box = glyph.box
        ink = picture[round(box.top) : round(box.bottom), round(box.left) : round(box.right)].mean(axis=2) < 130
        assert 0.02 < ink.mean() < 0.3, glyph.text


def test_a_letter_and_its_mark_are_the_letter_that_a_font_has(font: Font) -> None:
    face = font.face("ñ")
    assert face is not None
    without_mark = Font(Face(face.path, face.index, face.characters - {ord("\u0303")}))
    assert drawn(without_mark, title="n\u0303") == drawn(font, title="ñ")


def test_a_chosen_file_must_be_a_font_for_poems(tmp_path: Path) -> None:
    nonsense = tmp_path / "font.ttf"
    nonsense.write_bytes(b"not a font")
    for chosen in (nonsense, tmp_path / "missing.ttf", tmp_path):
        with pytest.raises(FontError, match=r"^YUEXIA_FONT names no font with Chinese characters: .*; give a .ttf"):
            find_font(chosen)


def test_a_chosen_font_is_taken(font: Font, tmp_path: Path) -> None:
    copied = tmp_path / font.path.name
    copied.write_bytes(font.path.read_bytes())
    chosen = find_font(copied)
    assert chosen is not None
    assert chosen.path == copied


def test_without_any_font_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.view.fonts._candidates", list)
    assert find_font(None) is None
