"""The picture of a simulation: the liked share by round, and what it cost."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from matplotlib.figure import Figure

from poetcore.files import write_whole

_COLOURS: Final = ("#b3422f", "#3c6e71", "#c98a2b", "#8a8f98")


def draw(before: Mapping[str, Any], arms: Mapping[str, Sequence[Mapping[str, Any]]], path: Path) -> None:
    """Draw the figures of each arm by round, round 0 being `before`, to `path`, a PNG."""
    figure = Figure(figsize=(11, 3.8), layout="constrained")
    panels = (("liked_share", "share of likes"), ("bits_per_hanzi", "bits per hanzi"), ("distinct_2", "distinct-2"))
    for axes, (key, label) in zip(figure.subplots(1, 3), panels, strict=True):
        for (name, rounds), colour in zip(arms.items(), _COLOURS, strict=False):
            values = [before[key], *(figures[key] for figures in rounds)]
            axes.plot(range(len(values)), values, marker="o", color=colour, label=name)
        axes.set(xlabel="round", ylabel=label)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    figure.axes[0].axhline(0.68, color="#c9ccd1", linestyle="--", linewidth=1)
    figure.axes[0].legend(frameon=False, loc="center right")
    image = io.BytesIO()
    figure.savefig(image, format="png", dpi=130)
    write_whole(path, image.getvalue())
