"""What groups have that private chats have not: members, administrators, and messages that the bot does not hear."""

from bot.localchat.formatting import Entity
from bot.localchat.messages import Chat, Membership, Message, User
from bot.localchat.updates import Json

_RIGHTS = (
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
)


def hears(bot: User, message: Message) -> bool:
    """Whether the bot gets a message, in privacy mode as it is set by default.

    In groups it gets commands that do not name another bot, replies to it, its mentions, what was sent through it, and
    service messages; as an administrator it gets all, as a stranger nothing.
    https://core.telegram.org/bots/features#privacy-mode
    """
    chat = message.chat
    if chat.is_private:
        return True
    standing = chat.members.get(bot.id, Membership.LEFT)
    if not standing.is_inside:
        return False
    if standing.is_administrator or message.via_bot is bot or message.service is not None:
        return True
    if message.reply_to is not None and message.reply_to.sender is bot:
        return True
    return any(_calls(bot, entity, message.text) for entity in message.entities)


def member_json(chat: Chat, user: User) -> Json:
    """The Bot API's ChatMember object."""
    status = chat.members.get(user.id, Membership.LEFT)
    fields: Json = {"user": user.json(), "status": status.value}
    if status is Membership.CREATOR:
        return fields | {"is_anonymous": False}
    if status is Membership.ADMINISTRATOR:
        return fields | {"can_be_edited": False, "is_anonymous": False} | dict.fromkeys(_RIGHTS, True)
    if status is Membership.KICKED:
        return fields | {"until_date": 0}
    return fields


def _calls(bot: User, entity: Entity, text: str) -> bool:
    """Whether a command may be meant for the bot, or a mention is."""
    units = text.encode("utf-16-le")
    written = units[2 * entity.offset : 2 * entity.end].decode("utf-16-le", "replace").lower()
    name = f"@{bot.username or ''}".lower()
    if entity.type == "bot_command":
        return "@" not in written or written.endswith(name)
    return entity.type == "mention" and written == name
