"""The Bot API's methods, each a function from state and parameters to its result.

getUpdates is not among them: it waits, so it lives at the HTTP edge (`api.py`).
"""

from collections.abc import Callable
from typing import Any, Final

from bot.localchat.chats import ChatState
from bot.localchat.methods import about, groups, inline, messages, webhooks
from bot.localchat.parameters import Parameters

Method = Callable[[ChatState, Parameters], Any]

METHODS: Final[dict[str, Method]] = {
    "getMe": about.get_me,
    "setMyCommands": about.set_my_commands,
    "getMyCommands": about.get_my_commands,
    "deleteMyCommands": about.delete_my_commands,
    "setMyDescription": about.set_my_description,
    "getMyDescription": about.get_my_description,
    "setMyShortDescription": about.set_my_short_description,
    "getMyShortDescription": about.get_my_short_description,
    "sendMessage": messages.send_message,
    "sendPhoto": messages.send_photo,
    "sendDocument": messages.send_document,
    "copyMessage": messages.copy_message,
    "forwardMessage": messages.forward_message,
    "editMessageText": messages.edit_message_text,
    "editMessageCaption": messages.edit_message_caption,
    "editMessageMedia": messages.edit_message_media,
    "editMessageReplyMarkup": messages.edit_message_reply_markup,
    "deleteMessage": messages.delete_message,
    "sendChatAction": messages.send_chat_action,
    "answerCallbackQuery": messages.answer_callback_query,
    "answerInlineQuery": inline.answer_inline_query,
    "getChat": groups.get_chat,
    "getChatMember": groups.get_chat_member,
    "getChatMemberCount": groups.get_chat_member_count,
    "getChatAdministrators": groups.get_chat_administrators,
    "leaveChat": groups.leave_chat,
    "setWebhook": webhooks.set_webhook,
    "deleteWebhook": webhooks.delete_webhook,
    "getWebhookInfo": webhooks.get_webhook_info,
}
GET_UPDATES: Final = "getUpdates"
NAMES: Final = {name.lower(): name for name in (*METHODS, GET_UPDATES)}
"""The names as documented, by their lower-case form: the server does not mind the case."""
