"""The seal: a red stone's print with the characters 月下 carved out, worn at its edges."""

from functools import lru_cache
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from bot.view.fonts import Font, pen

TEXT: Final = "月下"

# Drawn larger and reduced, so that worn edges are smooth.
_SCALE: Final = 3


@lru_cache(maxsize=16)
def seal_print(width: int, height: int, font: Font) -> Image.Image:
    """How much red there is, 0 to 255, pixel by pixel; the characters are where there is none."""
    wide, tall = width * _SCALE, height * _SCALE
    stone = Image.new("L", (wide, tall))
    draw = ImageDraw.Draw(stone)
    rim = 0.02 * wide
    draw.rounded_rectangle((rim, rim, wide - rim, tall - rim), radius=0.1 * wide, fill=255)
    size = round(0.74 * wide)
    pitch = (tall - 0.2 * wide) / len(TEXT)
    for k, char in enumerate(TEXT):
        face = font.face(char)
        if face is None:
            continue
        middle = 0.1 * wide + pitch * (k + 0.5)
        draw.text(
            (wide / 2, middle + 0.38 * size),
            char,
            fill=0,
            font=pen(face, size),
            anchor="ms",
            stroke_width=max(1, round(0.022 * size)),
            stroke_fill=0,
        )
    return _worn(stone).resize((width, height), Image.Resampling.LANCZOS)


def _worn(stone: Image.Image) -> Image.Image:
    """Blurred, then cut at a level that wavers: edges crumble and small spots take no colour."""
    chance = np.random.default_rng(3)
    soft = np.asarray(stone.filter(ImageFilter.GaussianBlur(_SCALE * 1.1)), np.float32) / 255
    wide, tall = stone.size
    level = np.full((tall, wide), 0.5, np.float32)
    for cells, depth in ((9, 0.12), (34, 0.2), (80, 0.16)):
        coarse = chance.uniform(-1, 1, (cells * tall // wide, cells)).astype(np.float32)
        level += depth * np.asarray(Image.fromarray(coarse).resize((wide, tall), Image.Resampling.BICUBIC))
    cut = np.clip((soft - level) * 8 + 0.5, 0, 1)
    return Image.fromarray((cut * 245).astype(np.uint8))
