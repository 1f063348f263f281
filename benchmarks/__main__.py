"""`make bench`: every benchmark, one after the other, into docs/benchmarks.md; `--only NAME` measures one anew."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import URL

from benchmarks import compose, finetune, train
from benchmarks.compose import bench_composing
from benchmarks.document import document
from benchmarks.finetune import bench_finetune
from benchmarks.report import Report
from benchmarks.serving import bench_broadcast, bench_database, bench_load, broadcast_plan
from benchmarks.train import bench_training
from bot.bench import database, load
from bot.settings import read_settings
from poetcore.errors import InputError, PoetcoreError
from poetcore.files import write_whole
from poetcore.progress import console

_OUT: Final = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
_NAMES: Final[tuple[str, ...]] = ("train", "finetune", "compose", "load", "broadcast", "database")
"""The sections, in the order of the document."""
_REPORTS: Final = TypeAdapter(dict[str, Report])


def main(words: Sequence[str] | None = None) -> int:
    """Measure and write; returns the exit status."""
    asked = _parser().parse_args(words)
    kept_at = asked.out.with_suffix(".json")
    try:
        sections = _sections(asked)
        reports = _kept(kept_at) if asked.only else {}
        if missing := set(asked.only or ()) - sections.keys():
            raise InputError(f"{', '.join(missing)} needs --data, a prepared corpus")
        for name in asked.only or sections:
            reports[name] = sections[name]()
        # Not those of `sections`: what was measured with a corpus stays when another section is measured without.
        ordered = {name: reports[name] for name in _NAMES if name in reports}
        write_whole(kept_at, _REPORTS.dump_json(ordered, indent=2).decode() + "\n")
        write_whole(asked.out, document(list(ordered.values()), datetime.now(UTC)))
    except PoetcoreError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_status
    console.print(f"wrote {asked.out}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--data", type=Path, help="prepared corpus; an invented one if not given")
    parser.add_argument("--out", type=Path, default=_OUT, help="the document; its figures lie beside it as JSON")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: only to see that it runs")
    parser.add_argument("--only", action="append", choices=_NAMES, help="may be repeated")
    return parser


def _sections(asked: argparse.Namespace) -> Mapping[str, Callable[[], Report]]:
    """Every benchmark that can be done, by name."""
    say, quick = console.print, asked.quick
    readers = load.Plan(chats=50, updates=100, at_once=8) if quick else load.Plan()
    chats = 200 if quick else 100_000
    learning = finetune.QUICK if quick else finetune.Plan()
    presses = database.Plan(presses=200, at_once=8) if quick else database.Plan()
    return {
        "train": lambda: bench_training(asked.data, train.QUICK if quick else train.Plan(), say),
        # An invented corpus has not the poet's characters.
        **({} if asked.data is None else {"finetune": lambda: bench_finetune(None, asked.data, learning, say)}),
        "compose": lambda: bench_composing(None, compose.QUICK if quick else compose.Plan(), say),
        "load": lambda: bench_load(readers, say),
        "broadcast": lambda: bench_broadcast(broadcast_plan(chats, 300), say),
        "database": lambda: bench_database(presses, _server(), say),
    }


def _server() -> URL | None:
    """The PostgreSQL database that YUEXIA_DATABASE_URL names."""
    settings = read_settings()
    return None if settings.database_url is None else settings.database


def _kept(path: Path) -> dict[str, Report]:
    """What was measured before."""
    if not path.is_file():
        return {}
    try:
        return _REPORTS.validate_json(path.read_bytes())
    except ValidationError as error:
        raise InputError(f"{path} holds no figures of benchmarks; delete it and run again") from error


if __name__ == "__main__":
    sys.exit(main())
