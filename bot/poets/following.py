"""The hot swap: a running bot notices a new champion, tries it beside the old one, and lets it take over."""

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from bot.composing import Composer
from bot.poets.store import ModelStore
from bot.storage import Database
from bot.storage.versions import Alias, Served, called, claim_refusal
from poetcore.errors import PackageError, PoetcoreError
from poetcore.generation import ComposeRequest, Poet
from poetcore.prosody import FORMS

# A shared folder may show a package later than the database its row; a torn one may be copied again.
_FIRST_WAIT_S: Final = 10.0
_LONGEST_WAIT_S: Final = 600.0

_log = logging.getLogger(__name__)

Warn = Callable[[str, str], Awaitable[None]]


@dataclass
class _Refusal:
    """A champion that could not be loaded, and when to try it again."""

    served: Served
    wait_s: float
    again_at: float


@dataclass
class Follower:
    """Keeps the composer's poet the champion."""

    database: Database
    store: ModelStore
    composer: Composer
    warn: Warn
    """Told of each champion that cannot serve, its version and why: once by all bots together."""
    clock: Callable[[], float] = time.monotonic
    _refusal: _Refusal | None = field(default=None)

    async def look(self) -> bool:
        """Swap if there is a new champion that can serve; whether it was done."""
        served = await self.database.run(partial(called, alias=Alias.CHAMPION))
        if served is None or served.version == self.composer.version:
            self._refusal = None
            return False
        if self._refusal and self._refusal.served == served and self.clock() < self._refusal.again_at:
            return False
        try:
            poet = await asyncio.to_thread(_tried, self.store, served)
        except PackageError as error:
            await self._refuse(served, str(error))
            return False
        before = self.composer.version
        self.composer.swap(poet)
        self._refusal = None
        _log.info("poet %s serves now, in place of %s", served.version, before)
        return True

    async def _refuse(self, served: Served, reason: str) -> None:
        known = self._refusal if self._refusal and self._refusal.served == served else None
        wait = min(_LONGEST_WAIT_S, known.wait_s * 2 if known else _FIRST_WAIT_S)
        is_news = known is None and await self.database.run(partial(claim_refusal, served=served))
        self._refusal = _Refusal(served, wait, self.clock() + wait)
        if known is None:
            _log.error("poet %s cannot serve, %s goes on: %s", served.version, self.composer.version, reason)
        if is_news:
            await self.warn(served.version, reason)


def smoke_test(poet: Poet) -> None:
    """Compose a poem in each form and look at it; raises `PackageError` if that fails."""
    for form in FORMS.values():
        try:
            poem = poet.compose(ComposeRequest(form=form, seed=1, best_of=2))
        # A package that is whole can still hold weights that make nonsense of any size.
        except (PoetcoreError, ArithmeticError, ValueError, LookupError) as error:
            raise PackageError(f"poet {poet.version} cannot compose {form.name} ({error})") from error
        if poem.form != form.name or not math.isfinite(poem.score):
            raise PackageError(f"poet {poet.version} was asked for {form.name} and wrote {poem.text!r}")


def _tried(store: ModelStore, served: Served) -> Poet:
    poet = store.load(served.version, served.digest)
    smoke_test(poet)
    return poet
