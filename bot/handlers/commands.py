"""Which messages are which command."""

import re
from dataclasses import dataclass
from typing import Final

from telegram import Message
from telegram.constants import ChatType
from telegram.ext.filters import MessageFilter

# Read from the text itself: not every Bot API server marks commands with entities, and nobody types a space in /poem月.
# A Chinese keyboard gives a slash at full width.
_COMMAND: Final = re.compile(r"[/／]([A-Za-z0-9_]{1,32})(?:@([A-Za-z0-9_]{1,64}))?(.*)", re.DOTALL)
_CALLED: Final = re.compile(r"\s*@([A-Za-z0-9_]{1,64})(?![A-Za-z0-9_])[\s,，:：]*")


@dataclass(frozen=True)
class Spoken:
    """A command as it was typed; `to` is the bot it names, if it names one."""

    name: str
    to: str | None
    words: str


def spoken(text: str | None) -> Spoken | None:
    """The command that `text` is; None if it is none."""
    match = _COMMAND.fullmatch((text or "").strip())
    return Spoken(match[1].lower(), match[2], match[3]) if match else None


def said_to_us(message: Message) -> str | None:
    """Plain words to the bot: in a private chat any text, in a group what begins with its name or answers its question.

    None for others. What members answer below a poem is talk about the poem: it is left alone.
    """
    text = message.text or ""
    if not text or spoken(text) is not None:
        return None
    if message.chat.type == ChatType.PRIVATE:
        return text
    called = _CALLED.match(text)
    if called is not None and called[1].lower() == message.get_bot().username.lower():
        return text[called.end() :]
    return text if is_asked(message) else None


def is_asked(message: Message) -> bool:
    """Whether somebody replies to a question that the bot put to them: of all it says, only its questions name anyone.

    What the question itself replied to, Telegram does not say.
    """
    question, sender = message.reply_to_message, message.from_user
    if question is None or question.from_user is None or sender is None:
        return False
    named = {entity.user.id for entity in question.entities if entity.user is not None}
    return question.from_user.id == message.get_bot().id and sender.id in named


def is_in_its_name(message: Message) -> bool:
    """Whether a group itself speaks: one of its administrators who remain anonymous."""
    return message.sender_chat is not None and message.sender_chat.id == message.chat.id


class Command(MessageFilter):
    """Lets `/name` through unless it names another bot; hands its words to the handler as `context.args`."""

    def __init__(self, name: str) -> None:
        super().__init__(name=f"/{name}", data_filter=True)
        self._command = name

    def filter(self, message: Message) -> dict[str, list[str]] | None:
        """The words after the command, or None."""
        command = spoken(message.text)
        if command is None or command.name != self._command or not is_to_us(command, message):
            return None
        return {"args": command.words.split()}


class Plain(MessageFilter):
    """Lets through what is said to the bot and is no command."""

    def filter(self, message: Message) -> bool:
        """Whether it is such a text."""
        return said_to_us(message) is not None


class Addressed(MessageFilter):
    """Lets through text that asks for an answer but is no command we know: in groups only a command to us."""

    def filter(self, message: Message) -> bool:
        """Whether the sender waits for an answer."""
        if not message.text:
            return False
        command = spoken(message.text)
        if message.chat.type == ChatType.PRIVATE:
            return command is None or is_to_us(command, message)
        return command is not None and command.to is not None and is_to_us(command, message)


def is_to_us(command: Spoken, message: Message) -> bool:
    """Whether a command names no other bot than ours."""
    return command.to is None or command.to.lower() == message.get_bot().username.lower()
