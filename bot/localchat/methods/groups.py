"""Chats and who is in them."""

from bot.localchat.chats import ChatState
from bot.localchat.errors import bad_request
from bot.localchat.groups import member_json
from bot.localchat.messages import Membership
from bot.localchat.parameters import Parameters
from bot.localchat.updates import Json


def get_chat(state: ChatState, given: Parameters) -> Json:
    gifts = dict.fromkeys(
        ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"), True
    )
    return state.chat(given.chat_id).json() | {
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": gifts,
    }


def get_chat_member(state: ChatState, given: Parameters) -> Json:
    chat = state.chat(given.chat_id)
    user = state.users.get(given.integer("user_id"))
    if user is None:
        raise bad_request("PARTICIPANT_ID_INVALID")
    return member_json(chat, user)


def get_chat_member_count(state: ChatState, given: Parameters) -> int:
    return sum(status.is_inside for status in state.chat(given.chat_id).members.values())


def get_chat_administrators(state: ChatState, given: Parameters) -> list[Json]:
    chat = state.chat(given.chat_id)
    if chat.is_private:
        raise bad_request("there are no administrators in the private chat")
    return [
        member_json(chat, state.users[user_id])
        for user_id, status in chat.members.items()
        if status.is_administrator and user_id != state.bot.id
    ]


def leave_chat(state: ChatState, given: Parameters) -> bool:
    chat = state.chat(given.chat_id)
    if chat.is_private:
        raise bad_request("chat member status can't be changed in private chats")
    chat.members[state.bot.id] = Membership.LEFT
    return True
