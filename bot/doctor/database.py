"""The database, its tables, and the workers that are known there."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect
from sqlalchemy.exc import SQLAlchemyError

from bot.doctor.finding import Finding, ill, skipped, well
from bot.errors import DatabaseError
from bot.jobs.wishes import NO_WORKER
from bot.settings import Settings
from bot.storage import Database
from bot.storage.database import unusable
from bot.storage.learning import heard, shared_now
from bot.storage.models import LearningWorker
from bot.storage.schema import alembic_config
from bot.storage.versions import Alias, Served, called

_MINUTE: Final = timedelta(minutes=1)
_UPGRADE: Final = "poetbot db upgrade (poetbot run does so too)"


@dataclass(frozen=True)
class Tables:
    """How far the database's tables are."""

    revision: str | None
    blank: bool
    newest: str
    known: frozenset[str]


class DatabaseVisit:
    """One look at the database; what of it is asked later is kept: `champion`, `poetless`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.champion: Served | None = None
        """The version that serves, if the database could say so."""
        self.poetless = False
        """Whether the database could say that no version serves."""

    def findings(self) -> Iterator[Finding]:
        """The database, its tables, its worker."""
        url = self._settings.database
        path = Path(url.database or "") if url.get_backend_name() == "sqlite" else None
        if path is not None and not path.exists():
            yield skipped("database", f"{path} is not there yet: the first poetbot run makes it")
            yield from _not_looked_at("there is no database yet")
            return
        try:
            with Database(url) as database:
                tables = _tables(database)
                yield well("database", url.render_as_string())
                yield _migrations(tables)
                if tables.revision != tables.newest:
                    yield skipped("worker", "not looked at: the database has other tables")
                    return
                self.champion = database.transact(lambda session: called(session, Alias.CHAMPION))
                self.poetless = self.champion is None
                yield _worker(database)
        except (DatabaseError, SQLAlchemyError) as error:
            known = error if isinstance(error, DatabaseError) else unusable(url, error)
            yield ill("database", str(known), "start its server, or put YUEXIA_DATABASE_URL right")
            yield from _not_looked_at("the database does not answer")


def _tables(database: Database) -> Tables:
    with database.engine.begin() as connection:
        script = ScriptDirectory.from_config(alembic_config(connection))
        return Tables(
            MigrationContext.configure(connection).get_current_revision(),
            not set(inspect(connection).get_table_names()) - {"alembic_version"},
            script.get_current_head() or "",
            frozenset(known.revision for known in script.walk_revisions()),
        )


def _migrations(tables: Tables) -> Finding:
    if tables.revision == tables.newest:
        return well("migrations", f"at {tables.newest}, the newest")
    if tables.revision is None and tables.blank:
        return skipped("migrations", "the database is blank", _UPGRADE)
    if tables.revision is None:
        return ill("migrations", "the tables are not Yuexia's", "name another database in YUEXIA_DATABASE_URL")
    if tables.revision not in tables.known:
        return ill("migrations", f"at {tables.revision}, which this version does not know", "upgrade Yuexia")
    return ill("migrations", f"at {tables.revision}, not at {tables.newest}", _UPGRADE)


def _worker(database: Database) -> Finding:
    known, at = database.transact(lambda session: (heard(session), shared_now(session)))
    if known.not_lately:
        silent = (f"{_named(one)} was last heard {(at - one.beat_at) // _MINUTE} min ago" for one in known.not_lately)
        return ill("worker", "; ".join(silent), "start it again: poetbot worker; its log says why it ended")
    if not known.lately:
        return skipped("worker", "none runs, so the poet does not learn", NO_WORKER.partition(": ")[2])
    return well("worker", ", ".join(map(_named, known.lately)))


def _named(worker: LearningWorker) -> str:
    return f"{worker.name} on {worker.machine}"


def _not_looked_at(why: str) -> Iterator[Finding]:
    yield skipped("migrations", f"not looked at: {why}")
    yield skipped("worker", f"not looked at: {why}")
