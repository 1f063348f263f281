"""The poet that would serve, and what it is fine-tuned with."""

from pathlib import Path
from typing import Final

from bot.doctor.finding import Finding, ill, skipped, well
from bot.poets.following import smoke_test
from bot.poets.store import FolderStore, digest_of
from bot.settings import Settings
from bot.storage.versions import Served
from poetcore.errors import PoetcoreError
from poetcore.generation import Poet
from poetcore.generation.poet import PRETRAINED

_PREPARE: Final = "make one: poet prepare CHINESE_POETRY --out DIR, then set YUEXIA_DATA to DIR"


def look_at_poet(settings: Settings, champion: Served | None, *, poetless: bool) -> Finding:
    """Check every checksum of the founder and of the champion, and let each write in all forms.

    `poetless`: the database has no champion. Without one a bot serves its founder, and no worker can begin.
    """
    folder = settings.poet or PRETRAINED
    try:
        founder = _tried(folder)
    except PoetcoreError as error:
        advice = "give another package in YUEXIA_POET, or unset it" if settings.poet else "install Yuexia again"
        return ill("poet", str(error), advice)
    if poetless:
        advice = f"start the bot once (poetbot run); if it runs, its log says why {settings.poets_folder} keeps no poet"
        return ill("poet", "no version is the champion: the poet cannot learn", advice)
    if champion is None or champion.digest == digest_of(folder):
        return well("poet", f"{founder.version} is whole and writes")
    try:
        smoke_test(FolderStore(settings.poets_folder).load(champion.version, champion.digest))
    except PoetcoreError as error:
        advice = "copy it into YUEXIA_POETS again, or name another: poetbot poets rollback"
        return ill("poet", f"the champion {champion.version} cannot serve: {error}", advice)
    return well("poet", f"{champion.version}, from {founder.version}, is whole and writes")


def look_at_data(settings: Settings) -> Finding:
    """Check every checksum of the corpus."""
    if settings.data is None:
        return skipped("data", "YUEXIA_DATA is not set; a bot needs none, a worker does", _PREPARE)
    from poetcore.corpus import PreparedCorpus

    try:
        corpus = PreparedCorpus.load(settings.data)
    except PoetcoreError as error:
        return ill("data", f"YUEXIA_DATA: {error}", _PREPARE)
    return well("data", f"{len(corpus.splits):,} poems in {settings.data}")


def _tried(folder: Path) -> Poet:
    poet = Poet.load(folder)
    smoke_test(poet)
    return poet
