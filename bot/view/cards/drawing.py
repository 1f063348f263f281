"""From a poem to the bytes of a picture: paper, hills, ink, seal."""

import io
import unicodedata
import zlib
from datetime import date
from typing import Final

from PIL import Image, ImageDraw

from bot.errors import CardError
from bot.view.cards.layout import Glyph, Layout, lay_out
from bot.view.cards.paper import PALETTES, Paper, blank, hills
from bot.view.cards.seal import seal_print
from bot.view.fonts import Font, pen

# Of an em box, how much lies above the base line of a font for hanzi.
_ABOVE: Final = 0.88

_ZERO: Final = str.maketrans("〇", "零")


def card(poem_text: str, *, title: str | None, form: str | None, on: date, paper: Paper, font: Font) -> bytes:
    """The poem as a picture in PNG. The same arguments give the same bytes.

    poem_text and title may be in either script, with or without punctuation; characters of the title that no font
    here has are left out. form: its name, such as 七絕; on: the date beside the seal. Takes about 0.1 s of one core.

    Raises `CardError` when the poem is too long for a card or has a character that no font here has.
    """
    layout = lay_out(poem_text, _drawable(title or "", font), form, on, font.width)
    missing = next((g.text for g in layout.glyphs if g.role in ("poem", "form") and not font.has(g.text)), None)
    if missing is not None:
        raise CardError(f"No font here has the character {missing} (U+{ord(missing):04X}).")
    picture = blank(layout.width, layout.height, paper).copy()
    hills(picture, paper, zlib.crc32(poem_text.encode()))
    _write(picture, layout, paper, font)
    return _png(picture)


def _drawable(text: str, font: Font) -> str:
    # Composed, as it will be written: a font may have n and ~ and no ñ.
    composed = unicodedata.normalize("NFC", text)
    return "".join(char for char in composed if char.isspace() or font.has(char))


def _write(picture: Image.Image, layout: Layout, paper: Paper, font: Font) -> None:
    palette = PALETTES[paper]
    for colour, glyphs in (
        (palette.ink, [glyph for glyph in layout.glyphs if glyph.role in ("poem", "title")]),
        (palette.soft_ink, [*layout.form, *layout.date]),
    ):
        mask = Image.new("L", picture.size)
        for glyph in glyphs:
            _draw(mask, glyph, font)
        picture.paste(colour, mask=mask)
    box = layout.seal
    red = seal_print(round(box.right - box.left), round(box.bottom - box.top), font)
    picture.paste(palette.seal, (round(box.left), round(box.top)), red)


def _draw(mask: Image.Image, glyph: Glyph, font: Font) -> None:
    text = glyph.text if font.has(glyph.text[0]) else glyph.text.translate(_ZERO)
    x, y = glyph.box.centre
    if not glyph.turned:
        _write_run(mask, text, glyph.size, (x, y + (_ABOVE - 0.5) * glyph.size), font)
        return
    run = Image.new("L", (round(glyph.box.bottom - glyph.box.top), round(round(glyph.size) * 1.5)))
    _write_run(run, text, glyph.size, (run.width / 2, run.height / 2 + 0.36 * round(glyph.size)), font)
    upright = run.transpose(Image.Transpose.ROTATE_270)
    mask.paste(255, (round(x - upright.width / 2), round(y - upright.height / 2)), upright)


def _write_run(mask: Image.Image, text: str, size: float, middle: tuple[float, float], font: Font) -> None:
    """Characters side by side, each from the face that has it; `middle`: of the base line."""
    x, base = middle[0] - font.width(text, size) / 2, middle[1]
    for face, piece in font.pieces(text):
        nib = pen(face, round(size))
        ImageDraw.Draw(mask).text((x, base), piece, fill=255, font=nib, anchor="ls")
        x += nib.getlength(piece)


def _png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=2)
    return buffer.getvalue()
