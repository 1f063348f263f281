"""Logging: one line for a fault of the network, and never a secret, in a message or in a traceback."""

import logging
import sys
from collections.abc import Iterable
from types import TracebackType
from typing import Final, TextIO
from urllib.parse import quote

from telegram.error import BadRequest, NetworkError

# The first three log the address of each request, and a Telegram address holds the token; the last says nothing new.
_TALKATIVE: Final = ("httpx", "httpcore", "uvicorn.access", "alembic")
_FORMAT: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_COVER: Final = "[secret]"

_log = logging.getLogger(__name__)


class RedactingFormatter(logging.Formatter):
    """Formats a record, traceback included, and covers every secret in it."""

    def __init__(self, secrets: Iterable[str]) -> None:
        """`secrets` are covered as they are and as they look in an address."""
        super().__init__(_FORMAT)
        spellings = {spelling for secret in secrets if secret for spelling in (secret, quote(secret, safe=""))}
        # The longest first: a secret that contains another must not be left in half.
        self._spellings = sorted(spellings, key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        """The record as one text, without secrets."""
        text = super().format(record)
        for spelling in self._spellings:
            text = text.replace(spelling, _COVER)
        return text


class OneLineFaults(logging.Filter):
    """Turns a traceback about the network, which tells nothing, into the fault's own sentence."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always keep the record; shorten it where its traceback is the network's."""
        fault = record.exc_info[1] if record.exc_info else None
        # python-telegram-bot derives BadRequest, a mistake of ours, from NetworkError.
        if isinstance(fault, NetworkError) and not isinstance(fault, BadRequest):
            record.msg = f"{record.getMessage()} ({type(fault).__name__}: {fault})"
            record.args = None
            record.exc_info = None
            record.exc_text = None
            record.levelno, record.levelname = logging.WARNING, logging.getLevelName(logging.WARNING)
        return True


def configure_logging(secrets: Iterable[str], *, level: int = logging.INFO, stream: TextIO | None = None) -> None:
    """Send all logs to `stream` (stderr by default) without `secrets`; an earlier configuration is replaced."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(RedactingFormatter(secrets))
    handler.addFilter(OneLineFaults())
    root = logging.getLogger()
    for old in [known for known in root.handlers if isinstance(known.formatter, RedactingFormatter)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    sys.excepthook = _log_uncaught


def _log_uncaught(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    # Python's own hook would print the message of an unforeseen error as it is, token and all.
    _log.critical("the bot stopped on an unforeseen error", exc_info=(kind, error, traceback))
