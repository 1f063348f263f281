"""`make bench`: every benchmark, one after the other, into docs/benchmarks.md."""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from benchmarks import compose, train
from benchmarks.compose import bench_composing
from benchmarks.document import document
from benchmarks.train import bench_training
from poetcore.errors import PoetcoreError
from poetcore.files import write_whole
from poetcore.progress import console

_OUT: Final = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"


def main(words: Sequence[str] | None = None) -> int:
    """Measure and write; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--data", type=Path, help="prepared corpus; an invented one if not given")
    parser.add_argument("--out", type=Path, default=_OUT)
    parser.add_argument("--quick", action="store_true", help="tiny sizes: only to see that it runs")
    asked = parser.parse_args(words)
    try:
        reports = [
            bench_training(asked.data, train.QUICK if asked.quick else train.Plan(), console.print),
            bench_composing(None, compose.QUICK if asked.quick else compose.Plan(), console.print),
        ]
        write_whole(asked.out, document(reports, datetime.now(UTC)))
    except PoetcoreError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_status
    console.print(f"wrote {asked.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
