"""Whether the bot lives, and whether it is ready for its readers: what a service manager or a proxy asks."""

import asyncio
import math
import time
from collections.abc import Callable
from typing import Final

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.composing import Composer
from bot.storage import Database

# How long the database may take to answer the simplest question.
_PATIENCE_S: Final = 2.0


class Health:
    """What is known of the bot's readiness; whoever receives updates says so here."""

    def __init__(self, database: Database, composer: Composer, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._composer = composer
        self._clock = clock
        self._until = -math.inf

    def receives(self, for_s: float = math.inf) -> None:
        """Updates come in; believed for so many seconds."""
        self._until = self._clock() + for_s

    def stops(self) -> None:
        """No more updates are to come: the bot is going."""
        self._until = -math.inf

    @property
    def receiving(self) -> bool:
        """Whether updates come in."""
        return self._clock() < self._until

    async def report(self) -> dict[str, bool | str]:
        """What `/readyz` says; `ready` if all is well."""
        database = await self._database_answers()
        ready = database and self.receiving
        return {"ready": ready, "database": database, "poet": self._composer.version, "receiving": self.receiving}

    def routes(self) -> list[Route]:
        """`/healthz`: the process lives and its event loop turns; `/readyz`: 200 if it is ready, else 503."""
        return [Route("/healthz", _alive), Route("/readyz", self._ready)]

    async def _ready(self, _: Request) -> Response:
        report = await self.report()
        return JSONResponse(report, status_code=200 if report["ready"] else 503)

    async def _database_answers(self) -> bool:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                return await self._database.run(lambda session: session.scalar(select(1))) == 1
        except (SQLAlchemyError, TimeoutError):
            return False


async def _alive(_: Request) -> Response:
    return PlainTextResponse("alive\n")
