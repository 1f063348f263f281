"""An update that comes twice is answered once; what is none of our business is not answered."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from telegram import Chat, Message, Update, User

from bot.composing import Composes
from bot.localchat import LocalTelegram
from bot.storage.models import HandledUpdate, Poem, Rating
from bot.view.language import Language
from bot.view.messages import say_in

if TYPE_CHECKING:
    from tests.e2e.conftest import Running, Start


async def test_a_redelivered_message_is_answered_once(bot: "Running") -> None:
    update_id = bot.telegram.user_sends("/poem 月")
    await bot.telegram.wait_until(lambda: len(bot.answers) == 1)
    bot.telegram.redeliver(update_id)
    # Updates of one chat are handled in order: when this is answered, the other would have been.
    await bot.answer_to("/help")
    assert len(bot.answers) == 2
    assert len(bot.rows(Poem)) == 1


async def test_a_redelivered_press_counts_once(bot: "Running") -> None:
    message = await bot.answer_to("/poem 月")
    data = message.keyboard[0][0].callback_data or ""
    update_id = bot.telegram.user_presses(message.message_id, data)
    await bot.telegram.wait_until(lambda: bot.buttons(message) == ["👍 1", "👎"])
    bot.telegram.redeliver(update_id)
    await bot.answer_to("/help")
    assert [rating.value for rating in bot.rows(Rating)] == [1]


async def test_nor_after_a_restart_on_the_same_database(
    start: "Start", plain_poet: Composes, telegram: LocalTelegram
) -> None:
    async with start(plain_poet) as bot:
        update_id = telegram.user_sends("/poem 月")
        await telegram.wait_until(lambda: len(bot.answers) == 1)
    telegram.redeliver(update_id)
    async with start(plain_poet) as bot:
        await bot.answer_to("/help")
        assert len(bot.answers) == 2
        assert len(bot.rows(Poem)) == 1


async def test_what_was_sent_before_the_start_is_answered(
    start: "Start", plain_poet: Composes, telegram: LocalTelegram
) -> None:
    telegram.user_sends("/poem 月")
    async with start(plain_poet) as bot:
        await telegram.wait_until(lambda: len(bot.answers) == 1)


@pytest.fixture
def _an_administrator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YUEXIA_ADMINS", "1")


def _message(sender: User | None, chat_kind: str = "private") -> Message:
    return Message(1, datetime.now(UTC), Chat(1, chat_kind), from_user=sender, text="/poem 月")


@pytest.mark.parametrize(
    "content",
    [
        {"edited_message": _message(User(1, "Ann", is_bot=False))},
        {"channel_post": _message(None, "channel")},
        {"message": _message(None)},
        {"message": _message(User(2, "Robot", is_bot=True), "supergroup")},
        {},
    ],
)
async def test_what_is_not_from_a_reader_is_met_with_silence(bot: "Running", content: dict[str, Any]) -> None:
    update = Update(1, **content)
    update.set_bot(bot.application.bot)
    for message in content.values():
        message.set_bot(bot.application.bot)
    await bot.application.process_update(update)
    assert bot.telegram.calls_of("sendMessage") == []
    assert bot.rows(HandledUpdate) == []


@pytest.mark.usefixtures("_an_administrator")
async def test_an_administrator_sees_that_the_setting_took_effect(bot: "Running") -> None:
    english = say_in(Language.ENGLISH)
    assert (await bot.answer_to("/id")).text.endswith(english.plain("talk-you-are-admin"))
    bot.chat_id = 2
    assert not (await bot.answer_to("/id", user_id=2)).text.endswith(english.plain("talk-you-are-admin"))
