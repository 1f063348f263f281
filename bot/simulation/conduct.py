"""The simulation, read top-down: the first poet's poems, readers, then for each arm rounds of serve, rate, fine-tune.

plan.json          what it was begun with
before/            the first poet's poems and figures
ARM/round-N/       poems served, ratings, the fine-tune and the figures of the poet that came of it
simulation.json    all figures
simulation.md      the last of them as a table
simulation.png     the picture
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from bot.errors import BotError
from bot.simulation.chart import draw
from bot.simulation.plan import ARMS, CONTROL, MAIN, Arm, Scale
from bot.simulation.serving import poems_by
from bot.simulation.table import table
from poetcore.corpus import VALIDATION, PreparedCorpus, evenly_spread
from poetcore.evaluation.bits import measure
from poetcore.evaluation.readers.readers import VANDALS, Kind, Reader, drawn_readers, liked_share
from poetcore.evaluation.readers.realism import Realism
from poetcore.evaluation.readers.tastes import NAMES, Tastes
from poetcore.evaluation.scoreboard.metre import metre_figures
from poetcore.evaluation.scoreboard.variety import distinct_figures
from poetcore.evaluation.scoreboard.verses import Verse
from poetcore.files import write_whole
from poetcore.generation import Poet
from poetcore.package import read_card
from poetcore.prosody import FORMS
from poetcore.prosody.text import is_hanzi
from poetcore.training.preference.finetune import finetune
from poetcore.training.preference.progress import FinetuneProgress

Array = npt.NDArray[np.float64]

# Poems by different seeds: nobody judges what anybody has rated.
_SEEDS: Final = {"calibration": 10_000_000, "judged": 20_000_000, "served": 30_000_000}
_COMMON: Final = 100


@dataclass(frozen=True)
class _World:
    """What does not change from arm to arm."""

    poet: Path
    data: Path
    out: Path
    scale: Scale
    tastes: Tastes
    readers: tuple[Reader, ...]
    others: tuple[Reader, ...]
    held_out: tuple[str, ...]
    tell: Callable[[str], None]


def simulate(
    poet: Path, data: Path, out: Path, scale: Scale, tell: Callable[[str], None], arms: Sequence[Arm] = ARMS
) -> dict[str, Any]:
    """Run the simulation in the folder `out`, or go on where it was; the figures, as simulation.json has them.

    `tell` hears a line now and then. Raises `PoetcoreError` for an unfit poet, corpus or folder.
    """
    _begin(out, poet, data, scale)
    world = _world(poet, data, out, scale, tell)
    before = _figures(world, poet, out / "before")
    rounds = {arm.name: _run(world, arm) for arm in arms}
    figures = {
        "rounds": rounds.get(MAIN, []),
        "control": {"rounds": rounds.get(CONTROL, [])},
        "before": before,
        "arms": rounds,
        "poet": read_card(poet).version,
        "scale": scale.as_dict(),
    }
    write_whole(out / "simulation.json", json.dumps(figures, indent=1) + "\n")
    write_whole(out / "simulation.md", table(before, rounds))
    draw(before, rounds, out / "simulation.png")
    return figures


def _begin(out: Path, poet: Path, data: Path, scale: Scale) -> None:
    plan = {"scale": scale.as_dict(), "poet": read_card(poet).version, "data": PreparedCorpus.load(data).fingerprint}
    path, content = out / "plan.json", json.dumps(plan, indent=1) + "\n"
    if not path.exists():
        write_whole(path, content)
    elif path.read_text(encoding="utf-8") != content:
        raise BotError(f"{out} holds a simulation begun with another poet, data or scale: give --out another folder")


def _world(poet: Path, data: Path, out: Path, scale: Scale, tell: Callable[[str], None]) -> _World:
    corpus = PreparedCorpus.load(data)
    seeds = range(_SEEDS["calibration"], _SEEDS["calibration"] + scale.compared)
    generated = poems_by(poet, seeds, scale.best_of, out / "before" / "calibration.jsonl", tell)
    real = _real(corpus, scale)
    common = frozenset([char for char in corpus.characters if is_hanzi(char)][:_COMMON])
    # The classifier does not judge the poems that it learned from: thresholds come from the other half.
    half = len(generated) // 2
    tastes = Tastes.of(common, Realism.fitted(real[:half], generated[:half]), generated[half:])
    first = tastes.scores(generated[half:])
    random = np.random.default_rng(scale.seed)
    return _World(
        poet=poet,
        data=data,
        out=out,
        scale=scale,
        tastes=tastes,
        readers=tuple(drawn_readers(scale.readers, first, random, VANDALS)),
        others=tuple(drawn_readers(scale.others, first, random)),
        held_out=tuple(_spread(corpus, scale.held_out)),
        tell=tell,
    )


def _real(corpus: PreparedCorpus, scale: Scale) -> list[str]:
    """Real poems of the forms that are served, from the validation split, evenly spread."""
    forms = list(FORMS.values())[:2]
    poems = [corpus.text(int(poem)) for poem in corpus.select(VALIDATION)]
    fitting = [text for text in poems if any(form.fits(text) for form in forms)]
    return [fitting[number * len(fitting) // scale.compared] for number in range(scale.compared)] if fitting else poems


def _spread(corpus: PreparedCorpus, count: int) -> list[str]:
    poems = corpus.select(VALIDATION)
    return [corpus.text(int(poem)) for poem in poems[evenly_spread(len(poems), count)]]


def _run(world: _World, arm: Arm) -> list[dict[str, Any]]:
    """The figures after each round of an arm."""
    poet, rounds = world.poet, []
    ratings: list[dict[str, Any]] = []
    for number in range(1, world.scale.rounds + 1):
        folder = world.out / arm.name / f"round-{number}"
        world.tell(f"{arm.name}, round {number}")
        ratings += _rated(world, arm, poet, number, folder)
        file = folder / "ratings.jsonl"
        lines = "".join(json.dumps(rating, ensure_ascii=False) + "\n" for rating in ratings)
        if not file.exists():
            write_whole(file, lines)
        settings, version = world.scale.settings(arm), f"{arm.name}-{number}"
        tuned = finetune(settings, poet, file, world.data, folder / "tune", _Telling(world.tell), version)
        poet = tuned.package
        rounds.append(_figures(world, poet, folder))
    return rounds


def _rated(world: _World, arm: Arm, poet: Path, number: int, folder: Path) -> list[dict[str, Any]]:
    """The ratings of a round: each poem goes to one reader, all in turn."""
    scale = world.scale
    begin = _SEEDS["served"] + number * scale.served
    texts = poems_by(poet, range(begin, begin + scale.served), scale.best_of, folder / "served.jsonl", world.tell)
    scores = world.tastes.scores(texts)
    random = np.random.default_rng((scale.seed, number))
    version = read_card(poet).version
    ratings = []
    for turn, reader in enumerate(world.readers):
        mine = range(turn, len(texts), len(world.readers))
        pressed = reader.presses(scores[turn :: len(world.readers)], random)
        if reader.kind is not Kind.HONEST and not arm.vandals:
            continue
        ratings += [
            _line(texts[place], liked, reader, version, number) for place, liked in zip(mine, pressed, strict=True)
        ]
    if arm.shuffled:
        dealt = random.permutation([rating["rating"] for rating in ratings]).tolist()
        ratings = [rating | {"rating": value} for rating, value in zip(ratings, dealt, strict=True)]
    return ratings


def _line(text: str, liked: bool, reader: Reader, version: str, number: int) -> dict[str, Any]:
    """A line of ratings.jsonl; a round is a day."""
    return {
        "text": text,
        "form": None,
        "title": None,
        "prefix": None,
        "rating": 1 if liked else -1,
        "rater": reader.name,
        "poet": version,
        "at": f"2026-01-{number:02}T12:00:00+00:00",
    }


def _figures(world: _World, poet: Path, folder: Path) -> dict[str, Any]:
    """What a poet is worth to the readers who did not take part, and what it has lost."""
    path = folder / "figures.json"
    if path.exists():
        figures: dict[str, Any] = json.loads(path.read_bytes())
        return figures
    scale = world.scale
    seeds = range(_SEEDS["judged"], _SEEDS["judged"] + scale.judged)
    texts = poems_by(poet, seeds, scale.best_of, folder / "judged.jsonl", world.tell)
    scores = world.tastes.scores(texts)
    verses = [Verse.of(text) for text in texts]
    loaded = Poet.load(poet)
    metre = metre_figures(verses)
    figures = {
        "liked_share": liked_share(world.others, scores),
        "bits_per_hanzi": measure(loaded.engine, loaded.vocabulary, world.held_out).bits_per_hanzi,
        "distinct_2": distinct_figures(verses)["distinct_2"],
        **{key: metre[key] for key in ("format_ok", "rhyme_ok", "tone_ok", "all_three")},
        "tastes": dict(zip(NAMES, scores.mean(axis=0).tolist(), strict=True)),
    }
    write_whole(path, json.dumps(figures, indent=1) + "\n")
    return figures


class _Telling:
    """Tells of a fine-tune every twenty updates; a `FinetuneObserver`."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell

    def began(self, resumed_at: int, updates: int, hardware: str, selection: str) -> None:
        """As `FinetuneObserver.began`."""
        self._tell(f"{selection}; {hardware}, update {resumed_at} of {updates}")

    def updated(self, progress: FinetuneProgress) -> None:
        """As `FinetuneObserver.updated`."""
        if progress.update % 20 == 0:
            self._tell(
                f"update {progress.update} of {progress.updates}, liked over disliked {progress.margin:+.3f}, "
                f"corpus {progress.replay_loss:.3f}, {progress.eta_s:.0f} s left"
            )
