"""The picture below /stats: poems a day, and how much each version of the poet is liked. Drawn with Pillow alone."""

import io
from collections.abc import Sequence
from typing import Final

from PIL import Image, ImageDraw, ImageFont

_WIDTH, _HEIGHT = 800, 450
_MARGIN, _TOP, _BOTTOM = 40, 60, 40
_INK, _GRID, _BAR, _LIKED = (60, 60, 60), (225, 222, 214), (120, 130, 140), (160, 50, 40)
_PAPER = (250, 248, 242)
# The two halves: bars that stand, bars that lie.
_MIDDLE: Final = 430
_ROW: Final = 40
_LONGEST: Final = 24

Font = ImageFont.ImageFont | ImageFont.FreeTypeFont
Share = tuple[str, float, int]
"""A version, its share of 👍, and of how many ratings."""


def chart_png(days: Sequence[int], versions: Sequence[Share]) -> bytes:
    """A PNG of the poems of each day, the oldest first, and of at most eight versions."""
    image = Image.new("RGB", (_WIDTH, _HEIGHT), _PAPER)
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(16)
    draw.text((_MARGIN, _TOP - 30), f"poems a day, {len(days)} days", _INK, font, anchor="lm")
    draw.text((_MIDDLE, _TOP - 30), "liked, by version", _INK, font, anchor="lm")
    _draw_days(draw, font, days)
    for row, version in enumerate(versions[:8]):
        _draw_version(draw, font, version, _TOP + row * _ROW)
    content = io.BytesIO()
    image.save(content, "PNG", optimize=True)
    return content.getvalue()


def _draw_days(draw: ImageDraw.ImageDraw, font: Font, days: Sequence[int]) -> None:
    most, base = max(*days, 1), _HEIGHT - _BOTTOM
    step = (_MIDDLE - 2 * _MARGIN) / len(days)
    for number, count in enumerate(days):
        left = _MARGIN + number * step
        height = (base - _TOP - 20) * count / most
        draw.rectangle((left, base - height, left + step * 0.7, base), fill=_BAR)
        if count == most:
            draw.text((left + step * 0.35, base - height - 4), str(count), _INK, font, anchor="mb")
    draw.line((_MARGIN, base, _MIDDLE - _MARGIN, base), fill=_INK)


def _draw_version(draw: ImageDraw.ImageDraw, font: Font, version: Share, top: float) -> None:
    name, share, ratings = version
    right = _WIDTH - _MARGIN
    draw.text((_MIDDLE, top), name[:_LONGEST], _INK, font, anchor="lt")
    draw.text((right, top), f"{share:.0%} of {ratings}", _INK, font, anchor="rt")
    bar = (_MIDDLE, top + 20, right, top + 28)
    draw.rectangle(bar, fill=_GRID)
    if share:
        draw.rectangle((bar[0], bar[1], bar[0] + (bar[2] - bar[0]) * share, bar[3]), fill=_LIKED)
