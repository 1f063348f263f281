"""Promotion, rollback and keeping back by a person: the version is looked at first, then changed in one transaction."""

from functools import partial

from sqlalchemy.orm import Session

from bot.errors import VersionError
from bot.poets.following import smoke_test
from bot.poets.store import ModelStore
from bot.storage import Database
from bot.storage.audit import Action, audited
from bot.storage.versions import Standing, promote, roll_back, standing, turn_down, version_named
from poetcore.errors import PackageError


def promote_checked(database: Database, store: ModelStore, version: str, by: str) -> str:
    """Make a version the champion; a sentence that says what was done.

    Raises `VersionError` if it is not known, `PackageError` if it cannot serve; the champion then stays.
    """
    row = database.transact(partial(version_named, version=version))
    if row is None:
        raise VersionError(f"no version is called {version}; poetbot poets list shows them all")
    smoke_test(store.load(row.version, row.digest))
    work = partial(promote, version=version, by=by)
    if not database.transact(audited(work, by, Action.PROMOTE, version)):
        return f"{version} is the champion already"
    return f"{version} is the champion now"


def roll_back_checked(database: Database, store: ModelStore, by: str) -> str:
    """Make the previous champion the champion; a sentence that says what was done.

    Raises `VersionError` if there is none, `PackageError` if it cannot serve; the champion then stays.
    """
    seen = database.transact(standing)
    return f"{_give_way(database, store, seen, Action.ROLL_BACK, by)} is the champion again"


def keep_back_checked(database: Database, store: ModelStore, version: str, by: str) -> str | None:
    """Let a version not serve: as champion it gives way to the one before, as challenger it waits no longer.

    The version that serves again, None if this one only waited. Raises `VersionError` if it did neither or none can
    take its place, `PackageError` if that one cannot serve; nothing is then changed.
    """
    seen = database.transact(standing)
    if seen.champion is not None and seen.champion.version == version:
        return _give_way(database, store, seen, Action.KEEP_BACK, by)
    work = partial(turn_down, version=version)
    if not database.transact(audited(work, by, Action.KEEP_BACK, version)):
        raise VersionError(f"{version} neither serves nor waits for a word: nothing was changed")
    return None


def _give_way(database: Database, store: ModelStore, seen: Standing, action: Action, by: str) -> str:
    """Let the champion give way to the one before, tried first; the version that serves now."""
    if seen.champion is None or seen.previous is None:
        raise VersionError("there is no version to go back to: no champion has given way yet")
    try:
        smoke_test(store.load(seen.previous.version, seen.previous.digest))
    except PackageError as error:
        raise PackageError(f"{error}; another version: poetbot poets promote VERSION") from error
    subject = seen.champion if action is Action.KEEP_BACK else seen.previous
    work = partial(_roll_back_from, seen=seen, by=by)
    if not database.transact(audited(work, by, action, subject.version)):
        raise VersionError("another champion was named at the same time: look with poetbot poets list, then try again")
    return seen.previous.version


def _roll_back_from(session: Session, seen: Standing, by: str) -> bool:
    """Roll back what was seen, and nothing else: two who press at once do not undo each other."""
    return standing(session, locked=True) == seen and roll_back(session, by) is not None
