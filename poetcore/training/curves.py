"""`curves.png`: cross-entropy and perplexity by epoch."""

import io
import math
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from poetcore.files import write_whole

_TRAIN, _VALIDATION = "#8a8f98", "#b3422f"


def draw_curves(history: list[dict[str, Any]], title: str, path: Path) -> None:
    """Draw the curves of `history` (rows of metrics.jsonl) to `path`, a PNG; the best epoch is marked."""
    epochs = [row["epoch"] for row in history]
    best = min(history, key=lambda row: row["validation_perplexity"])
    figure = Figure(figsize=(10, 4.2), layout="constrained")
    figure.suptitle(title)
    entropies, perplexities = figure.subplots(1, 2)
    entropies.plot(epochs, [row["train_cross_entropy"] for row in history], color=_TRAIN, label="training")
    entropies.plot(epochs, [row["validation_cross_entropy"] for row in history], color=_VALIDATION, label="validation")
    entropies.set(xlabel="epoch", ylabel="cross-entropy (nats per token)")
    perplexities.plot(epochs, [row["validation_perplexity"] for row in history], color=_VALIDATION, label="validation")
    perplexities.plot(best["epoch"], best["validation_perplexity"], "o", color=_VALIDATION)
    perplexities.annotate(
        f"{best['validation_perplexity']:.1f} at epoch {best['epoch']}",
        (best["epoch"], best["validation_perplexity"]),
        textcoords="offset points",
        xytext=(0, 44),
        ha="right",
        arrowprops={"arrowstyle": "-", "color": _VALIDATION, "alpha": 0.5},
    )
    perplexities.set(xlabel="epoch", ylabel="perplexity", yscale="log")
    perplexities.yaxis.set_major_formatter("{x:.0f}")
    perplexities.yaxis.set_minor_formatter("{x:.0f}")
    for axes in (entropies, perplexities):
        axes.grid(alpha=0.25, which="both")
        axes.legend(frameon=False)
        axes.spines[["top", "right"]].set_visible(False)
        axes.xaxis.get_major_locator().set_params(integer=True)
    image = io.BytesIO()
    figure.savefig(image, format="png", dpi=130)
    write_whole(path, image.getvalue())


def perplexity(cross_entropy: float) -> float:
    """e to the `cross_entropy` (nats per token); infinite where floats end, at e^709."""
    return math.exp(cross_entropy) if cross_entropy < 709 else math.inf
