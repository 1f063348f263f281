"""What readers choose for themselves, that everything said to them follows it, and which commands they see."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from bot.context import services_of
from bot.jobs.daily import plan_what_is_due
from bot.storage import models
from bot.view.language import Language
from bot.view.messages import say_in
from poetcore.generation import ComposeRequest, Poem

if TYPE_CHECKING:
    from bot.localchat import LocalTelegram
    from tests.e2e.conftest import Running

ENGLISH, HANS = say_in(Language.ENGLISH), say_in(Language.HANS)


class _Broken:
    version = "broken"

    def compose(self, _: ComposeRequest) -> Poem:
        raise RuntimeError("broken")


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YUEXIA_ADMINS", "7")
    monkeypatch.setenv("YUEXIA_SENDS_PER_SECOND", "0")


def _listed(telegram: "LocalTelegram", user_id: int, chat_id: int | None = None) -> dict[str, str]:
    """The commands that a reader's Telegram shows."""
    return {command["command"]: command["description"] for command in telegram.commands_for(user_id, chat_id)}


async def test_language_and_script_are_chosen_and_followed(bot: "Running", telegram: "LocalTelegram") -> None:
    message = await bot.answer_to("/settings")
    assert [[button.text for button in row] for row in message.keyboard] == [
        ["繁體中文", "简体中文", "English"],
        ["✓ automatic: as your Telegram"],
        ["traditional", "simplified", "✓ automatic"],
    ]
    await bot.press_data(message, "s:language:zh-Hans")
    assert message.text == "⚙️ 我与你说简体中文，诗以简体写成。"
    assert _listed(telegram, 1)["settings"] == HANS.plain("command-settings")
    assert (await bot.answer_to("/id")).text.startswith("你的编号")
    assert (await bot.answer_to("/poem 雲")).text.startswith("云")
    await bot.press_data(message, "s:script:hant")
    assert message.text == "⚙️ 我与你说简体中文，诗以繁体写成。"
    assert (await bot.answer_to("/poem 雲")).text.startswith("雲")
    # An apology too, though what failed knows no reader.
    services_of(bot.application).composer.swap(_Broken())
    assert (await bot.answer_to("/poem 月")).text == HANS.plain("talk-sorry")
    await bot.press_data(message, "s:language:auto")
    await bot.press_data(message, "s:script:auto")
    assert message.text == "⚙️ I speak English with you and write poems in traditional characters."
    await telegram.wait_until(lambda: _listed(telegram, 1)["settings"] == ENGLISH.plain("command-settings"))
    [row] = bot.rows(models.User)
    assert (row.chosen_language, row.chosen_script) == (None, None)


async def test_in_a_group_settings_are_nobodys(bot: "Running") -> None:
    bot.chat_id = -1001
    answer = await bot.answer_to("/settings@yuexia_bot", user_id=11)
    assert answer.text == ENGLISH.plain("talk-in-private")
    assert answer.keyboard[0][0].url == "https://t.me/yuexia_bot"


async def test_commands_are_listed_by_scope_and_language(bot: "Running", telegram: "LocalTelegram") -> None:
    await telegram.wait_until(lambda: len(telegram.calls_of("setMyCommands")) == 6)
    telegram.user(2, language_code="zh-hans")
    telegram.make_group(-5, members=[1, 7])
    # Telegram takes no list for whoever has not spoken to the bot.
    assert "rollback" not in _listed(telegram, 7)
    telegram.user_sends("/start", 7)
    await telegram.wait_until(lambda: "rollback" in _listed(telegram, 7))
    assert "rollback" not in _listed(telegram, 1)
    assert "settings" in _listed(telegram, 1)
    assert "settings" not in _listed(telegram, 1, -5)
    # Telegram tells Chinese from Chinese only in private chats, once a reader has chosen.
    assert _listed(telegram, 2)["id"] == "你的編號"


async def test_a_daily_poem_comes_in_the_script_that_was_chosen(bot: "Running") -> None:
    await bot.press_data(await bot.answer_to("/settings"), "s:script:hans")
    due = (datetime.now(UTC) - timedelta(minutes=1)).replace(second=0, microsecond=0)
    await bot.answer_to(f"/daily {due:%H:%M} +0")
    bot.database.transact(lambda session: session.execute(update(models.Subscription).values(next_at=due)))
    await plan_what_is_due(bot.database, datetime.now(UTC))
    services_of(bot.application).broadcaster.wake()
    await bot.telegram.wait_until(lambda: len(bot.answers) == 3)
    assert [poem.script for poem in bot.rows(models.Poem)] == ["hans"]
