"""The versions of the poet and what each is to the bot: exactly one is the champion, changed in one transaction."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot.storage.models import PoetAlias, PoetRefusal, PoetVersion, now
from bot.storage.upserts import insert_or_ignore


class Alias(StrEnum):
    """What a version can be to the bot."""

    CHAMPION = "champion"
    CHALLENGER = "challenger"
    PREVIOUS = "previous"


class State(StrEnum):
    """Where a version comes from, or what the gate said of it."""

    FOUNDER = "founder"
    PASSED = "passed"
    REFUSED = "refused"


@dataclass(frozen=True)
class Served:
    """A version as it is to be loaded."""

    version: str
    digest: str


@dataclass(frozen=True)
class Standing:
    """The version that serves, and the one that served before."""

    champion: Served | None
    previous: Served | None


@dataclass(frozen=True)
class Listed:
    """A version with everything that is known of it."""

    row: PoetVersion
    aliases: tuple[str, ...]


def add_version(session: Session, row: dict[str, Any]) -> bool:
    """Keep a published version; False if it is known already, which changes nothing."""
    return insert_or_ignore(session, PoetVersion, {"created_at": now(), **row})


def version_named(session: Session, version: str) -> PoetVersion | None:
    """What is known of a version."""
    return session.get(PoetVersion, version)


def called(session: Session, alias: Alias) -> Served | None:
    """The version that has an alias."""
    query = select(PoetVersion.version, PoetVersion.digest).join(PoetAlias).where(PoetAlias.name == alias)
    row = session.execute(query).first()
    return Served(row.version, row.digest) if row else None


def claim_refusal(session: Session, served: Served) -> bool:
    """Take it on oneself to tell that a version cannot serve; False if that was told of this very package."""
    return insert_or_ignore(
        session, PoetRefusal, {"version": served.version, "digest": served.digest, "told_at": now()}
    )


def listed(session: Session) -> list[Listed]:
    """All versions, oldest first."""
    aliases = session.scalars(select(PoetAlias)).all()
    rows = session.scalars(select(PoetVersion).order_by(PoetVersion.created_at, PoetVersion.version)).all()
    return [Listed(row, tuple(sorted(a.name for a in aliases if a.version == row.version))) for row in rows]


def lineage(session: Session, version: str) -> list[str]:
    """A version and what it was fine-tuned from, the youngest first."""
    line: list[str] = []
    step: str | None = version
    while step is not None and step not in line:
        line.append(step)
        row = session.get(PoetVersion, step)
        step = row.parent if row else None
    return line


def elders_of(session: Session, version: str) -> list[PoetVersion]:
    """The known versions that a version descends from, the eldest first."""
    rows = [session.get(PoetVersion, elder) for elder in lineage(session, version)[1:]]
    return [row for row in reversed(rows) if row is not None]


def note_metrics(session: Session, version: str, measured: dict[str, Any]) -> None:
    """Keep what was measured of a version beside what is known of it."""
    row = session.get(PoetVersion, version, with_for_update=True, populate_existing=True)
    if row is not None:
        row.metrics = {**row.metrics, **measured}


def promote(session: Session, version: str, by: str, only_after: str | None = None) -> bool:
    """Make a known version the champion; the champion before becomes `previous`.

    False, and nothing is changed, if it is the champion already, or if `only_after` is given and is not the champion.
    """
    champion = _locked(session, Alias.CHAMPION)
    if champion is None:
        return _first(session, version, by)
    before = champion.version
    if before == version or (only_after is not None and before != only_after):
        return False
    _name(session, Alias.PREVIOUS, before, by)
    champion.version, champion.changed_at, champion.changed_by = version, now(), by
    session.execute(delete(PoetAlias).where(PoetAlias.name == Alias.CHALLENGER, PoetAlias.version == version))
    return True


def roll_back(session: Session, by: str) -> Served | None:
    """Make the previous champion the champion again, and the champion `previous`; None if there is no previous one."""
    _locked(session, Alias.CHAMPION)
    previous = session.get(PoetAlias, Alias.PREVIOUS, populate_existing=True)
    if previous is None:
        return None
    promote(session, previous.version, by)
    session.flush()
    return called(session, Alias.CHAMPION)


def standing(session: Session, *, locked: bool = False) -> Standing:
    """Which versions serve; `locked`: and nobody else changes that before this transaction ends."""
    if locked:
        _locked(session, Alias.CHAMPION)
    return Standing(called(session, Alias.CHAMPION), called(session, Alias.PREVIOUS))


def challenge(session: Session, version: str, by: str) -> None:
    """Let a known version wait for an administrator's word, in place of the one that waited before."""
    _locked(session, Alias.CHAMPION)
    _name(session, Alias.CHALLENGER, version, by)


def turn_down(session: Session, version: str) -> bool:
    """Let a version wait no longer; False if it does not."""
    _locked(session, Alias.CHAMPION)
    challenger = session.get(PoetAlias, Alias.CHALLENGER, populate_existing=True)
    if challenger is None or challenger.version != version:
        return False
    session.delete(challenger)
    return True


def _locked(session: Session, alias: Alias) -> PoetAlias | None:
    """The row of an alias, as it is now, and locked where the database locks rows.

    Whoever changes any alias locks the champion's first: changes at once are then one after the other.
    """
    return session.get(PoetAlias, alias, with_for_update=True, populate_existing=True)


def _first(session: Session, version: str, by: str) -> bool:
    row = {"name": Alias.CHAMPION.value, "version": version, "changed_at": now(), "changed_by": by}
    return insert_or_ignore(session, PoetAlias, row)


def _name(session: Session, alias: Alias, version: str, by: str) -> None:
    row = session.get(PoetAlias, alias)
    if row is None:
        session.add(PoetAlias(name=alias, version=version, changed_by=by))
    else:
        row.version, row.changed_at, row.changed_by = version, now(), by
