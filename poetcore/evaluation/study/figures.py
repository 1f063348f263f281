"""The pictures of the page, each an SVG element."""

import base64
import io
import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import imsave
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from poetcore.evaluation.study.record import ArmRecord, SizeLine
from poetcore.evaluation.study.svg import ACCENT, CURVES, INK, PAPER, SERIES, as_svg, drawing
from poetcore.training.curves import perplexity

DASHES: Final = ("6 2", "8 2 2 2", "2 2", "", "3 3")
"""SVG dashes of the curves, so that they are told apart without colour; empty is a whole line."""

# The fourth and the fifth, Adam and AdamW, often lie on each other: one mark shows inside the other.
_MARKERS: Final = (8, 8, 8, 10, 5)

_PERPLEXITIES: Final = (
    (100, 120, 140, 160, 180, 200, 220, 250, 300, 350, 400, 500, 600, 700, 800, 900),
    (100, 120, 150, 200, 250, 300, 400, 500, 600, 800),
    (100, 200, 300, 500),
    (100,),
)
"""Digits of the marks on a perplexity axis, dense to sparse."""
_MOST_MARKS: Final = 9


def optimiser_curves(arms: Sequence[ArmRecord]) -> str:
    """Test cross-entropy (left) and perplexity (right) by epoch; best epochs and early stops are marked."""
    with drawing():
        figure = Figure(figsize=(6.4, 4.4))
        axes = figure.subplots()
        for number, arm in enumerate(arms):
            _optimiser_curve(axes, arm, number)
        axes.set(xlabel="epoch", ylabel="test cross-entropy, nats per token")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        _perplexity_axis(axes)
        axes.grid(axis="y")
        return as_svg(figure, "optimisers", "Test cross-entropy and perplexity by epoch for each optimiser")


def loss_curves(arms: Sequence[ArmRecord]) -> str:
    """Training loss by update, both axes logarithmic."""
    with drawing():
        figure = Figure(figsize=(6.4, 3.6))
        axes = figure.subplots()
        for number, arm in enumerate(arms):
            updates, losses = zip(*arm.losses, strict=True) if arm.losses else ((), ())
            axes.plot(updates, losses, **_curve(number))
        values = [loss for arm in arms for _, loss in arm.losses]
        axes.set(xlabel="update", ylabel="training loss, nats per token", xscale="log", yscale="log")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        _loss_marks(axes, values)
        axes.grid()
        return as_svg(figure, "losses", "Training loss by update for each initialisation")


def bits_by_size(lines: Sequence[SizeLine], name: str, label: str, everything: Sequence[SizeLine]) -> str:
    """Bits per hanzi at each value of one size; the axis spans `everything`, so that pictures compare."""
    with drawing():
        figure = Figure(figsize=(3.3, 2.9))
        axes = figure.subplots()
        places = [place for place, line in enumerate(lines) if line.bits_per_hanzi is not None]
        bits = [line.bits_per_hanzi for line in lines if line.bits_per_hanzi is not None]
        axes.plot(places, bits, color=INK, linewidth=1.2)
        for place, value in zip(places, bits, strict=True):
            colour = ACCENT if lines[place].centre else INK
            axes.plot(place, value, "o", color=colour, markersize=7, markeredgecolor=PAPER, markeredgewidth=1.5)
            axes.annotate(f"{value:.2f}", (place, value), (0, 9), textcoords="offset points", ha="center", color=colour)
        axes.set_xticks(range(len(lines)), [f"{line.value:,}" for line in lines])
        axes.set(xlabel=label, ylabel="bits per hanzi", xlim=(-0.4, len(lines) - 0.6))
        _span(axes, [line.bits_per_hanzi for line in everything if line.bits_per_hanzi is not None])
        axes.yaxis.set_major_locator(MaxNLocator(5))
        axes.grid(axis="y")
        return as_svg(figure, f"bits-{name}", f"Bits per hanzi by {label}")


def activation_map(arm: ArmRecord) -> str:
    """Hidden units (rows) at each character (columns): transparent at 0, --warm towards 1, --cold towards -1.

    An SVG of its own making, for a picture of pixels with the text below.
    """
    assert arm.units is not None  # noqa: S101 - the page chose by it
    activations = np.asarray(arm.units.activations)
    rows, columns = activations.shape
    cell, height, foot = 18, 240, 26
    width = cell * columns
    characters = "".join(
        f'<text x="{(column + 0.5) * cell:g}" y="{height + 19}">{char}</text>'
        for column, char in enumerate(arm.units.text[:columns])
    )
    return (
        f'<svg class="map" viewBox="0 0 {width} {height + foot}" role="img" '
        f'aria-label="Activations of {rows} hidden units over {columns} characters">'
        f'<image width="{width}" height="{height}" preserveAspectRatio="none" '
        f'href="data:image/png;base64,{base64.b64encode(_pixels(activations)).decode()}"/>'
        f'<rect x="0.5" y="0.5" width="{width - 1}" height="{height - 1}"/>'
        f'<g lang="zh-Hant">{characters}</g></svg>'
    )


def _pixels(activations: npt.NDArray[Any]) -> bytes:
    """A PNG with a pixel an activation."""
    warm, cold = (0.76, 0.29, 0.2), (0.25, 0.42, 0.66)
    pixels = np.empty((*activations.shape, 4))
    pixels[..., :3] = np.where((activations > 0)[..., None], warm, cold)
    # The root makes small activations visible.
    pixels[..., 3] = np.sqrt(np.abs(activations))
    image = io.BytesIO()
    imsave(image, np.clip(pixels, 0, 1), format="png")
    return image.getvalue()


def _curve(number: int) -> dict[str, Any]:
    dashes = tuple(float(length) for length in DASHES[number % SERIES].split())
    style = (0, tuple(length / 2 for length in dashes)) if dashes else "-"
    return {"color": CURVES[number % SERIES], "linestyle": style}


def _optimiser_curve(axes: Axes, arm: ArmRecord, number: int) -> None:
    epochs = [row.epoch for row in arm.rows]
    axes.plot(epochs, [row.test_cross_entropy for row in arm.rows], **_curve(number))
    colour = CURVES[number % SERIES]
    if arm.best is not None:
        place = (arm.best.epoch, arm.best.test_cross_entropy)
        size = _MARKERS[number % SERIES]
        axes.plot(*place, "o", color=colour, markersize=size, markeredgecolor=PAPER, markeredgewidth=1.5, clip_on=False)
    if arm.stopped == "validation":
        axes.plot(epochs[-1], arm.rows[-1].test_cross_entropy, "|", color=colour, markersize=16, markeredgewidth=2.5)


def _perplexity_axis(axes: Axes) -> None:
    """e to the left axis, on the right."""
    right = axes.secondary_yaxis("right", functions=(_exp, _log))
    low, high = (perplexity(bound) for bound in axes.get_ylim())
    right.yaxis.set_major_locator(FixedLocator(perplexity_marks(low, high)))
    right.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    right.yaxis.set_minor_locator(NullLocator())
    right.set_ylabel("test perplexity", labelpad=9)


def perplexity_marks(low: float, high: float) -> list[float]:
    """At most nine round numbers from `low` to `high`."""
    for digits in _PERPLEXITIES:
        marks = [digit * 10.0**power for power in range(-2, 6) for digit in digits]
        inside = [mark for mark in marks if low <= mark <= high]
        if len(inside) <= _MOST_MARKS:
            break
    return inside


def _exp(values: npt.ArrayLike) -> npt.NDArray[Any]:
    result: npt.NDArray[Any] = np.exp(values)
    return result


def _log(values: npt.ArrayLike) -> npt.NDArray[Any]:
    """ln, also for the zeros that matplotlib tries before it knows the axis."""
    result: npt.NDArray[Any] = np.log(np.maximum(values, 1e-9))
    return result


def _loss_marks(axes: Axes, values: Sequence[float]) -> None:
    """Round numbers over the whole range of a logarithmic loss axis."""
    low, high = min(values, default=1.0), max(values, default=10.0)
    marks = [mark for mark in (1, 2, 3, 4, 5, 6, 7, 8, 10, 15, 20, 30, 50, 100) if 0.9 * low <= mark <= 1.1 * high]
    axes.yaxis.set_major_locator(FixedLocator(marks))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _span(axes: Axes, values: Sequence[float]) -> None:
    low, high = min(values, default=0.0), max(values, default=1.0)
    room = max(0.05, 0.2 * (high - low))
    # Room above for the figures at the points.
    axes.set_ylim(math.floor((low - room) * 20) / 20, math.ceil((high + 1.5 * room) * 20) / 20)
