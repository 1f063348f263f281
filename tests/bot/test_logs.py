"""No secret in a log, and one line for the network's faults."""

import io
import json
import logging
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from telegram.error import BadRequest, InvalidToken, TimedOut

from bot.logs import configure_logging, style_of_a_service
from bot.watching.subject import on_poem, on_update

TOKEN = "123456:ABC/def"
# JSON would spell its quote and its letter in other ways.
PASSWORD = 'quo"te月'


@pytest.fixture
def objects(stream: io.StringIO) -> Callable[[], list[dict[str, Any]]]:
    """The log as programs read it: every line an object."""
    configure_logging([TOKEN, PASSWORD], style="json", level=logging.DEBUG, stream=stream)
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


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


def test_a_line_says_what_it_is_about(stream: io.StringIO) -> None:
    log = logging.getLogger("x")
    with on_update(41):
        log.info("begun")
        on_poem(7)
        log.info("written")
    log.info("idle")
    begun, written, idle = stream.getvalue().splitlines()
    assert begun.endswith("INFO x: begun [update 41]")
    assert written.endswith("INFO x: written [update 41, poem 7]")
    assert idle.endswith("INFO x: idle")


def test_json_is_an_object_a_line(objects: Callable[[], list[dict[str, Any]]]) -> None:
    with on_update(41):
        on_poem(7)
        logging.getLogger("x").warning("two\nlines of %s", "月")
    try:
        int("月")
    except ValueError:
        logging.getLogger("y").exception("failed")
    first, second = objects()
    assert (first["level"], first["logger"], first["message"]) == ("warning", "x", "two\nlines of 月")
    assert (first["update"], first["poem"]) == (41, 7)
    assert first["at"].endswith("+00:00")
    assert second["error"].startswith("Traceback")
    assert second["error"].endswith("base 10: '月'")
    assert "update" not in second


def test_json_covers_secrets_in_messages_and_tracebacks(
    stream: io.StringIO, objects: Callable[[], list[dict[str, Any]]]
) -> None:
    log = logging.getLogger("some.library")
    log.info("POST https://api.telegram.org/bot%s/getMe and bot123456%%3AABC%%2Fdef", TOKEN)
    log.error("postgresql://poet:%s@db", PASSWORD, exc_info=InvalidToken(f"The token `{TOKEN}` was rejected"))
    assert [line["message"].count("[secret]") for line in objects()] == [2, 1]
    text = stream.getvalue()
    for secret in (TOKEN, "123456%3AABC%2Fdef", PASSWORD, json.dumps(PASSWORD)[1:-1], "te月"):
        assert secret not in text


def test_json_has_one_line_for_a_fault_of_the_network(objects: Callable[[], list[dict[str, Any]]]) -> None:
    logging.getLogger("telegram.ext").error("polling failed", exc_info=TimedOut("Timed out"))
    assert [(line["message"], "error" in line) for line in objects()] == [
        ("polling failed (TimedOut: Timed out)", False)
    ]


def test_a_service_writes_for_whoever_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert (style_of_a_service(None), style_of_a_service("human")) == ("json", "human")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert (style_of_a_service(None), style_of_a_service("json")) == ("human", "json")
