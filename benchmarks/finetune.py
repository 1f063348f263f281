"""How long the poet that ships takes to learn from a thousand ratings: `poet bench finetune`."""

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.machine import this_machine
from benchmarks.report import Figure, Goal, Report
from poetcore.generation import ComposeRequest
from poetcore.generation.many import composed
from poetcore.generation.poet import PRETRAINED
from poetcore.training.preference.finetune import finetune
from poetcore.training.preference.progress import FinetuneProgress
from poetcore.training.preference.settings import finetune_settings

Say = Callable[[str], None]

_RATERS: Final = 50


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    ratings: int = 1_000
    assignments: tuple[str, ...] = ()
    """As `poet finetune --set` takes them."""


QUICK: Final = Plan(ratings=60, assignments=("updates=2", "validation_poems=10"))


def bench_finetune(poet: Path | None, data: Path, plan: Plan, say: Say = lambda _: None) -> Report:
    """Fine-tune `poet`, the shipped one if None, on ratings of poems of its own; raises as `finetune` does."""
    settings, folder = finetune_settings(plan.assignments), poet or PRETRAINED
    with tempfile.TemporaryDirectory(prefix="yuexia-bench-") as room:
        ratings = Path(room) / "ratings.jsonl"
        say(f"{plan.ratings:,} poems to rate")
        ratings.write_text("".join(_ratings(folder, plan.ratings)), encoding="utf-8")
        done = finetune(settings, folder, ratings, data, Path(room) / "run", _Saying(say))
    seconds, updates = float(done.report["seconds"]), int(done.report["updates"])
    return Report(
        title="Learning from readers",
        command="poet bench finetune --data DIR" + (" --quick" if plan == QUICK else ""),
        machine=this_machine(),
        notes=(
            f"Poet: {done.parent}. {plan.ratings:,} ratings of as many poems by {_RATERS} readers, half of them 👍; "
            f"{updates} updates of {settings.rated_poems} rated poems and {settings.replayed_poems} of the corpus.",
            "Training alone: reading the corpus, measuring and writing the package are not in it.",
        ),
        figures=_figures(seconds, updates, None if plan == QUICK else Goal(600, at_least=False)),
    )


def _figures(seconds: float, updates: int, goal: Goal | None) -> tuple[Figure, ...]:
    return (
        Figure.absolute("finetune_s", "a fine-tune: s", [seconds], goal),
        Figure.absolute("finetune_update_ms", "an update of it: ms", [1e3 * seconds / updates]),
    )


def _ratings(poet: Path, count: int) -> list[str]:
    """Lines as `poetbot export-ratings` prints them. Whoever likes what does not matter for the time it takes."""
    poems = composed(poet, [ComposeRequest(seed=seed, best_of=1) for seed in range(count)])
    return [
        json.dumps(
            {
                "text": poem.traditional,
                "rating": 1 if number % 2 else -1,
                # Every reader presses both buttons.
                "rater": f"reader-{number // 2 % _RATERS}",
                "poet": poem.poet,
                "at": "2026-01-01T12:00:00+00:00",
            },
            ensure_ascii=False,
        )
        + "\n"
        for number, poem in enumerate(poems)
    ]


class _Saying:
    """Says how it goes every twenty updates; a `FinetuneObserver`."""

    def __init__(self, say: Say) -> None:
        self._say = say

    def began(self, resumed_at: int, updates: int, hardware: str, selection: str) -> None:
        """As `FinetuneObserver.began`."""
        self._say(f"{selection}; {hardware}, {updates - resumed_at} updates")

    def updated(self, progress: FinetuneProgress) -> None:
        """As `FinetuneObserver.updated`."""
        if progress.update % 20 == 0:
            self._say(f"update {progress.update} of {progress.updates}, {progress.eta_s:.0f} s left")
