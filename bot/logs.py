"""Logging: one line for a fault of the network, and never a secret, in a message or in a traceback."""

import json
import logging
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from types import TracebackType
from typing import Final, TextIO
from urllib.parse import quote

from sqlalchemy.exc import OperationalError
from telegram.error import BadRequest, NetworkError, TelegramError

from bot.service_settings import LogStyle
from bot.watching.subject import subject

# The first three log the address of each request, and a Telegram address holds the token; the last says nothing new.
_TALKATIVE: Final = ("httpx", "httpcore", "uvicorn.access", "alembic")
_FORMAT: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_COVER: Final = "[secret]"

_log = logging.getLogger(__name__)


class RedactingFormatter(logging.Formatter):
    """Formats a record, traceback included, and covers every secret in it; at its end, what it is about."""

    def __init__(self, secrets: Iterable[str]) -> None:
        """`secrets` are covered as they are and as they look in an address."""
        super().__init__(_FORMAT)
        spellings = {spelling for secret in secrets if secret for spelling in (secret, quote(secret, safe=""))}
        # The longest first: a secret that contains another must not be left in half.
        self._spellings = sorted(spellings, key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        """The record as one text, without secrets."""
        return self.covered(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 logging's own name
        """The line itself, without a traceback."""
        about = ", ".join(f"{name} {number}" for name, number in subject().items())
        return super().formatMessage(record) + (f" [{about}]" if about else "")

    def covered(self, text: str) -> str:
        """The text without secrets."""
        for spelling in self._spellings:
            text = text.replace(spelling, _COVER)
        return text


class JsonFormatter(RedactingFormatter):
    """Formats a record as one JSON object on one line, for programs that collect logs.

    Keys: at (UTC), level, logger, message; update and poem where they are known, error where there is a traceback.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The record as one JSON object, without secrets."""
        parts: dict[str, str | int] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            # Covered before it is quoted: afterwards a secret might be spelt in yet another way.
            "message": self.covered(record.getMessage()),
            **subject(),
        }
        if record.exc_info:
            parts["error"] = self.covered(self.formatException(record.exc_info))
        return json.dumps(parts, ensure_ascii=False)


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


def configure_logging(
    secrets: Iterable[str], *, style: LogStyle = "human", level: int = logging.INFO, stream: TextIO | None = None
) -> None:
    """Send all logs to `stream` (stderr by default) without `secrets`; an earlier configuration is replaced."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter(secrets) if style == "json" else RedactingFormatter(secrets))
    handler.addFilter(OneLineFaults())
    root = logging.getLogger()
    for old in [known for known in root.handlers if isinstance(known.formatter, RedactingFormatter)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    sys.excepthook = _log_uncaught


def without_words(error: BaseException) -> BaseException:
    """An error to be logged in place of `error`: of the same name and from the same lines, but without its message.

    That may hold a reader's words. Those of Telegram and of a database that is locked, full or gone hold none.
    """
    if isinstance(error, TelegramError | OperationalError):
        return error
    silent: BaseException = type(type(error).__name__, (Exception,), {"__module__": type(error).__module__})()
    silent.__traceback__ = error.__traceback__
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    silent.__cause__ = without_words(cause) if cause is not None else None
    return silent


def style_of_a_service(asked_for: LogStyle | None) -> LogStyle:
    """As it is asked for; else for a person at a terminal, and for programs where stderr is none."""
    return asked_for or ("human" if sys.stderr.isatty() else "json")


def _log_uncaught(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    # Python's own hook would print the message of an unforeseen error as it is, token and all.
    _log.critical("the bot stopped on an unforeseen error", exc_info=(kind, error, traceback))
