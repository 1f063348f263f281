"""The state of the local Telegram, and what the bot does to it. No HTTP, no clock of its own."""

import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from bot.localchat.commands import Commands, Scope
from bot.localchat.errors import ApiError, bad_request
from bot.localchat.formatting import FormattedText, clean
from bot.localchat.inline import InlineQueries
from bot.localchat.media import Media, MediaStore
from bot.localchat.messages import Chat, Draft, Edit, Event, Membership, Message, User
from bot.localchat.presses import Presses
from bot.localchat.updates import Json, UpdateQueue

MESSAGES_KEPT = 1000
"""Messages kept a chat; the oldest go first."""

INLINE_KEPT = 10_000
"""Messages sent with inline mode that can still be edited; the oldest go first."""

_NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup "
    "are exactly the same as a current content and reply markup of the message"
)
_ACTIONS = {
    "typing",
    "choose_sticker",
    "find_location",
    *(f"record_{thing}" for thing in ("video", "voice", "video_note")),
    *(f"upload_{thing}" for thing in ("photo", "document", "video", "voice", "video_note")),
}


@dataclass(frozen=True, slots=True)
class Reply:
    """Which message is replied to, and whether it may be missing."""

    message_id: int
    may_be_missing: bool = False


class ChatState:
    """Everything the server remembers.

    `observe` is called after each change that a reader can see, `ring` when there are updates for the bot.
    """

    def __init__(
        self, bot: User, clock: Callable[[], float], observe: Callable[[Event], None], ring: Callable[[], None]
    ) -> None:
        self.bot = bot
        self.now = clock
        self.observe = observe
        self.users: dict[int, User] = {bot.id: bot}
        self.chats: dict[int, Chat] = {}
        self.media = MediaStore()
        self.commands = Commands()
        self.presses = Presses()
        self.inline = InlineQueries()
        self.texts: dict[tuple[str, str], str] = {}
        """What the bot says of itself, by field and language: description and short_description."""
        # Milliseconds since 1970: a server that starts again never repeats an id that a bot has stored.
        self.updates = UpdateQueue(int(clock() * 1000), ring)
        self._inline_messages: OrderedDict[str, Message] = OrderedDict()

    def append(
        self,
        chat: Chat,
        sender: User,
        draft: Draft,
        *,
        reply_to: Message | None = None,
        via_bot: User | None = None,
        forwarded_from: User | None = None,
        service: Json | None = None,
    ) -> Message:
        """A new message at the end of a chat."""
        chat.last_id += 1
        message = Message(
            chat.last_id,
            chat,
            sender,
            int(self.now()),
            draft.content.text,
            draft.content.entities,
            draft.media,
            draft.reply_markup,
            draft.reply_request,
            reply_to,
            via_bot,
            forwarded_from=forwarded_from,
            service=service,
        )
        if via_bot is not None and draft.reply_markup is not None:
            # As on the real server, what has no keyboard cannot be edited later.
            self._keep_inline(message)
        chat.messages[message.message_id] = message
        if len(chat.messages) > MESSAGES_KEPT:
            del chat.messages[next(iter(chat.messages))]
        self._show("message", message)
        return message

    # What the bot does

    def chat(self, chat_id: int) -> Chat:
        """A chat that the bot may act in.

        Raises `ApiError` 400 when there is none or it has become a supergroup, and 403 when the bot is shut out.
        """
        chat = self.chats.get(chat_id)
        if chat is None:
            raise bad_request("chat not found")
        if chat.migrated_to is not None:
            description = "group chat was upgraded to a supergroup chat"
            raise bad_request(description, migrate_to_chat_id=chat.migrated_to)
        standing = chat.members.get(self.bot.id, Membership.MEMBER if chat.is_private else Membership.LEFT)
        if chat.is_private and not standing.is_inside:
            raise ApiError(403, "Forbidden: bot was blocked by the user")
        if standing is Membership.KICKED:
            raise ApiError(403, f"Forbidden: bot was kicked from the {chat.kind} chat")
        if not standing.is_inside:
            raise ApiError(403, f"Forbidden: bot is not a member of the {chat.kind} chat")
        return chat

    def message(self, chat_id: int, message_id: int, purpose: str) -> Message:
        """A message of a chat. Raises `ApiError` 400 when there is none; `purpose` completes the complaint."""
        message = self.chat(chat_id).messages.get(message_id)
        if message is None:
            raise bad_request(f"message to {purpose} not found")
        return message

    def inline_message(self, inline_message_id: str) -> Message:
        """A message sent with inline mode. Raises `ApiError` 400 when there is none."""
        message = self._inline_messages.get(inline_message_id)
        if message is None:
            raise bad_request("MESSAGE_ID_INVALID")
        return message

    def send(self, chat_id: int, draft: Draft, reply: Reply | None = None) -> Message:
        """The bot writes. Raises `ApiError` when it may not, and 400 when the message replied to does not exist."""
        chat = self.chat(chat_id)
        return self.append(chat, self.bot, draft, reply_to=quoted(chat, reply))

    def forward(self, chat_id: int, original: Message) -> Message:
        """The bot passes a message on."""
        draft = Draft(FormattedText(original.text, original.entities), original.media)
        return self.append(self.chat(chat_id), self.bot, draft, forwarded_from=original.sender)

    def edit(
        self, message: Message, content: FormattedText | None, reply_markup: Json | None, media: Media | None = None
    ) -> None:
        """The bot changes a message: text or caption and media where given, and always the keyboard.

        Raises `ApiError` 400 when the message is not the bot's to edit, or would stay as it is.
        """
        if not message.from_bot and message.inline_message_id is None:
            raise bad_request("message can't be edited")
        content = content or FormattedText(message.text, message.entities)
        new = (content.text, content.entities, media or message.media, reply_markup)
        if new == (message.text, message.entities, message.media, message.reply_markup):
            raise bad_request(_NOT_MODIFIED)
        message.edits.append(Edit(message.text, message.reply_markup, message.media))
        message.text, message.entities, message.media, message.reply_markup = new
        message.edit_date = int(self.now())
        self._show("edit", message)

    def delete(self, chat_id: int, message_id: int) -> None:
        """The bot removes a message. Raises `ApiError` 400 when there is none."""
        if self.chat(chat_id).messages.pop(message_id, None) is None:
            raise bad_request("message to delete not found")
        self.observe(Event("delete", chat_id, {"message_id": message_id}))

    def act(self, chat_id: int, action: str) -> None:
        """The bot shows that it is typing or the like. Raises `ApiError` 400 for an unknown action."""
        self.chat(chat_id)
        if action not in _ACTIONS:
            raise bad_request("wrong parameter action in request")
        self.observe(Event("action", chat_id, {"action": action}))

    def answer(self, query_id: str, text: str, show_alert: bool) -> None:
        """The bot answers a button press, once. Raises `ApiError` 400 when too late, and for a text over 200."""
        if len(text) > 200:
            raise bad_request("MESSAGE_TOO_LONG")
        press = self.presses.answered(query_id, self.now())
        content = {"query_id": query_id, "user_id": press.user_id, "text": clean(text), "show_alert": show_alert}
        self.observe(Event("answer", press.chat_id, content))

    def set_commands(self, commands: list[Json], scope: Scope, language: str) -> None:
        """Register the bot's commands for a scope and a language; an empty list removes them."""
        self.commands.set(commands, scope, language)
        self.observe(Event("commands", None, {}))

    # Inside

    def _show(self, kind: str, message: Message) -> None:
        self.observe(Event(kind, message.chat.id, message.shown()))

    def _keep_inline(self, message: Message) -> None:
        message.inline_message_id = secrets.token_urlsafe(20)
        self._inline_messages[message.inline_message_id] = message
        if len(self._inline_messages) > INLINE_KEPT:
            self._inline_messages.popitem(last=False)


def quoted(chat: Chat, reply: Reply | None) -> Message | None:
    """The message replied to. Raises `ApiError` 400 when it does not exist and must."""
    message = chat.messages.get(reply.message_id) if reply is not None else None
    if reply is not None and message is None and not reply.may_be_missing:
        raise bad_request("message to be replied not found")
    return message
