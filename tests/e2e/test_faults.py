"""The bot lives through what a network and a server can do to it, and no reader gets a poem twice."""

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from bot import api
from bot.composing import Composes
from bot.errors import TokenError
from bot.localchat import Fault, LocalTelegram
from bot.storage import Database
from bot.storage.models import Poem, Rating
from bot.view.language import Language
from bot.view.messages import say_in
from poetcore.generation import ComposeRequest
from poetcore.generation import Poem as Composed

if TYPE_CHECKING:
    from tests.e2e.conftest import Log, Running, Start

ENGLISH = say_in(Language.ENGLISH)


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits between attempts, which here take no time."""
    asked: list[float] = []

    async def note(seconds: float) -> None:
        asked.append(seconds)
        await asyncio.sleep(0)

    monkeypatch.setattr("bot.api.sleep", note)
    return asked


@pytest.mark.parametrize("kind", ["too_many_requests", "server_error"])
async def test_what_was_not_done_is_tried_again(bot: "Running", kind: str, waits: list[float]) -> None:
    bot.telegram.faults.add(Fault(kind, "sendMessage", times=2, retry_after=3))
    assert (await bot.answer_to("/poem 月")).text.startswith("月")
    assert len(bot.answers) == len(bot.rows(Poem)) == 1
    assert [call.status for call in bot.telegram.calls_of("sendMessage")][-1] == 200
    if kind == "too_many_requests":
        assert waits.count(3.0) == 2


@pytest.mark.parametrize("kind", ["dropped", "blocked", "unknown_method"])
async def test_what_may_have_been_done_or_never_can_be_is_not(bot: "Running", log: "Log", kind: str) -> None:
    bot.telegram.faults.add(Fault(kind, "sendMessage", times=1))
    bot.telegram.user_sends("/poem 月")
    await bot.at_rest()
    assert bot.answers == []
    assert [poem.message_id for poem in bot.rows(Poem)] == [None]
    assert (await bot.answer_to("/poem 山")).text.startswith("山")
    assert "Traceback" not in log.text


async def test_a_poem_whose_answer_was_lost_is_sent_once_and_can_be_rated(bot: "Running") -> None:
    bot.telegram.faults.add(Fault("dropped", "sendMessage", times=1, carried_out=True))
    message = await bot.answer_to("/poem 月")
    assert await bot.press(message, 0) == ENGLISH.plain("rate-up")
    assert len(bot.answers) == 1
    assert bot.buttons(message) == ["👍 1", "👎"]


@pytest.mark.parametrize("word", [b"<html>", b'{"ok":true,"result":true}', b'{"ok":true,"result":{"message_id":2}}'])
async def test_a_poem_that_was_taken_is_not_followed_by_an_apology(
    bot: "Running", log: "Log", monkeypatch: pytest.MonkeyPatch, word: bytes
) -> None:
    send = api.PatientRequest.do_request

    async def answer_oddly(self: api.PatientRequest, url: str, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        code, payload = await send(self, url, *args, **kwargs)
        return code, word if url.endswith("/sendMessage") else payload

    monkeypatch.setattr(api.PatientRequest, "do_request", answer_oddly)
    bot.telegram.user_sends("/poem 月")
    await bot.at_rest()
    assert [message.text[0] for message in bot.answers] == ["月"]
    assert " ERROR bot." not in log.text


async def test_a_server_that_is_flooded_for_long_is_not_waited_for(bot: "Running", waits: list[float]) -> None:
    bot.telegram.faults.add(Fault("too_many_requests", "sendMessage", times=1, retry_after=600))
    bot.telegram.user_sends("/poem 月")
    await bot.at_rest()
    assert bot.answers == []
    assert 600.0 not in waits


@pytest.mark.parametrize("kind", ["too_many_requests", "server_error", "dropped", "unknown_method"])
async def test_fetching_updates_goes_on(bot: "Running", kind: str) -> None:
    bot.telegram.faults.add(Fault(kind, "getUpdates", times=3))
    assert (await bot.answer_to("/poem 月")).text.startswith("月")
    assert (await bot.answer_to("/poem 山")).text.startswith("山")


@pytest.mark.parametrize("method", ["sendChatAction", "answerCallbackQuery", "editMessageReplyMarkup"])
@pytest.mark.parametrize("kind", ["blocked", "server_error", "dropped", "unknown_method"])
async def test_a_rating_stands_whatever_fails_around_it(bot: "Running", log: "Log", method: str, kind: str) -> None:
    bot.telegram.faults.add(Fault(kind, method, times=None))
    message = await bot.answer_to("/poem 月")
    bot.telegram.user_presses(message.message_id, message.keyboard[0][1].callback_data or "")
    await bot.at_rest()
    assert [rating.value for rating in bot.rows(Rating)] == [-1]
    assert (await bot.answer_to("/poem 山")).text.startswith("山")
    assert "Traceback" not in log.text


async def test_typing_that_hangs_delays_nothing_for_long(bot: "Running") -> None:
    bot.telegram.faults.add(Fault("timeout", "sendChatAction", times=None))
    assert (await bot.answer_to("/poem 月")).text.startswith("月")
    bot.telegram.faults.release()


async def test_a_stop_that_cannot_wait_for_every_answer_is_quiet(
    start: "Start", plain_poet: Composes, telegram: LocalTelegram, log: "Log", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.service._GRACE_S", 0.0)
    telegram.faults.add(Fault("timeout", "sendMessage", times=None))
    async with start(plain_poet) as bot:
        for beginning in "山月風":
            bot.telegram.user_sends(f"/poem {beginning}")
        await telegram.wait_until(lambda: bool(telegram.calls_of("sendMessage")))
    telegram.faults.release()
    assert "stopped before every answer was sent" in log.text
    assert "Traceback" not in log.text


class _FailingPoet:
    version = "failing"

    def compose(self, request: ComposeRequest) -> Composed:
        raise ZeroDivisionError(f"seed {request.seed}")


async def test_a_failure_of_ours_is_logged_first_and_apologised_for(start: "Start", log: "Log") -> None:
    async with start(_FailingPoet()) as bot:
        assert (await bot.answer_to("/poem 月下獨酌")).text == ENGLISH.plain("talk-sorry")
        assert (await bot.answer_to("/help")).text == ENGLISH.plain("talk-help")
    failure = [line for line in log.text.splitlines() if " ERROR " in line]
    assert len(failure) == 1
    assert "bot.handlers.errors: update" in failure[0]
    assert "ZeroDivisionError" in log.text


async def test_a_database_that_fails_keeps_the_gate_shut(bot: "Running", database: Database, log: "Log") -> None:
    with database.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE handled_update RENAME TO gone")
    assert (await bot.answer_to("/poem 月")).text == ENGLISH.plain("talk-sorry")
    assert bot.rows(Poem) == []
    # Values of a failed statement may be a reader's words.
    assert "[parameters" not in log.text


async def test_a_token_that_is_taken_back_ends_the_bot(
    plain_poet: Composes, start: "Start", telegram: LocalTelegram
) -> None:
    async def keep(_: object) -> None:
        pass

    async with start(plain_poet) as bot:
        receiving = asyncio.create_task(api.receive(bot.application.bot, keep))
        telegram._api._token = "1:other"
        with pytest.raises(TokenError, match="no longer knows this token"):
            await receiving


async def test_a_start_waits_for_a_server_that_is_not_there_yet(
    start: "Start", plain_poet: Composes, telegram: LocalTelegram, log: "Log"
) -> None:
    telegram.faults.add(Fault("server_error", "getMe", times=2))
    telegram.faults.add(Fault("dropped", "getMe", times=1))
    async with start(plain_poet) as bot:
        assert (await bot.answer_to("/help")).text == ENGLISH.plain("talk-help")
    assert log.text.count("WARNING bot.api: cannot reach the Bot API") == 3
    assert "Traceback" not in log.text
