"""The poet that a bot begins with: the first version is the one that ships, or the one that YUEXIA_POET names."""

import logging
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from bot.poets.store import ModelStore, digest_of
from bot.storage import Database
from bot.storage.versions import Alias, Served, State, add_version, called, lineage, promote, version_named
from poetcore.errors import PackageError, StorageError
from poetcore.generation import Poet
from poetcore.generation.poet import PRETRAINED

_log = logging.getLogger(__name__)


def champion(database: Database, store: ModelStore, named: Path | None) -> Poet:
    """The champion, ready to compose; the founder (`named`, or the poet that ships) is registered first.

    A champion that cannot be loaded is passed over for the one before it, and that one for the founder.
    Raises `PackageError` if the founder is no whole package.
    """
    folder = named or PRETRAINED
    founder, digest = Poet.load(folder), digest_of(folder)
    try:
        _found(database, store, folder, Served(founder.version, digest), founder, asked_for=named is not None)
    except (StorageError, PackageError) as error:
        _log.error("poet %s serves, but is not kept as a version: %s", founder.version, error)
    for alias in (Alias.CHAMPION, Alias.PREVIOUS):
        served = database.transact(partial(called, alias=alias))
        if served is None:
            continue
        if served.digest == digest:
            return founder
        try:
            return store.load(served.version, served.digest)
        except PackageError as error:
            _log.error("the %s %s cannot serve: %s", alias.value, served.version, error)
    return founder


def _found(
    database: Database, store: ModelStore, folder: Path, served: Served, founder: Poet, *, asked_for: bool
) -> None:
    """Register the founder; copied only if it is not kept yet, for that takes a second."""
    known = database.transact(partial(version_named, version=served.version))
    if known is None or known.digest != served.digest or not store.folder(served.version).is_dir():
        store.publish(folder)
    row = {
        "version": served.version,
        "digest": served.digest,
        "parent": founder.card.parent,
        "job_id": None,
        "state": State.FOUNDER.value,
        "data_fingerprint": founder.card.training.get("data_fingerprint"),
        "metrics": founder.card.metrics,
        "verdict": None,
    }
    database.transact(partial(_install, row=row, asked_for=asked_for))


def _install(session: Session, row: dict[str, Any], asked_for: bool) -> None:
    """Make the founder the champion if there is none, or if it is new here and nothing learned is lost by it.

    A poet that was asked for by name goes before any that does not descend from it.
    """
    version = row["version"]
    is_new = add_version(session, row)
    now = called(session, Alias.CHAMPION)
    if now is None:
        promote(session, version, "bot")
        return
    if version in lineage(session, now.version):
        return
    serving = version_named(session, now.version)
    if asked_for or (is_new and serving is not None and serving.state == State.FOUNDER):
        promote(session, version, "bot")
