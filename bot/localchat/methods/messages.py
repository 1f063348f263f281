"""Sending, editing and deleting messages."""

from bot.localchat.chats import ChatState
from bot.localchat.errors import bad_request
from bot.localchat.formatting import FormattedText
from bot.localchat.media import Media
from bot.localchat.messages import Draft, Message
from bot.localchat.parameters import Parameters
from bot.localchat.updates import Json


def send_message(state: ChatState, given: Parameters) -> Json:
    return _send(state, given, given.text())


def send_photo(state: ChatState, given: Parameters) -> Json:
    return _send(state, given, given.caption(), _media(state, given, "photo", "photo"))


def send_document(state: ChatState, given: Parameters) -> Json:
    return _send(state, given, given.caption(), _media(state, given, "document", "document"))


def copy_message(state: ChatState, given: Parameters) -> Json:
    original = _original(state, given, "copy")
    has_new_caption = original.media is not None and "caption" in given.values
    content = given.caption() if has_new_caption else FormattedText(original.text, original.entities)
    return {"message_id": _send(state, given, content, original.media)["message_id"]}


def forward_message(state: ChatState, given: Parameters) -> Json:
    return state.forward(given.chat_id, _original(state, given, "forward")).json()


def edit_message_text(state: ChatState, given: Parameters) -> Json | bool:
    message = _message_to_edit(state, given)
    if message.media is not None:
        raise bad_request("there is no text in the message to edit")
    return _edit(state, given, message, given.text())


def edit_message_caption(state: ChatState, given: Parameters) -> Json | bool:
    message = _message_to_edit(state, given)
    if message.media is None:
        raise bad_request("there is no caption in the message to edit")
    return _edit(state, given, message, given.caption())


def edit_message_media(state: ChatState, given: Parameters) -> Json | bool:
    message = _message_to_edit(state, given)
    media = given.object("media", "can't parse input media JSON object")
    if media is None or media.string("type") not in ("photo", "document"):
        raise bad_request("can't parse InputMedia: unsupported type specified")
    return _edit(state, given, message, media.caption(), _media(state, media, "media", media.string("type")))


def edit_message_reply_markup(state: ChatState, given: Parameters) -> Json | bool:
    return _edit(state, given, _message_to_edit(state, given), None)


def delete_message(state: ChatState, given: Parameters) -> bool:
    state.delete(given.chat_id, given.message_id)
    return True


def send_chat_action(state: ChatState, given: Parameters) -> bool:
    state.act(given.chat_id, given.string("action"))
    return True


def answer_callback_query(state: ChatState, given: Parameters) -> bool:
    state.answer(given.string("callback_query_id"), given.string("text"), given.flag("show_alert"))
    return True


def _send(state: ChatState, given: Parameters, content: FormattedText, media: Media | None = None) -> Json:
    draft = Draft(content, media, given.inline_keyboard(), given.reply_request())
    return state.send(given.chat_id, draft, given.reply()).json()


def _edit(
    state: ChatState, given: Parameters, message: Message, content: FormattedText | None, media: Media | None = None
) -> Json | bool:
    state.edit(message, content, given.inline_keyboard(), media)
    return message.json() if message.inline_message_id is None else True


def _media(state: ChatState, given: Parameters, name: str, kind: str) -> Media:
    """The photo or document given under `name`, a new upload or one that the server knows."""
    file = given.file(name)
    if file is None:
        raise bad_request(f"there is no {kind} in the request")
    return state.media.find(file, kind) if isinstance(file, str) else state.media.add(kind, file)


def _message_to_edit(state: ChatState, given: Parameters) -> Message:
    inline_message_id = given.string("inline_message_id")
    if inline_message_id:
        return state.inline_message(inline_message_id)
    return state.message(given.chat_id, given.message_id, "edit")


def _original(state: ChatState, given: Parameters, purpose: str) -> Message:
    original = state.message(given.chat("from_chat_id"), given.message_id, purpose)
    if original.service is not None:
        raise bad_request(f"message can't be {'copied' if purpose == 'copy' else 'forwarded'}")
    return original
