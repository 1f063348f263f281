"""`curves.png`: how far liked poems gained on disliked ones, and what the corpus paid for it."""

import io
from pathlib import Path
from typing import Any, Final

import numpy as np
from matplotlib.figure import Figure

from poetcore.files import write_whole

_FAINT, _STRONG, _CALM = "#c9ccd1", "#b3422f", "#3c6e71"
# A single update has a few rated poems: the line is the mean over a fifteenth of all updates.
_WINDOW_SHARE: Final = 15


def draw_finetune_curves(history: list[dict[str, Any]], title: str, path: Path) -> None:
    """Draw the rows of metrics.jsonl to `path`, a PNG."""
    updates = [row["update"] for row in history]
    figure = Figure(figsize=(10, 3.8), layout="constrained")
    figure.suptitle(title)
    panels = (
        ("margin", "liked over disliked (nats per token)", _STRONG),
        ("replay_loss", "corpus (nats per token)", _CALM),
    )
    for axes, (key, label, colour) in zip(figure.subplots(1, 2), panels, strict=True):
        values = [row[key] for row in history]
        axes.plot(updates, values, color=_FAINT, linewidth=1)
        axes.plot(updates, smoothed(values, 1 + len(values) // _WINDOW_SHARE), color=colour, linewidth=2)
        axes.set(xlabel="update", ylabel=label)
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    image = io.BytesIO()
    figure.savefig(image, format="png", dpi=130)
    write_whole(path, image.getvalue())


def smoothed(values: list[float], window: int) -> list[float]:
    """The mean of the last `window` values at each place; of fewer at the beginning."""
    sums = np.concatenate(([0.0], np.cumsum(values)))
    ends = np.arange(1, len(sums))
    begins = np.maximum(0, ends - window)
    means: list[float] = ((sums[ends] - sums[begins]) / (ends - begins)).tolist()
    return means
