"""The systems that are compared, and their poems: kept as they are written, so that a run that was cut off goes on."""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from poetcore.errors import InputError
from poetcore.evaluation.jsonl import parse_poems
from poetcore.evaluation.scoreboard.verses import Verse, by_form, verses_of
from poetcore.generation import ComposeRequest
from poetcore.generation.many import composed
from poetcore.generation.poem import Poem
from poetcore.prosody import FORMS

PER_TITLE = 4
"""Poems of one title: what self-BLEU within titles compares."""

_APART = 10_000_000
_MOST_TRIES = 5
"""Poems written for one that has a form."""


@dataclass(frozen=True)
class System:
    """A column of the table."""

    name: str
    poet: Path | None
    """None: the shipped one."""
    plain: bool
    """One candidate, no constraints: what the model says by itself."""
    collections: tuple[str, ...] | None = None
    """What real poems it is compared with; None: all."""
    temperature: float = 1.0
    read: bool = True
    """Whether the neural reader looks at it, which takes many poems."""


@dataclass(frozen=True)
class Order:
    """One poem to be written."""

    form: str
    seed: int
    title: str | None = None


def free_orders(count: int) -> list[Order]:
    """`count` poems a form, seeds 1 to `count`, about anything."""
    return [Order(form, seed) for form in FORMS for seed in range(1, count + 1)]


def titled_orders(real: Sequence[Verse], count: int) -> list[Order]:
    """`count` poems a form with titles of real poems of the form, `PER_TITLE` poems a title."""
    orders = []
    for form, verses in by_form(real).items():
        titles = list(dict.fromkeys(verse.title for verse in verses if verse.title))[: count // PER_TITLE]
        orders += [Order(form, seed, title) for title in titles for seed in range(1, PER_TITLE + 1)]
    return orders


def many_orders(real: Sequence[Verse], count: int, free: Sequence[Verse]) -> list[Order]:
    """About as many poems as `count` of a form take, the forms as frequent as among `real`.

    `free`: poems of the same system, that tell how many of its poems have a form at all.
    """
    with_form = sum(map(len, by_form(free).values()))
    count = round(count * min(_MOST_TRIES, len(free) / max(1, with_form)))
    groups = by_form(real)
    shares = {form: round(count * len(verses) / sum(map(len, groups.values()))) for form, verses in groups.items()}
    # Seeds of their own: none of these poems stands in another file.
    return [Order(form, 1_000_000 + number) for form, share in shares.items() for number in range(share)]


def written(path: Path, system: System, orders: Sequence[Order], say: Callable[[str], None]) -> list[Verse]:
    """The poems of `orders`, from `path` as far as they stand there; the rest is composed and added to it."""
    done = _whole_lines(path)
    if done < len(orders):
        say(f"{path.name}: {len(orders) - done:,} poems to write")
        poems = composed(system.poet, [_request(system, order) for order in orders[done:]])
        _append(path, map(_line, orders[done:], poems))
    verses = verses_of(parse_poems(path.read_bytes(), str(path)))
    if len(verses) < len(orders):
        raise InputError(f"{path} has {len(verses)} poems, {len(orders)} were written; delete it and run again")
    return verses[: len(orders)]


def _request(system: System, order: Order) -> ComposeRequest:
    form = FORMS[order.form]
    if system.plain:
        # Without constraints the form does not count: the same seed in another form would be the same poem.
        seed = order.seed + _APART * list(FORMS).index(order.form)
        return ComposeRequest(form=form, seed=seed, title=order.title, constrained=False, best_of=1)
    return ComposeRequest(form=form, seed=order.seed, title=order.title, temperature=system.temperature)


def _line(order: Order, poem: Poem) -> str:
    return json.dumps({"text": poem.traditional, "title": order.title, "seed": order.seed}, ensure_ascii=False) + "\n"


def _append(path: Path, lines: Iterator[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        for line in lines:
            file.write(line.encode())
            file.flush()


def _whole_lines(path: Path) -> int:
    """The lines of `path` that are whole; half a line at its end is cut off."""
    if not path.exists():
        return 0
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        os.truncate(path, whole)
    return content[:whole].count(b"\n")
