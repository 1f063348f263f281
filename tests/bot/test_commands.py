"""Which messages are which command."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import Bot, Chat, Message, User

from bot.handlers.commands import Addressed, Command, Spoken, said_to_us, spoken

BOT = Bot("1:a")
BOT._bot_user = User(1, "Yuexia", is_bot=True, username="yuexia_bot")


def _message(text: str, kind: str = "private") -> Message:
    message = Message(1, datetime.now(UTC), Chat(1, kind), text=text)
    message.set_bot(BOT)
    return message


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/poem", Spoken("poem", None, "")),
        ("/poem 月 七絕", Spoken("poem", None, " 月 七絕")),
        ("/poem月", Spoken("poem", None, "月")),
        ("/POEM@Yuexia_bot 月", Spoken("poem", "Yuexia_bot", " 月")),
        ("/poem\n月", Spoken("poem", None, "\n月")),
        ("／poem　月", Spoken("poem", None, "　月")),
        ("poem", None),
        ("/", None),
        ("/月", None),
        ("", None),
        (None, None),
    ],
)
def test_a_command_is_read_from_its_text(text: str | None, command: Spoken | None) -> None:
    assert spoken(text) == command


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    spoken(text)


@pytest.mark.parametrize(
    ("text", "args"),
    [
        ("/poem", []),
        ("/poem  月　七絕", ["月", "七絕"]),
        ("/poem@YUEXIA_bot 月", ["月"]),
        ("/poem@other_bot 月", None),
        ("/poems 月", None),
        ("say /poem", None),
    ],
)
def test_the_filter_hands_over_the_words(text: str, args: list[str] | None) -> None:
    assert Command("poem").filter(_message(text)) == (None if args is None else {"args": args})


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("月", "private", True),
        ("", "private", False),
        ("/what", "private", True),
        ("/what@other_bot", "private", False),
        ("月", "supergroup", False),
        ("/what", "supergroup", False),
        ("/what@yuexia_bot", "supergroup", True),
        ("/what@other_bot", "supergroup", False),
    ],
)
def test_in_a_group_only_what_is_said_to_the_bot_is_answered(text: str, kind: str, expected: bool) -> None:
    assert Addressed().filter(_message(text, kind)) is expected


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("月", "private", "月"),
        ("/poem 月", "private", None),
        ("", "private", None),
        ("@yuexia_bot 月", "supergroup", "月"),
        ("@Yuexia_Bot，中秋", "group", "中秋"),
        ("@yuexia_bot", "supergroup", ""),
        ("@yuexia_bot_2 月", "supergroup", None),
        ("@other_bot 月", "supergroup", None),
        ("ask @yuexia_bot", "supergroup", None),
        ("月", "supergroup", None),
    ],
)
def test_plain_words_are_said_to_the_bot_by_name_in_a_group(text: str, kind: str, words: str | None) -> None:
    assert said_to_us(_message(text, kind)) == words
