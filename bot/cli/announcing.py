"""Where a command that runs as a service says what it has done."""

import logging
from collections.abc import Callable

import typer

from bot.settings import Settings

_log = logging.getLogger(__name__)


def announcer(settings: Settings) -> Callable[[str], None]:
    """A line on stdout; with YUEXIA_LOG=json an object of the log instead, since a collector gets both streams as one.

    Where stderr alone is no terminal, stdout still has a reader: who starts a bot there waits for its line.
    """
    return _log.info if settings.log == "json" else typer.echo
