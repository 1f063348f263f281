"""`poetbot bench load` and `poetbot bench broadcast` as sections of docs/benchmarks.md."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from sqlalchemy import URL

from benchmarks.machine import this_machine
from benchmarks.report import Figure, Goal, Report
from bot.bench import broadcast, database, load
from bot.localchat import FaultMix

Say = Callable[[str], None]

_NONE: Final = Goal(0, at_least=False)

_LOAD: Final[Mapping[str, tuple[str, Goal | None]]] = {
    "updates_per_s": ("updates/s", Goal(100)),
    "poems_per_s": ("of them poems/s", Goal(10)),
    "lost": ("updates without an answer", _NONE),
    "errors": ("apologies in place of a poem", _NONE),
    "p50_s": ("answer to an update: s, p50", None),
    "p95_s": ("answer to an update: s, p95", None),
    "p99_s": ("answer to an update: s, p99", None),
    "poem_p95_s": ("a poem: s, p95", None),
    "bot_cpu_ms": ("processor time of the bot an update: ms", None),
    "telegram_cpu_ms": ("processor time of the local Telegram an update: ms", None),
}
_BROADCAST: Final[Mapping[str, tuple[str, Goal | None]]] = {
    "sent": ("messages sent", None),
    "doubles": ("chats that got it twice, times", _NONE),
    "lost": ("chats lost, but for the unknown", _NONE),
    "unknown": ("unknown: sent or not, never again", None),
    "timeouts": ("requests left without an answer", None),
    "in_flight_at_kills": ("requests in flight at the kills", None),
    "refused": ("chats that had blocked the bot", None),
    "rate_share": ("share of the limit between faults", Goal(0.95)),
    "memory_growth_mb": ("growth of memory: MB", Goal(50, at_least=False)),
    "interactive_p95_s": ("a reader's /poem meanwhile: s, p95", Goal(1, at_least=False)),
    "seconds": ("the whole broadcast: s", None),
    "bot_cpu_ms": ("processor time of the bot a message: ms", None),
}

_DATABASE: Final[Mapping[str, Mapping[str, tuple[str, Goal | None]]]] = {
    backend: {
        "presses_per_s": (f"{name}: ratings/s", None),
        "p50_s": (f"{name}: until one is kept, s, p50", None),
        "p99_s": (f"{name}: until one is kept, s, p99", None),
    }
    for backend, name in (("sqlite", "SQLite"), ("postgresql", "PostgreSQL"))
}


def bench_load(plan: load.Plan, say: Say = lambda _: None) -> Report:
    """Readers at once, as many as can be; raises `BotError` when the bot does not start."""
    return load_report(plan, asyncio.run(load.measure(plan, say)))


def load_report(plan: load.Plan, found: load.Report) -> Report:
    """What the bench found, as a section."""
    return Report(
        title="Readers at once",
        command="poetbot bench load",
        machine=this_machine(),
        notes=(
            f"{plan.updates:,} updates from {plan.chats:,} chats, {plan.at_once} readers waiting at a time: 12% ask "
            "for a poem, best of 16, 44% rate one, 44% ask for help. Nothing waits for Telegram's limit.",
            "Bot, local Telegram and its readers share this machine's cores.",
        ),
        figures=_figures("load", asdict(found), _LOAD),
    )


def bench_broadcast(plan: broadcast.Plan, say: Say = lambda _: None) -> Report:
    """A broadcast under fire; raises `BotError` when the bot does not start or gets stuck."""
    return broadcast_report(plan, asyncio.run(broadcast.measure(plan, say)))


def broadcast_report(plan: broadcast.Plan, found: broadcast.Report) -> Report:
    """What the bench found, as a section."""
    return Report(
        title="A broadcast under fire",
        command="poetbot bench broadcast",
        machine=this_machine(),
        notes=(
            f"{plan.chats:,} chats, at most {plan.limit:g} messages a second, the bot killed {plan.kills} times; 1% of "
            "the messages meet a 429, 1% of the chats have blocked the bot, 0.5% meet a 500, 0.2% no answer.",
            "What went out is counted by the local Telegram and held against the ledger.",
        ),
        figures=_figures("broadcast", asdict(found), _BROADCAST),
    )


def broadcast_plan(chats: int, limit: float) -> broadcast.Plan:
    """The goals' faults."""
    return broadcast.Plan(chats, limit, mix=FaultMix(0.01, 0.01, 0.005, 0.002, retry_after=min(1.0, 30 / limit)))


def bench_database(plan: database.Plan, postgresql: URL | None, say: Say = lambda _: None) -> Report:
    """SQLite, and PostgreSQL where there is one; raises `DatabaseError` when it cannot be opened."""
    urls = (None, *(() if postgresql is None else (postgresql,)))
    return database_report(plan, [database.measure(plan, url, say) for url in urls])


def database_report(plan: database.Plan, found: Sequence[database.Report]) -> Report:
    """What the bench found, as a section."""
    return Report(
        title="The database alone",
        command="poetbot bench database",
        machine=this_machine(),
        notes=(
            f"{plan.presses:,} ratings, {plan.at_once} readers pressing at a time: the bot's statements and commits, "
            "which survive a power cut, without the bot. The database runs on this machine, and so does who presses.",
        ),
        figures=tuple(
            figure
            for report in found
            for figure in _figures(f"database_{report.backend}", asdict(report), _DATABASE[report.backend])
        ),
    )


def _figures(section: str, found: Mapping[str, Any], rows: Mapping[str, tuple[str, Goal | None]]) -> tuple[Figure, ...]:
    return tuple(
        Figure.absolute(f"{section}_{name}", label, [] if found[name] is None else [float(found[name])], goal)
        for name, (label, goal) in rows.items()
    )
