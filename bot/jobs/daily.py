"""The daily poems: what is due goes into the ledger, and is written when its turn to be sent comes."""

import hashlib
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from functools import partial
from typing import Final

from bot.composing import Composer
from bot.daily.themes import theme_of
from bot.jobs.ticking import ticking
from bot.orders import TEMPERATURE
from bot.storage import Database, models
from bot.storage.ledger import Prepared, Upcoming
from bot.storage.subscriptions import close_old_days, plan_due
from bot.view.reader import reader_of
from poetcore.generation import ComposeRequest, Poem

_PLAN_EVERY_S: Final = 20.0
_PAGE: Final = 200

# Different poems a day. Which of them a chat gets follows from its id, so that a million chats cost no million poems,
# and a poem that is liked is liked by many.
_POEMS_A_DAY: Final = 48
_KEPT: Final = 3 * _POEMS_A_DAY
_MOST_ATTEMPTS: Final = 4

_log = logging.getLogger(__name__)


@asynccontextmanager
async def daily_poems(database: Database, wake: Callable[[], None]) -> AsyncIterator[None]:
    """While the block runs, take into the ledger what is due, and `wake` whoever sends it."""

    async def plan() -> None:
        if await plan_what_is_due(database, datetime.now(UTC)):
            wake()

    async with ticking(_PLAN_EVERY_S, daily=plan):
        yield


async def plan_what_is_due(database: Database, at: datetime) -> int:
    """Take into the ledger whatever is due at `at`; of how many chats."""
    total = 0
    while (planned := await database.run(partial(plan_due, at=at, page=_PAGE))) > 0:
        total += planned
    await database.run(partial(close_old_days, at=at))
    return total


class Anthology:
    """The poems of each day, written when the first chat needs them."""

    def __init__(self, composer: Composer) -> None:
        self._composer = composer
        self._poems: OrderedDict[tuple[date, int], tuple[ComposeRequest, Poem]] = OrderedDict()

    async def prepare(self, upcoming: Upcoming) -> Prepared:
        """The poem of a delivery, with the row that keeps it."""
        request, poem = await self.poem(upcoming.day, _place(upcoming.chat_id))
        return Prepared(upcoming, _row(upcoming, request, poem))

    async def poem(self, day: date, place: int) -> tuple[ComposeRequest, Poem]:
        """One of a day's poems, with the order that it was written to.

        Raises whatever composing raises, when it fails for one order after the other.
        """
        known = self._poems.get((day, place))
        if known is None:
            known = self._poems[day, place] = await self._written(day, place)
        if len(self._poems) > _KEPT:
            self._poems.popitem(last=False)
        return known

    async def _written(self, day: date, place: int) -> tuple[ComposeRequest, Poem]:
        """Of an order that cannot be done, or whose poem would insult somebody, another one takes the place."""
        for attempt in range(_MOST_ATTEMPTS):
            request = request_for(day, place, attempt)
            try:
                return request, await self._composer.compose(request)
            except Exception as error:
                _log.warning("the daily poem of seed %d: %s", request.seed, type(error).__name__)
                if attempt == _MOST_ATTEMPTS - 1:
                    raise
        raise AssertionError("unreachable")


def request_for(day: date, place: int, attempt: int = 0) -> ComposeRequest:
    """The order for one poem of a day's anthology: the same in every process, and after a restart."""
    again = f"/{attempt}" if attempt else ""
    digest = hashlib.sha256(f"{day.isoformat()}/{place}{again}".encode()).digest()
    return ComposeRequest(title=theme_of(day), seed=int.from_bytes(digest[:4]) >> 1, temperature=TEMPERATURE)


def _place(chat_id: int) -> int:
    return int.from_bytes(hashlib.sha256(str(chat_id).encode()).digest()[:4]) % _POEMS_A_DAY


def _row(upcoming: Upcoming, request: ComposeRequest, poem: Poem) -> models.Poem:
    return models.Poem(
        user_id=upcoming.user_id,
        chat_id=upcoming.chat_id,
        asked_title=request.title,
        script=reader_of(upcoming.user_id, upcoming.preference).script,
        best_of=request.best_of,
        temperature=request.temperature,
        seed=request.seed,
        poet=poem.poet,
        text=poem.traditional,
        form=poem.form,
        score=poem.score,
    )
