"""The poet that a bot begins with: the first version is the one that ships, or the one that YUEXIA_POET names."""

import logging
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from sqlalchemy.orm import Session

from bot.errors import BotSettingsError
from bot.poets.following import smoke_test
from bot.poets.store import ModelStore, digest_of
from bot.storage import Database
from bot.storage.models import PoetAlias
from bot.storage.versions import Alias, State, add_version, called, lineage, promote, version_named
from poetcore.errors import PackageError, PoetcoreError, StorageError
from poetcore.generation import Poet
from poetcore.generation.poet import PRETRAINED

# Who else changes the champion is a person: `PoetAlias.changed_by`.
_PROGRAMS: Final = frozenset({"bot", "worker"})

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Founder:
    """The poet that a bot begins with, read and whole."""

    poet: Poet
    folder: Path
    digest: str
    asked_for: bool
    """Whether the operator named it."""


def founder_of(named: Path | None) -> Founder:
    """The poet in `named`, or the one that ships.

    Raises `BotSettingsError` if what was named is no whole package, `PackageError` if the one that ships is none.
    """
    folder = named or PRETRAINED
    try:
        return Founder(Poet.load(folder), folder, digest_of(folder), asked_for=named is not None)
    except PackageError as error:
        if named is None:
            raise
        raise BotSettingsError(
            f"YUEXIA_POET names no whole poet: {error}; give another package, or unset it"
        ) from error


def champion(database: Database, store: ModelStore, founder: Founder) -> Poet:
    """The champion, which has just composed; the founder is registered first.

    A champion that cannot serve is passed over for the one before it, and that one for the founder. Administrators hear
    of it from `bot.poets.following`, which tries the champion again as soon as the bot can speak to them.
    """
    unkept = _unkept(database, store, founder)
    poet = _first_that_serves(database, store, founder)
    version = founder.poet.version
    if unkept and poet is founder.poet:
        _log.error("poet %s serves, but is not kept as a version: %s", version, unkept)
    elif unkept:
        where = founder.folder
        _log.error("poet %s of %s is no version, kept %s serves in its place: %s", version, where, poet.version, unkept)
    return poet


def _unkept(database: Database, store: ModelStore, founder: Founder) -> PoetcoreError | None:
    """Register the founder; why that cannot be, which keeps nobody from serving."""
    try:
        _found(database, store, founder)
    except (StorageError, PackageError) as error:
        return error
    return None


def _first_that_serves(database: Database, store: ModelStore, founder: Founder) -> Poet:
    for alias in (Alias.CHAMPION, Alias.PREVIOUS):
        served = database.transact(partial(called, alias=alias))
        if served is None:
            continue
        try:
            poet = founder.poet if served.digest == founder.digest else store.load(served.version, served.digest)
            # As when it takes over from another: else every poem of a poet that was refused then would fail now.
            smoke_test(poet)
        except PackageError as error:
            _log.error("the %s %s cannot serve: %s", alias.value, served.version, error)
        else:
            return poet
    return founder.poet


def _found(database: Database, store: ModelStore, founder: Founder) -> None:
    """Register the founder; copied only if it is not kept yet, for that takes a second."""
    version, card = founder.poet.version, founder.poet.card
    known = database.transact(partial(version_named, version=version))
    if known is None or known.digest != founder.digest or not store.folder(version).is_dir():
        store.publish(founder.folder)
    row = {
        "version": version,
        "digest": founder.digest,
        "parent": card.parent,
        "job_id": None,
        "state": State.FOUNDER.value,
        "data_fingerprint": card.training.get("data_fingerprint"),
        "metrics": card.metrics,
        "verdict": None,
    }
    database.transact(partial(_install, row=row, asked_for=founder.asked_for))


def _install(session: Session, row: dict[str, Any], asked_for: bool) -> None:
    """Make the founder the champion if there is none, or if it is new here and nothing learned is lost by it.

    A poet that was asked for by name goes before any that does not descend from it; but a person's later word stays.
    """
    version = row["version"]
    is_new = add_version(session, row)
    serving = session.get(PoetAlias, Alias.CHAMPION)
    if serving is None:
        promote(session, version, "bot")
        return
    if version in lineage(session, serving.version):
        return
    if asked_for:
        takes_over = is_new or serving.changed_by in _PROGRAMS
    else:
        takes_over = is_new and _is_founder(session, serving.version)
    if takes_over:
        promote(session, version, "bot")
    elif asked_for:
        _log.info("YUEXIA_POET names %s, but %s was chosen since: see poetbot poets promote", version, serving.version)


def _is_founder(session: Session, version: str) -> bool:
    row = version_named(session, version)
    return row is not None and row.state == State.FOUNDER
