"""What readers do: write, press, ask inline, found groups. Each makes the updates that the bot gets of it."""

from collections.abc import Iterable

from bot.localchat.chats import ChatState, Reply, quoted
from bot.localchat.errors import LocalChatError
from bot.localchat.formatting import FormattedText, clean, plain
from bot.localchat.groups import hears, member_json
from bot.localchat.messages import Chat, Draft, Event, Membership, Message, User
from bot.localchat.presses import Press
from bot.localchat.updates import Json

_GROUP_TITLE = "Poets"


class Readers:
    """The people at the other end."""

    def __init__(self, state: ChatState) -> None:
        self._state = state

    def user(self, user_id: int, first_name: str | None = None, language_code: str | None = None) -> User:
        """The reader with this id, made when new; names and language given replace the old ones."""
        users = self._state.users
        if user_id not in users:
            users[user_id] = User(user_id, "Reader" if user_id == 1 else f"Reader {user_id}")
        user = users[user_id]
        user.first_name = first_name or user.first_name
        user.language_code = language_code or user.language_code
        return user

    def sends(self, text: str, user_id: int = 1, chat_id: int | None = None, reply_to: int | None = None) -> int:
        """A reader writes; returns the update's id. Raises `ApiError` for an empty or too long text."""
        user = self.user(user_id)
        chat = self._chat_for(user, chat_id)
        original = quoted(chat, Reply(reply_to)) if reply_to is not None else None
        return self._told(self._state.append(chat, user, Draft(plain(text)), reply_to=original))

    def presses(self, message_id: int, data: str, user_id: int = 1, chat_id: int | None = None) -> tuple[int, str]:
        """A reader presses a button with this callback data; returns the ids of the update and of the query.

        Raises `LocalChatError` if there is no such message.
        """
        user = self.user(user_id)
        chat = self._chat_for(user, chat_id)
        message = chat.messages.get(message_id)
        if message is None:
            raise LocalChatError(f"There is no message {message_id} in chat {chat.id} whose button could be pressed.")
        query_id = self._state.presses.add(Press(chat.id, user_id, self._state.now()))
        content: Json = {"id": query_id, "from": user.json(), "chat_instance": str(chat.id), "data": clean(data)}
        if message.inline_message_id is None:
            content["message"] = message.json()
        else:
            content["inline_message_id"] = message.inline_message_id
        update_id = self._state.updates.add("callback_query", content)
        self._state.observe(Event("press", chat.id, {"query_id": query_id, "message_id": message_id}))
        return update_id, query_id

    def asks_inline(self, text: str, user_id: int = 1, offset: str = "") -> str:
        """A reader writes `@bot text` into a message box; returns the query's id."""
        query = self._state.inline.ask(self.user(user_id), clean(text), offset, self._state.now())
        self._state.updates.add("inline_query", query.json())
        return query.id

    def chooses(self, query_id: str, result_id: str, chat_id: int | None = None) -> Message:
        """A reader sends a result of an inline query into a chat (None: the one with the bot).

        Raises `LocalChatError` if the bot gave no such result.
        """
        query = self._state.inline.asked(query_id)
        result = query.result(result_id)
        chat = self._chat_for(query.user, chat_id)
        message = self._state.append(chat, query.user, result.draft, via_bot=self._state.bot)
        self._told(message)
        chosen: Json = {"result_id": result_id, "from": query.user.json(), "query": query.text}
        if message.inline_message_id is not None:
            chosen["inline_message_id"] = message.inline_message_id
        self._state.updates.add("chosen_inline_result", chosen)
        return message

    # Groups, and who may talk to whom

    def make_group(
        self,
        chat_id: int,
        title: str = _GROUP_TITLE,
        kind: str = "supergroup",
        administrators: Iterable[int] = (),
        members: Iterable[int] = (),
        *,
        with_bot: bool = True,
    ) -> Chat:
        """A group or supergroup; the first administrator is its creator. Raises `LocalChatError` for a bad id."""
        if chat_id >= 0 or chat_id in self._state.chats:
            raise LocalChatError(f"A group needs a negative id of its own, not {chat_id}.")
        everybody = dict.fromkeys(members, Membership.MEMBER)
        for place, user_id in enumerate(administrators):
            everybody[user_id] = Membership.ADMINISTRATOR if place else Membership.CREATOR
        for user_id in everybody:
            self.user(user_id)
        if with_bot:
            everybody[self._state.bot.id] = Membership.MEMBER
        chat = self._state.chats[chat_id] = Chat(chat_id, title, kind, members=everybody)
        return chat

    def migrate(self, chat_id: int, new_id: int) -> None:
        """A group becomes a supergroup with another id; what is sent to the old one is refused from now on."""
        old = self._state.chat(chat_id)
        new = self.make_group(new_id, old.title)
        new.members.update(old.members)
        self._told(self._service(old, {"migrate_to_chat_id": new_id}))
        self._told(self._service(new, {"migrate_from_chat_id": chat_id}))
        old.migrated_to = new_id

    def set_membership(self, user_id: int, status: Membership, chat_id: int, by: int = 1) -> None:
        """Somebody joins, leaves, rises or falls. The bot gets `my_chat_member` when it is the one.

        The bot kicked from a private chat is the bot blocked by its reader.
        """
        user = self.user(user_id)
        chat = self._chat_for(self.user(by), chat_id)
        before = member_json(chat, user)
        chat.members[user_id] = status
        if user is self._state.bot:
            change = {"old_chat_member": before, "new_chat_member": member_json(chat, user)}
            who = {"chat": chat.json(), "from": self.user(by).json(), "date": int(self._state.now())}
            self._state.updates.add("my_chat_member", who | change)

    # Inside

    def _chat_for(self, user: User, chat_id: int | None) -> Chat:
        """The chat a reader acts in, made when new: bots cannot open chats, readers can."""
        chat_id = user.id if chat_id is None else chat_id
        if chat_id > 0 and chat_id != user.id:
            raise LocalChatError(f"Chat {chat_id} is private to user {chat_id}; user {user.id} cannot act in it.")
        if chat_id not in self._state.chats:
            if chat_id < 0:
                return self.make_group(chat_id, members=(user.id,))
            everybody = {self._state.bot.id: Membership.MEMBER, user.id: Membership.MEMBER}
            self._state.chats[chat_id] = Chat(chat_id, user.first_name, members=everybody)
        chat = self._state.chats[chat_id]
        chat.members.setdefault(user.id, Membership.MEMBER)
        return chat

    def _service(self, chat: Chat, told: Json) -> Message:
        creators = [user_id for user_id, status in chat.members.items() if status is Membership.CREATOR]
        sender = self.user(creators[0]) if creators else self._state.bot
        return self._state.append(chat, sender, Draft(FormattedText("")), service=told)

    def _told(self, message: Message) -> int:
        """The update of a message, which the bot gets if it hears it; its id."""
        return self._state.updates.add("message", message.json(), heard=hears(self._state.bot, message))
