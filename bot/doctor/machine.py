"""This machine: its disk, its fonts."""

import shutil
import tempfile
from pathlib import Path
from typing import Final

from bot.doctor.finding import Finding, ill, skipped, well
from bot.errors import FontError
from bot.settings import Settings
from bot.view.fonts import find_font

# A poet has some 60 MB, and a database that cannot grow keeps no rating.
_LEAST_FREE: Final = 500 * 2**20


def look_at_disk(settings: Settings) -> Finding:
    """Write a small file into YUEXIA_HOME, and look how much more would fit."""
    home = settings.home
    place = next(folder for folder in (home, *home.parents) if _exists(folder))
    try:
        with tempfile.TemporaryFile(dir=place) as file:
            file.write(b"\n" * 4096)
        free = shutil.disk_usage(place).free
    except OSError as error:
        advice = "let the bot's user write there, or name another folder in YUEXIA_HOME"
        return ill("disk", f"{place} cannot be written ({error.strerror})", advice)
    if free < _LEAST_FREE:
        return ill("disk", f"{free // 2**20:,} MB are free in {place}", "make room: 500 MB at least")
    return well("disk", f"{free / 2**30:,.0f} GB are free in {place}")


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


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False
