"""Promotion and rollback by a person: the version is looked at first, then changed in one transaction."""

from functools import partial

from sqlalchemy.orm import Session

from bot.errors import VersionError
from bot.poets.following import smoke_test
from bot.poets.store import ModelStore
from bot.storage import Database
from bot.storage.audit import Action, audited
from bot.storage.versions import Alias, Served, called, promote, roll_back, version_named
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
    previous = database.transact(partial(called, alias=Alias.PREVIOUS))
    if previous is None:
        raise VersionError("there is no version to go back to: no champion has given way yet")
    try:
        smoke_test(store.load(previous.version, previous.digest))
    except PackageError as error:
        raise PackageError(f"{error}; another version: poetbot poets promote VERSION") from error
    if not database.transact(partial(_roll_back_to, expected=previous, by=by)):
        raise VersionError("another champion was named at the same time: look with poetbot poets list, then try again")
    return f"{previous.version} is the champion again"


def _roll_back_to(session: Session, expected: Served, by: str) -> bool:
    if called(session, Alias.PREVIOUS) != expected:
        return False
    return audited(partial(roll_back, by=by), by, Action.ROLL_BACK, expected.version)(session) is not None
