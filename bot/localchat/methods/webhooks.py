"""How updates reach the bot."""

from bot.localchat.chats import ChatState
from bot.localchat.parameters import Parameters
from bot.localchat.updates import Json


def delete_webhook(state: ChatState, given: Parameters) -> bool:
    if given.flag("drop_pending_updates"):
        state.updates.clear()
    return True


def get_webhook_info(state: ChatState, _: Parameters) -> Json:
    return {"url": "", "has_custom_certificate": False, "pending_update_count": len(state.updates)}
