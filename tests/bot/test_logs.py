"""No secret in a log, and one line for the network's faults."""

import io
import logging
import sys
from collections.abc import Iterator

import pytest
from telegram.error import BadRequest, InvalidToken, TimedOut

from bot.logs import configure_logging

TOKEN = "123456:ABC/def"


@pytest.fixture
def stream(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Where all logs go, with a token and a password to hide."""
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    caught = io.StringIO()
    configure_logging([TOKEN, "s3cret"], level=logging.DEBUG, stream=caught)
    yield caught
    root.setLevel(level)
    root.handlers[:] = handlers


def test_secrets_are_covered_in_messages_and_tracebacks(stream: io.StringIO) -> None:
    log = logging.getLogger("some.library")
    log.info("POST https://api.telegram.org/bot%s/getMe and bot123456%%3AABC%%2Fdef", TOKEN)
    log.error("postgresql://poet:s3cret@db", exc_info=InvalidToken(f"The token `{TOKEN}` was rejected"))
    text = stream.getvalue()
    assert "rejected" in text
    assert not [secret for secret in (TOKEN, "s3cret", "123456%3AABC%2Fdef") if secret in text]


def test_an_unforeseen_error_is_logged_without_secrets(stream: io.StringIO) -> None:
    error = RuntimeError(f"bad {TOKEN}")
    sys.excepthook(RuntimeError, error, None)
    assert "RuntimeError: bad [secret]" in stream.getvalue()


def test_httpx_is_silent(stream: io.StringIO) -> None:
    logging.getLogger("httpx").info("HTTP Request: POST")
    logging.getLogger("httpcore.connection").debug("connect")
    assert stream.getvalue() == ""


def test_a_fault_of_the_network_is_one_line(stream: io.StringIO) -> None:
    logging.getLogger("telegram.ext").error("polling failed", exc_info=TimedOut("Timed out"))
    assert stream.getvalue().count("\n") == 1
    assert "WARNING telegram.ext: polling failed (TimedOut: Timed out)" in stream.getvalue()


def test_a_mistake_of_ours_keeps_its_traceback(stream: io.StringIO) -> None:
    logging.getLogger("telegram.ext").error("sending failed", exc_info=BadRequest("can't parse entities"))
    assert "ERROR telegram.ext: sending failed\n" in stream.getvalue()
    assert "BadRequest: can't parse entities" in stream.getvalue()


def test_configuring_again_replaces_the_first(stream: io.StringIO) -> None:
    second = io.StringIO()
    configure_logging([TOKEN], stream=second)
    logging.getLogger("x").warning("hello")
    assert stream.getvalue() == ""
    assert "hello" in second.getvalue()
