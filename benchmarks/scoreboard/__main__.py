"""`python -m benchmarks.scoreboard`: poems of every system, their figures, docs/scoreboard.md and docs/poems."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import poetcore.generation
from benchmarks.scoreboard.systems import Order, System, free_orders, many_orders, titled_orders, written
from benchmarks.scoreboard.table import document, poems_page
from bot.orders import TEMPERATURE
from bot.worker.examining import digest_of_sources
from poetcore.corpus import PreparedCorpus
from poetcore.errors import PoetcoreError
from poetcore.evaluation.scoreboard.board import NEURAL_TESTED, Means, figures_of
from poetcore.evaluation.scoreboard.reference import held_out
from poetcore.evaluation.scoreboard.verses import Verse, by_form
from poetcore.files import write_whole
from poetcore.generation import Poet
from poetcore.generation.poet import PRETRAINED
from poetcore.package import write_metrics
from poetcore.progress import console
from poetcore.prosody import FORMS

_DOCS: Final = Path(__file__).resolve().parents[2] / "docs"
_SHOWN: Final = 100
_ON_CARD: Final = (
    *("poems", "format_ok", "tone_ok", "rhyme_ok", "all_three", "lines", "copied_lines"),
    *("ngram_auc", "neural_auc", "title_relevance", "judge_bits_per_hanzi", "judge"),
)
_OF_TITLES: Final = (
    *("title_relevance", "title_relevance_of_real", "titled_poems"),
    *("self_bleu_within_titles", "self_bleu_across_titles"),
)


@dataclass(frozen=True)
class _Work:
    """What all columns share."""

    corpus: PreparedCorpus
    judge: Poet | None
    folder: Path
    count: int
    learned: int

    def means(self, system: System, neural: bool) -> Means:
        return Means(self.corpus, system.collections, judge=self.judge, cache=self.folder / "learned", neural=neural)


def main(words: Sequence[str] | None = None) -> int:
    """Compose, measure and write; returns the exit status."""
    asked = _parser().parse_args(words)
    try:
        _run(asked)
    except PoetcoreError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_status
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scoreboard", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="prepared corpus of Tang and Song")
    parser.add_argument("--poet", type=Path, help="our poet; the shipped one if not given")
    parser.add_argument("--seed-poet", type=Path, help="a poet of preset seed; its column is left out if not given")
    parser.add_argument("--judge", type=Path, help="a poet trained apart, for bits per hanzi")
    parser.add_argument("--work", type=Path, required=True, help="folder for poems and figures; goes on with one begun")
    parser.add_argument("--out", type=Path, default=_DOCS, help="folder for scoreboard.md and poems; docs if not given")
    parser.add_argument("--poems", type=int, default=1_000, help="poems a form")
    parser.add_argument("--card", action="store_true", help="write our figures into our poet's card too")
    parser.add_argument("--no-unmasked", action="store_true", help="leave out the model without constraints and choice")
    parser.add_argument(
        "--learned", type=int, default=20_000, help="poems a side that the neural reader learns from; 0 leaves it out"
    )
    return parser


def _run(asked: argparse.Namespace) -> None:
    judge = None if asked.judge is None else Poet.load(asked.judge, exact=True)
    work = _Work(PreparedCorpus.load(asked.data), judge, asked.work, asked.poems, asked.learned)
    systems = [
        System("ours", asked.poet, plain=False),
        System(f"ours at {TEMPERATURE}", asked.poet, plain=False, temperature=TEMPERATURE, read=False),
    ]
    if not asked.no_unmasked:
        systems.append(System("unmasked", asked.poet, plain=True))
    if asked.seed_poet is not None:
        systems.append(System("seed", asked.seed_poet, plain=True, collections=("tang",)))
    columns = {"real": _real_column(work)}
    for system in systems:
        columns[system.name] = _column(work, system)
    write_whole(asked.out / "scoreboard.json", json.dumps(columns, ensure_ascii=False, indent=2) + "\n")
    write_whole(asked.out / "scoreboard.md", document(columns, f"{datetime.now(UTC):%Y-%m-%d}"))
    _write_poems(work, systems[0], asked.out / "poems")
    if asked.card:
        told = {f"scoreboard_{name}": columns["ours"][name] for name in _ON_CARD if columns["ours"][name] is not None}
        shown = {name: round(value, 4) if isinstance(value, float) else value for name, value in told.items()}
        write_metrics(asked.poet or PRETRAINED, shown)
    console.print(f"wrote {asked.out / 'scoreboard.md'} and {asked.out / 'poems'}", soft_wrap=True)


def _real_column(work: _Work) -> dict[str, Any]:
    """Held-out poems themselves; the two-sample tests compare them with other held-out ones."""
    chosen = [verse for verses in by_form(held_out(work.corpus)).values() for verse in verses[: work.count]]
    means = Means(work.corpus, judge=work.judge, cache=work.folder / "learned", neural=False, from_corpus=True)
    figures = _kept(work, "real", chosen, means)
    reason = "real poems are what the reader learns to know"
    return figures | {"reasons": figures["reasons"] | dict.fromkeys(("neural_auc", "neural_auc_error"), reason)}


def _column(work: _Work, system: System) -> dict[str, Any]:
    poet = Poet.load(system.poet)
    real = held_out(work.corpus, system.collections)
    free = _poems(work, system, poet, "free", free_orders(work.count))
    figures = _kept(work, system.name, free, work.means(system, neural=False))
    titles = _poems(work, system, poet, "titled", titled_orders(real, work.count))
    titled = _kept(work, system.name, titles, work.means(system, neural=False))
    neural = titled
    if work.learned and system.read:
        many = _poems(work, system, poet, "many", many_orders(real, work.learned + NEURAL_TESTED, free))
        neural = _kept(work, system.name, many, work.means(system, neural=True))
    taken = {name: titled[name] for name in _OF_TITLES}
    taken |= {name: value for name, value in neural.items() if name.startswith("neural_")}
    reasons = {name: why for source in (figures, titled, neural) for name, why in source["reasons"].items()}
    columns = figures | taken
    return columns | {
        "poet": poet.version,
        "reasons": {key: why for key, why in reasons.items() if columns[key] is None},
    }


def _poems(work: _Work, system: System, poet: Poet, kind: str, orders: Sequence[Order]) -> list[Verse]:
    # Poems of another poet, by another decoder, or another order of poems, are another file.
    decoder = "" if system.plain else digest_of_sources([poetcore.generation])
    key = sha256(f"{poet.version} {poet.card.files} {system.plain} {orders}{decoder}".encode()).hexdigest()[:12]
    path = work.folder / f"{_in_a_word(system.name)}-{kind}-{key}.jsonl"
    return written(path, system, orders, console.print)


def _kept(work: _Work, name: str, verses: Sequence[Verse], means: Means) -> dict[str, Any]:
    """The figures of `verses`, from the work folder if they were measured before."""
    texts = "\n".join(f"{verse.text}\t{verse.title}" for verse in verses)
    judge = None if means.judge is None else means.judge.version
    told = f"{texts} {means.collections} {judge} {means.neural} {means.from_corpus} {work.corpus.fingerprint}"
    path = work.folder / f"{_in_a_word(name)}-{sha256(told.encode()).hexdigest()[:12]}.json"
    if path.is_file():
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found
    console.print(f"{name}: {len(verses):,} poems to measure")
    figures = figures_of(verses, means, console.print)
    write_whole(path, json.dumps(figures, ensure_ascii=False) + "\n")
    return figures


def _in_a_word(name: str) -> str:
    return name.replace(" ", "-")


def _write_poems(work: _Work, system: System, folder: Path) -> None:
    """One hundred poems a form, seeds 1 to 100, as they come."""
    poet = Poet.load(system.poet)
    verses = _poems(work, system, poet, "free", free_orders(_SHOWN))
    for number, (name, form) in enumerate(FORMS.items()):
        page = poems_page(name, verses[number * _SHOWN : (number + 1) * _SHOWN], poet.version)
        write_whole(folder / f"{form.lines}x{form.line_length}.md", page)


if __name__ == "__main__":
    sys.exit(main())
