"""Administrators: what they see and do, and that nobody else sees or does it."""

import re
from typing import TYPE_CHECKING, Final

import pytest

from bot.settings import Settings
from bot.storage.models import AuditEntry, BannedReader, Failure, Poem, Rating
from bot.view.language import Language
from bot.view.messages import say_in
from poetcore.generation import ComposeRequest
from poetcore.generation import Poem as Composed

if TYPE_CHECKING:
    from tests.e2e.conftest import Log, Running, Start

ENGLISH = say_in(Language.ENGLISH)
ADMIN, READER = 7, 1


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Settings that name one administrator."""
    return settings.model_copy(update={"admins": frozenset({ADMIN})})


def _deeds(bot: "Running") -> list[tuple[str, str, str | None]]:
    return [(entry.who, entry.action, entry.subject) for entry in bot.rows(AuditEntry)]


async def test_figures_and_a_picture(bot: "Running") -> None:
    message = await bot.answer_to("/poem 月 七絕")
    await bot.press(message, 0)
    await bot.answer_to("/poem 山")
    bot.chat_id = ADMIN
    shown = (await bot.answer_to("/stats", ADMIN)).text
    for line in ("Readers 2, 2 of them", "Poems 2, 2 in the last 24 hours", "Ratings 1, 100% 👍"):
        assert line in shown
    assert "plain: 100% 👍 of 1" in shown
    assert "七絕: 100% 👍 of 1" in shown
    assert "五絕" not in shown
    assert "the last 2" in shown
    await bot.at_rest()
    assert [call.status for call in bot.telegram.calls_of("sendPhoto")] == [200]


async def test_a_banned_reader_is_not_answered(bot: "Running") -> None:
    message = await bot.answer_to("/poem 月")
    await bot.answer_to("/daily 07:30 Berlin")
    before = len(bot.answers)
    bot.chat_id = ADMIN
    for words, said in (
        ("", "admin-ban-help"),
        ("somebody", "admin-ban-help"),
        (str(ADMIN), "admin-ban-admin"),
        (f"{READER} spam <b>", "admin-banned"),
        (f"{READER}", "admin-banned-already"),
    ):
        answer = await bot.answer_to(f"/ban {words}", ADMIN)
        assert answer.text == _plain(said, user=str(READER)), words
    [banned] = bot.rows(BannedReader)
    assert (banned.user_id, banned.reason, banned.banned_by) == (READER, "spam <b>", ADMIN)
    bot.telegram.user_sends("/poem 月", READER)
    bot.telegram.user_presses(message.message_id, "r:1:+", READER)
    bot.telegram.user_sends("/poem@yuexia_bot 月", READER, -1001)
    await bot.at_rest()
    bot.chat_id = READER
    assert (len(bot.answers), len(bot.rows(Poem)), bot.rows(Rating)) == (before, 1, [])
    assert bot.telegram.messages(-1001)[1:] == []
    bot.chat_id = ADMIN
    assert (await bot.answer_to(f"/unban {READER}", ADMIN)).text == _plain("admin-unbanned", user=str(READER))
    assert (await bot.answer_to(f"/unban {READER}", ADMIN)).text == _plain("admin-not-banned", user=str(READER))
    assert _deeds(bot) == [("7", "ban", "1"), ("7", "unban", "1")]
    audit = (await bot.answer_to("/audit", ADMIN)).text
    assert audit.index("7 unban 1") < audit.index("7 ban 1")
    bot.chat_id = READER
    assert (await bot.answer_to("/poem 月")).text.startswith("月")


async def test_a_broadcast_is_in_the_audit(bot: "Running") -> None:
    bot.chat_id = ADMIN
    sent, discarded = [await bot.answer_to(f"/broadcast {text}", ADMIN) for text in ("hello", "nothing")]
    send, discard = sent.keyboard[0][0].callback_data or "", discarded.keyboard[0][1].callback_data or ""
    for message, data in ((sent, send), (sent, send), (discarded, discard)):
        await bot.press_data(message, data, ADMIN)
    assert [(who, action) for who, action, _ in _deeds(bot)] == [("7", "broadcast"), ("7", "broadcast stop")]


async def test_to_readers_these_commands_do_not_exist(bot: "Running") -> None:
    for command in ("/stats", "/ban 7", "/unban 1", "/errors", "/audit"):
        assert (await bot.answer_to(command)).text == ENGLISH.plain("talk-hint"), command
        bot.telegram.user_sends(command, READER, -1001)
    await bot.at_rest()
    assert [message for message in bot.telegram.messages(-1001) if message.from_bot] == []
    assert bot.rows(AuditEntry) == []


class BrokenPoet:
    """Fails with a reader's words in its message."""

    version = "broken"
    _known: Final[dict[str, Composed]] = {}

    def compose(self, request: ComposeRequest) -> Composed:
        """Nothing."""
        try:
            return self._known[request.prefix or ""]
        except KeyError as error:
            raise KeyError(f"no poem begins with {request.prefix}") from error


async def test_errors_are_counted_without_a_readers_words(start: "Start", log: "Log") -> None:
    async with start(BrokenPoet()) as bot:
        for text in ("/poem 月下獨酌", "/poem 山中問答"):
            assert (await bot.answer_to(text)).text == ENGLISH.plain("talk-sorry")
        await bot.at_rest()
        [failure] = bot.rows(Failure)
        assert (failure.kind, failure.handler, failure.times) == ("KeyError", "compose.compose", 2)
        bot.chat_id = ADMIN
        shown = (await bot.answer_to("/errors", ADMIN)).text
    assert "2 × KeyError in compose.compose" in shown
    assert f"update {failure.update_id}" in shown
    assert not any(word in shown + str(vars(failure)) for word in ("月下", "山中"))
    told = "\n".join(line for line in log.text.splitlines() if " DEBUG " not in line)
    assert "KeyError" in told
    assert not any(word in told for word in ("月下", "山中"))


def _plain(key: str, **values: str) -> str:
    """A message as the reader sees it."""
    return re.sub("</?(b|code)>", "", ENGLISH.plain(key, **values))
