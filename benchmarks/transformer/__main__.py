"""`python -m benchmarks.transformer --data DIR --out DIR --minutes M --preset base`: train it, measure it, say so.

Prints one JSON object and writes it to OUT/result.json.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import torch

from benchmarks.corpora import plan_course
from benchmarks.machine import this_machine
from benchmarks.ours import Hardware, parameter_count
from benchmarks.timing import minutes, updates
from benchmarks.transformer.model import CausalTransformer, shape_for
from benchmarks.transformer.scoring import measure_transformer
from benchmarks.transformer.training import Share, Trained, by_clock, by_updates, endless_batches, train_transformer
from poetcore.corpus import VALIDATION, PreparedCorpus
from poetcore.errors import PoetcoreError
from poetcore.files import write_whole
from poetcore.progress import console
from poetcore.training.presets import TrainingSettings, settings_for

_SAY_EVERY_S: Final = 60.0


def main(words: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.transformer", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder made by poet prepare")
    parser.add_argument("--out", type=Path, required=True, help="folder for result.json")
    budget = parser.add_mutually_exclusive_group(required=True)
    budget.add_argument("--minutes", type=minutes)
    budget.add_argument("--updates", type=updates)
    parser.add_argument("--preset", default="base", help="whose size, data, optimiser and schedule it has")
    parser.add_argument("--set", dest="assignments", action="append", default=[], metavar="key=value")
    asked = parser.parse_args(words)
    try:
        settings = settings_for(asked.preset, asked.assignments)
        done = by_clock(60 * asked.minutes) if asked.updates is None else by_updates(asked.updates)
        result = run(PreparedCorpus.load(asked.data), settings, done)
        write_whole(asked.out / "result.json", json.dumps(result, ensure_ascii=False, indent=2) + "\n")
    except PoetcoreError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_status
    print(json.dumps(result, ensure_ascii=False))
    return 0


def run(corpus: PreparedCorpus, settings: TrainingSettings, done: Share) -> dict[str, Any]:
    """Train a Transformer of the preset's size until all is `done` and measure it on Tang's validation poems."""
    device = Hardware.chosen(settings).device
    machine = this_machine()
    course = plan_course(corpus, settings, updates=1)
    lstm = parameter_count(course)
    shape = shape_for(lstm, course.vocabulary_size, settings.sequence_length - 1)
    torch.set_flush_denormal(True)
    torch.manual_seed(settings.seed)
    model = CausalTransformer(shape, settings.dropout).to(device)
    trained = train_transformer(model, endless_batches(course), settings, done, _saying_now_and_then())
    poems = corpus.select(VALIDATION, ("tang",)).tolist()
    measure = measure_transformer(model, corpus.vocabulary(settings.vocabulary_size), corpus, poems)
    return {
        "bits_per_hanzi": measure.bits_per_hanzi,
        "perplexity": measure.perplexity,
        "poems": measure.poems,
        "parameters": shape.parameters,
        "lstm_parameters": lstm,
        "width": shape.width,
        "layers": shape.layers,
        "feed_forward": shape.feed_forward,
        "heads": shape.heads,
        "updates": trained.updates,
        "tokens": trained.tokens,
        "seconds": trained.seconds,
        "tokens_per_s": trained.tokens / trained.seconds,
        "settings": settings.as_dict(),
        "machine": machine.as_dict(),
    }


def _saying_now_and_then() -> Callable[[Trained], None]:
    said = time.monotonic()

    def observe(state: Trained) -> None:
        nonlocal said
        if time.monotonic() - said >= _SAY_EVERY_S:
            said = time.monotonic()
            console.print(
                f"update {state.updates:,}  loss {state.loss:.3f}  {state.tokens / state.seconds:,.0f} tokens/s"
            )

    return observe


if __name__ == "__main__":
    sys.exit(main())
