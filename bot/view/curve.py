"""The loss of a fine-tuning as a picture, drawn without matplotlib: the bot does not have it."""

import io
from collections.abc import Sequence
from typing import Final

from PIL import Image, ImageDraw, ImageFont

_WIDTH, _HEIGHT = 800, 450
_LEFT, _RIGHT, _TOP, _BOTTOM = 90, 30, 30, 60
_INK, _GRID, _LINE = (60, 60, 60), (225, 222, 214), (160, 50, 40)
_PAPER = (250, 248, 242)
_TICKS: Final = 5

Point = tuple[float, float]


def curve_png(points: Sequence[Point]) -> bytes | None:
    """A PNG of loss over steps; None if there are fewer than two points to join."""
    if len(points) < 2:
        return None
    image = Image.new("RGB", (_WIDTH, _HEIGHT), _PAPER)
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(16)
    steps, losses = _range([x for x, _ in points]), _range([y for _, y in points])
    for tick in range(_TICKS):
        share = tick / (_TICKS - 1)
        x, y = _place((_at(steps, share), losses[0]), steps, losses)
        draw.line((x, _TOP, x, _HEIGHT - _BOTTOM), fill=_GRID)
        draw.text((x, _HEIGHT - _BOTTOM + 8), f"{_at(steps, share):.0f}", _INK, font, anchor="ma")
        x, y = _place((steps[0], _at(losses, share)), steps, losses)
        draw.line((_LEFT, y, _WIDTH - _RIGHT, y), fill=_GRID)
        draw.text((_LEFT - 8, y), f"{_at(losses, share):.3g}", _INK, font, anchor="rm")
    draw.line([_place(point, steps, losses) for point in points], fill=_LINE, width=3, joint="curve")
    draw.text((_LEFT + (_WIDTH - _LEFT - _RIGHT) / 2, _HEIGHT - 12), "step", _INK, font, anchor="mb")
    draw.text((_LEFT + 4, _TOP - 6), "loss", _INK, font, anchor="lb")
    content = io.BytesIO()
    image.save(content, "PNG", optimize=True)
    return content.getvalue()


def _range(values: Sequence[float]) -> tuple[float, float]:
    """Lowest and highest, apart even where all values are one."""
    low, high = min(values), max(values)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _at(bounds: tuple[float, float], share: float) -> float:
    return bounds[0] + (bounds[1] - bounds[0]) * share


def _place(point: Point, steps: tuple[float, float], losses: tuple[float, float]) -> tuple[float, float]:
    across = (point[0] - steps[0]) / (steps[1] - steps[0])
    up = (point[1] - losses[0]) / (losses[1] - losses[0])
    return (_LEFT + across * (_WIDTH - _LEFT - _RIGHT), _HEIGHT - _BOTTOM - up * (_HEIGHT - _TOP - _BOTTOM))
