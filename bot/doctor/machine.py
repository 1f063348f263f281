"""This machine: its disk, its fonts."""

import shutil
import tempfile
from pathlib import Path
from typing import Final

from bot.doctor.finding import Finding, State, ill, skipped, well
from bot.errors import FontError
from bot.settings import Settings
from bot.view.fonts import find_font

# A poet has some 24 MB, and a database that cannot grow keeps no rating.
_LEAST_FREE: Final = 500 * 2**20


def look_at_disk(settings: Settings) -> Finding:
    """Write a small file into YUEXIA_HOME and beside the poets, and look how much more would fit."""
    looks = [_look_at(settings.home, "YUEXIA_HOME"), _look_at(settings.poets_folder, "YUEXIA_POETS")]
    return next((look for look in looks if look.state is State.ILL), looks[0])


def look_at_font(settings: Settings) -> Finding:
    """Find what cards are set in."""
    try:
        font = find_font(settings.font)
    except FontError as error:
        return ill("font", str(error), "apt-get install fonts-lxgw-wenkai, and unset YUEXIA_FONT")
    if font is None:
        advice = "apt-get install fonts-lxgw-wenkai (or fonts-noto-cjk), or set YUEXIA_FONT"
        return skipped("font", "none with Chinese characters: poems have no cards", advice)
    return well("font", str(font.path))


def _look_at(folder: Path, variable: str) -> Finding:
    place = next(known for known in (folder, *folder.parents) if _exists(known))
    try:
        with tempfile.TemporaryFile(dir=place) as file:
            file.write(b"\n" * 4096)
        free = shutil.disk_usage(place).free
    except OSError as error:
        advice = f"let the bot's user write there, or name another folder in {variable}"
        return ill("disk", f"{place} cannot be written ({error.strerror})", advice)
    if free < _LEAST_FREE:
        return ill("disk", f"{free // 2**20:,} MB are free in {place}", "make room: 500 MB at least")
    return well("disk", f"{free / 2**30:,.0f} GB are free in {place}")


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False
