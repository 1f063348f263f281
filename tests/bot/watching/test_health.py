"""Readiness: what is believed of updates coming in, and for how long."""

from collections.abc import Callable
from pathlib import Path

from bot.composing import Composer
from bot.storage import Database
from bot.watching.health import Health
from poetcore.generation import Poet


async def test_a_bot_that_fetches_is_ready_as_long_as_it_heard_something_lately(
    database: Database, make_poet: Callable[..., Path]
) -> None:
    clock = [1000.0]
    composer = Composer(Poet.load(make_poet("founder")))
    health = Health(database, composer, lambda: clock[0])
    assert not health.receiving
    health.receives(90)
    clock[0] += 89
    assert await health.report() == {"ready": True, "database": True, "poet": "founder", "receiving": True}
    clock[0] += 2
    assert await health.report() == {"ready": False, "database": True, "poet": "founder", "receiving": False}
    health.receives()
    clock[0] += 1e9
    assert (await health.report())["receiving"]
    health.stops()
    assert not (await health.report())["receiving"]
    composer.close()
