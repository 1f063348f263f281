"""`/metrics`: what the process counted, and what its database says, in Prometheus's text format."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.composing import Composer
from bot.context import Services
from bot.http import serving
from bot.settings import Settings
from bot.storage import Database
from bot.watching.figures import Figures, read_figures
from bot.watching.health import Health
from bot.watching.metrics import REGISTRY
from bot.watching.records import CountingHandler

_NOTHING: Final = Figures(broadcasts=(), inbox=0, inbox_lag=0.0, last_daily=None, jobs={}, beats={})

# Prometheus itself gives up after 10 s, and would then call the bot down, not its database.
_PATIENCE_S: Final = 3.0

_log = logging.getLogger(__name__)


class Exposition:
    """One bot's metrics."""

    def __init__(self, database: Database, composer: Composer, health: Health) -> None:
        self._database = database
        self._composer = composer
        self._health = health

    def routes(self) -> list[Route]:
        """`/metrics`."""
        return [Route("/metrics", self._answer)]

    async def text(self) -> bytes:
        """The metrics of this moment. Without its database the bot shows what it counted itself."""
        figures = await self._figures()
        registry = CollectorRegistry()
        registry.register(_Moment((*self._of_this_bot(figures is not None), *_of_figures(figures or _NOTHING))))
        return generate_latest(REGISTRY) + generate_latest(registry)

    async def _figures(self) -> Figures | None:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                return await read_figures(self._database)
        except (SQLAlchemyError, TimeoutError) as error:
            _log.warning("metrics: the database does not answer (%s)", type(error).__name__)
            return None

    async def _answer(self, _: Request) -> Response:
        return Response(await self.text(), media_type=CONTENT_TYPE_LATEST)

    def _of_this_bot(self, database_answers: bool) -> Iterator[Metric]:
        yield _gauge("yuexia_composer_waiting", "Poems that wait for a thread.", self._composer.waiting)
        yield _gauge("yuexia_receiving", "1 while updates come in.", self._health.receiving)
        yield _gauge("yuexia_database_up", "1 if the database answered.", database_answers)
        poet = GaugeMetricFamily("yuexia_poet_info", "1, with the version of the poet that serves.", labels=["version"])
        poet.add_metric([self._composer.version], 1)
        yield poet


@asynccontextmanager
async def exposed(settings: Settings, services: Services) -> AsyncIterator[None]:
    """Serve metrics and health, and count what is logged, until the block ends; nothing without YUEXIA_METRICS_PORT.

    Raises `BotError` when the port is taken.
    """
    if settings.metrics_port is None:
        yield
        return
    exposition = Exposition(services.database, services.composer, services.health)
    app = Starlette(routes=[*exposition.routes(), *services.health.routes()])
    counting, root = CountingHandler(), logging.getLogger()
    root.addHandler(counting)
    try:
        async with serving(app, settings.metrics_host, settings.metrics_port, "YUEXIA_METRICS_PORT"):
            yield
    finally:
        root.removeHandler(counting)


class _Moment(Collector):
    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = tuple(families)

    def collect(self) -> Iterable[Metric]:
        return self._families


def _of_figures(figures: Figures) -> Iterator[Metric]:
    deliveries = GaugeMetricFamily(
        "yuexia_deliveries", "Messages of broadcasts that are at work.", labels=["kind", "broadcast", "state"]
    )
    lag = GaugeMetricFamily(
        "yuexia_delivery_lag_seconds", "How late the message is that waits longest.", labels=["kind", "broadcast"]
    )
    for one in figures.broadcasts:
        for state, count in one.counts.items():
            deliveries.add_metric([one.kind, str(one.id), state], count)
        lag.add_metric([one.kind, str(one.id)], one.lag)
    yield deliveries
    yield lag
    yield _gauge("yuexia_inbox_updates", "Updates that have arrived and are not handled yet.", figures.inbox)
    yield _gauge("yuexia_inbox_lag_seconds", "Since the oldest of them arrived.", figures.inbox_lag)
    daily = GaugeMetricFamily(
        "yuexia_daily_last_success_timestamp_seconds", "When the last daily poem that arrived was due."
    )
    if figures.last_daily is not None:
        daily.add_metric([], figures.last_daily.timestamp())
    yield daily
    jobs = GaugeMetricFamily("yuexia_learning_jobs", "Fine-tunings by state.", labels=["state"])
    for state, count in figures.jobs.items():
        jobs.add_metric([state], count)
    yield jobs
    beats = GaugeMetricFamily(
        "yuexia_worker_last_beat_timestamp_seconds", "When a worker last said that it lives.", labels=["worker"]
    )
    for worker, moment in figures.beats.items():
        beats.add_metric([worker], moment.timestamp())
    yield beats


def _gauge(name: str, words: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, words, value=float(value))
