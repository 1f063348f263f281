"""What the bot is working on, known to every line that is logged meanwhile: the update and the poem."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

_UPDATE: Final = ContextVar[int | None]("update", default=None)
_POEM: Final = ContextVar[int | None]("poem", default=None)


@contextmanager
def on_update(update_id: int | None) -> Iterator[None]:
    """While the block runs, its lines carry the id of this update, and of the poem that it is about once that is known.

    What the block starts in tasks of its own carries them too.
    """
    update, poem = _UPDATE.set(update_id), _POEM.set(None)
    try:
        yield
    finally:
        _UPDATE.reset(update)
        _POEM.reset(poem)


def on_poem(poem_id: int) -> None:
    """From here on the lines carry the id of this poem, until the work on the update ends."""
    _POEM.set(poem_id)


def subject() -> dict[str, int]:
    """What is being worked on: `update` and `poem`, as far as there are any."""
    known = {"update": _UPDATE.get(), "poem": _POEM.get()}
    return {name: value for name, value in known.items() if value is not None}
