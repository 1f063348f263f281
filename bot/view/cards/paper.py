"""What lies under the writing: paper with a moon on it, and hills in thin ink, different for every poem."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

Paper = Literal["light", "dark"]
Picture = NDArray[np.float32]
Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of a paper and of what is on it."""

    top: Colour
    bottom: Colour
    ink: Colour
    soft_ink: Colour
    seal: Colour
    hills: Colour
    mist: float
    """How strong the nearest hills are, from 0 to 1."""
    moon: Colour
    glow: float
    """How bright the moon's halo is, from 0 to 1."""
    fleck: Colour
    """Fibres of light paper, gold on dark."""


PALETTES: Final[dict[Paper, Palette]] = {
    "light": Palette(
        top=(246, 240, 226),
        bottom=(237, 226, 202),
        ink=(38, 33, 30),
        soft_ink=(104, 91, 74),
        seal=(166, 46, 36),
        hills=(84, 98, 100),
        mist=0.42,
        moon=(255, 253, 244),
        glow=0.5,
        fleck=(196, 176, 136),
    ),
    "dark": Palette(
        top=(17, 25, 41),
        bottom=(27, 38, 58),
        ink=(234, 221, 184),
        soft_ink=(171, 160, 132),
        seal=(172, 56, 42),
        hills=(8, 12, 22),
        mist=0.8,
        moon=(240, 229, 194),
        glow=0.26,
        fleck=(196, 164, 92),
    ),
}

# Where the moon stands, and how large it is: shares of width, height and height.
_MOON: Final = (0.2, 0.125, 0.052)

# Nothing of the hills stands above this share of the height.
_HIGHEST: Final = 0.75

# Farthest first: where a range's foot lies and how tall it is, its strength, and how soon it fades into mist.
_RANGES: Final = ((0.845, 0.085, 0.4, 0.07), (0.9, 0.07, 0.66, 0.075), (0.955, 0.055, 1.0, 0.09))


@lru_cache(maxsize=6)
def blank(width: int, height: int, paper: Paper) -> Image.Image:
    """Paper with the moon and nothing else, the same every time; copy it before you paint on it."""
    palette = PALETTES[paper]
    chance = np.random.default_rng(8)
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    sheet = np.array(palette.top, np.float32) * (1 - down) + np.array(palette.bottom, np.float32) * down
    sheet = np.broadcast_to(sheet, (height, width, 3)).copy()
    clouds = 2.2 * _noise(chance, width, height, 6) + 1.3 * _noise(chance, width, height, 60)
    sheet += clouds[..., None] * (1.0 if paper == "light" else 0.7)
    sheet -= _vignette(width, height)[..., None] * (9 if paper == "light" else 6)
    _strew(sheet, paper, chance)
    _moon(sheet, palette)
    return Image.fromarray(np.clip(sheet + 0.5, 0, 255).astype(np.uint8))


def hills(sheet: Image.Image, paper: Paper, seed: int) -> None:
    """Paint three ranges into the lower part of the sheet, the farthest first; mist lies between them."""
    palette = PALETTES[paper]
    width, height = sheet.size
    chance = np.random.default_rng(seed)
    top = round(height * _HIGHEST)
    bare = np.ones((height - top, width), np.float32)
    for distance, (foot, tall, strength, fade) in enumerate(_RANGES):
        ridge = height * (foot - tall * _ridge(chance, width, 4 + distance))
        depth = np.arange(top, height, dtype=np.float32)[:, None] - ridge[None, :]
        fading = np.exp(-np.maximum(depth, 0) / (height * fade))
        bare *= 1 - np.clip(depth / 1.6, 0, 1) * fading * (strength * palette.mist)
    mask = Image.fromarray(((1 - bare) * 255 + 0.5).astype(np.uint8))
    sheet.paste(palette.hills, (0, top), mask)


def _ridge(chance: np.random.Generator, width: int, peaks: int) -> Picture:
    """A skyline from 0 to 1: broad mountains with smaller ones on them."""
    line = np.zeros(width, np.float32)
    for octave, weight in ((1, 1.0), (2, 0.5), (5, 0.2), (13, 0.07), (40, 0.022)):
        points = chance.random(peaks * octave + 4).astype(np.float32)
        line += weight * _smooth(points[None, :], width, 1)[0]
    low, high = float(line.min()), float(line.max())
    return np.asarray((line - low) / (high - low), np.float32)


def _noise(chance: np.random.Generator, width: int, height: int, cells: int) -> Picture:
    """Smooth noise between -1 and 1, so many cells across."""
    coarse = chance.uniform(-1, 1, (max(2, cells * height // width), cells)).astype(np.float32)
    return _smooth(coarse, width, height)


def _smooth(coarse: Picture, width: int, height: int) -> Picture:
    stretched = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(stretched, np.float32)


def _vignette(width: int, height: int) -> Picture:
    """0 in the middle, 1 in the corners."""
    across = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    down = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    return np.asarray(((across**2 + down**2) / 2) ** 1.5, np.float32)


def _strew(sheet: Picture, paper: Paper, chance: np.random.Generator) -> None:
    """Fibres in light paper; in dark paper specks of gold leaf."""
    height, width = sheet.shape[:2]
    mask = Image.new("L", (width * 2, height * 2))
    draw = ImageDraw.Draw(mask)
    count = 300 if paper == "light" else 240
    for x, y, turn, size, strength in chance.random((count, 5)):
        place = np.array((x * width * 2, y * height * 2))
        if paper == "light":
            ahead = np.array((np.cos(turn * 6.28), np.sin(turn * 6.28))) * (10 + 60 * size)
            bend = np.array((-ahead[1], ahead[0])) * (strength - 0.5) * 0.5
            curve = [tuple(place), tuple(place + ahead / 2 + bend), tuple(place + ahead)]
            draw.line(curve, fill=int(20 + 75 * strength), width=2, joint="curve")
        else:
            reach = 1.1 + 2.6 * size**4
            corners = [place + reach * np.array((np.cos(a), np.sin(a))) for a in (turn, turn + 2 + size, turn + 4)]
            draw.polygon([tuple(corner) for corner in corners], fill=int(60 + 150 * strength))
    fine = mask.resize((width, height), Image.Resampling.BOX).filter(ImageFilter.GaussianBlur(0.4))
    alpha = np.asarray(fine, np.float32)[..., None] / 255
    sheet += alpha * (np.array(PALETTES[paper].fleck, np.float32) - sheet)


def _moon(sheet: Picture, palette: Palette) -> None:
    height, width = sheet.shape[:2]
    x, y, radius = _MOON[0] * width, _MOON[1] * height, _MOON[2] * height
    down, across = np.ogrid[:height, :width]
    away = np.sqrt((across - x) ** 2 + (down - y) ** 2).astype(np.float32)
    colour = np.array(palette.moon, np.float32)
    halo = palette.glow * np.exp(-np.maximum(away - radius, 0) / (radius * 0.9))
    sheet += halo[..., None] * (colour - sheet)
    disc = np.clip(radius - away + 0.5, 0, 1) * 0.96
    sheet += disc[..., None] * (colour - sheet)
