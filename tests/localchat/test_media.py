"""Photos and documents: sent, sent again by their ids, edited, and forgotten in the end."""

import io
from collections.abc import Callable

import httpx
import pytest
from PIL import Image
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, InputMediaPhoto, ReplyParameters
from telegram.error import BadRequest

from bot.localchat import LocalTelegram
from bot.localchat.media import KEPT_BYTES, MediaStore, Upload

KEYBOARD = InlineKeyboardMarkup.from_button(InlineKeyboardButton("👍", callback_data="like"))
WRONG_ID = "(?i)^wrong file identifier/http url specified$"


def picture(width: int = 1200, height: int = 800, kind: str = "PNG") -> bytes:
    """A picture of one colour."""
    stream = io.BytesIO()
    Image.new("RGB", (width, height), "#a3342a").save(stream, kind)
    return stream.getvalue()


async def test_a_photo_arrives_whole_and_is_sent_again_by_its_id(api: Bot, local_telegram: LocalTelegram) -> None:
    card = picture()
    sent = await api.send_photo(
        1,
        card,
        caption="<b>月</b>下 /poem",
        parse_mode="HTML",
        reply_markup=KEYBOARD,
        reply_parameters=ReplyParameters(1),
    )
    assert [(size.width, size.height) for size in sent.photo] == [(90, 60), (320, 213), (800, 533), (1200, 800)]
    assert (sent.text, sent.caption, sent.reply_markup) == (None, "月下 /poem", KEYBOARD)
    assert [entity.type for entity in sent.caption_entities] == ["bold", "bot_command"]
    assert sent.reply_to_message is not None
    again = [await api.send_photo(1, size.file_id) for size in sent.photo]
    kept = local_telegram.messages()[-5:]
    assert [message.media.content if message.media else None for message in kept] == [card] * 5
    assert again[0].photo[-1].file_id == sent.photo[-1].file_id


async def test_a_document_keeps_its_name_and_bytes(api: Bot, local_telegram: LocalTelegram) -> None:
    content = bytes(range(256)) * 8192 + b"\r\n--\n"
    sent = await api.send_document(1, content, filename="詩.json", caption="all")
    assert sent.document is not None
    assert (sent.document.file_name, sent.document.file_size) == ("詩.json", len(content))
    assert sent.document.mime_type == "application/json"
    again = await api.send_document(1, sent.document.file_id)
    assert again.document == sent.document
    media = local_telegram.messages()[-1].media
    assert media is not None
    assert media.content == content
    with pytest.raises(BadRequest, match=r"(?i)can't use file of type document as photo"):
        await api.send_photo(1, sent.document.file_id)


@pytest.mark.parametrize(
    ("make", "caption", "complaint"),
    [
        (lambda: "AgACAgymadeup", "", WRONG_ID),
        (lambda: "https://example.org/moon.png", "", WRONG_ID),
        (lambda: b"no picture", "", "(?i)image_process_failed"),
        (lambda: picture(2100, 100), "", "(?i)photo_invalid_dimensions"),
        (lambda: picture() + bytes(10 << 20), "", "(?i)is too big for a photo; the maximum size is 10485760 bytes"),
        (lambda: picture(9, 9), "月" * 1025, "(?i)message caption is too long"),
    ],
    ids=["id", "url", "text", "narrow", "big", "caption"],
)
async def test_what_is_no_photo_is_refused(
    api: Bot, local_telegram: LocalTelegram, make: Callable[[], bytes | str], caption: str, complaint: str
) -> None:
    with pytest.raises(BadRequest, match=complaint):
        await api.send_photo(1, make(), caption=caption)
    assert len(local_telegram.messages()) == 1


async def test_caption_and_photo_are_edited(api: Bot, local_telegram: LocalTelegram) -> None:
    sent = await api.send_photo(1, picture(), caption="before", reply_markup=KEYBOARD)
    edited = await api.edit_message_caption(1, sent.message_id, caption="after", reply_markup=KEYBOARD)
    assert not isinstance(edited, bool)
    assert (edited.caption, edited.reply_markup) == ("after", KEYBOARD)
    dark = picture(100, 100, "JPEG")
    changed = await api.edit_message_media(InputMediaPhoto(dark, caption="dark"), 1, sent.message_id)
    assert not isinstance(changed, bool)
    assert (changed.caption, len(changed.photo), changed.reply_markup) == ("dark", 2, None)
    message = local_telegram.messages()[-1]
    assert message.media is not None
    assert (message.media.content, message.media.mime_type) == (dark, "image/jpeg")
    assert [edit.text for edit in message.edits] == ["before", "after"]
    same = InputMediaPhoto(changed.photo[-1].file_id, caption="dark")
    with pytest.raises(BadRequest, match="Message is not modified"):
        await api.edit_message_media(same, 1, sent.message_id)
    with pytest.raises(BadRequest, match=r"(?i)there is no text in the message to edit"):
        await api.edit_message_text("x", 1, sent.message_id)


async def test_a_text_has_no_caption(api: Bot) -> None:
    sent = await api.send_message(1, "x")
    with pytest.raises(BadRequest, match=r"(?i)there is no caption in the message to edit"):
        await api.edit_message_caption(1, sent.message_id, caption="y")


async def test_messages_are_copied_and_forwarded(api: Bot) -> None:
    sent = await api.send_photo(1, picture(), caption="月", reply_markup=KEYBOARD)
    copied = await api.copy_message(1, 1, sent.message_id, caption="again")
    forwarded = await api.forward_message(1, 1, sent.message_id)
    assert copied.message_id == sent.message_id + 1
    assert (forwarded.caption, forwarded.photo, forwarded.reply_markup) == ("月", sent.photo, None)
    assert forwarded.forward_origin is not None
    with pytest.raises(BadRequest, match="Message to copy not found"):
        await api.copy_message(1, 1, 99)


async def test_uploads_are_not_kept_in_the_record_of_calls(api: Bot, local_telegram: LocalTelegram) -> None:
    await api.send_photo(1, picture(), caption="月")
    assert local_telegram.calls_of("sendPhoto")[-1].parameters == {"chat_id": "1", "caption": "月"}


async def test_the_page_shows_photos_and_saves_documents(api: Bot, local_telegram: LocalTelegram) -> None:
    photo = (await api.send_photo(1, picture())).photo[-1].file_id
    hostile = (await api.send_document(1, b"<script>alert(1)</script>", filename="詩.html")).document
    assert hostile is not None
    async with httpx.AsyncClient(base_url=local_telegram.page_url) as client:
        shown = await client.get(f"/page/media/{photo}")
        saved = await client.get(f"/page/media/{hostile.file_id}")
        unknown = await client.get("/page/media/AgACAgymadeup")
        foreign = await client.get(f"/page/media/{photo}", headers={"Host": "evil.example"})
        media = local_telegram.messages()[-2].media
        assert media is not None
        media.content = None
        gone = await client.get(f"/page/media/{photo}")
    assert (shown.headers["content-type"], shown.content) == ("image/png", picture())
    assert saved.headers["content-type"] == "application/octet-stream"
    assert saved.headers["content-disposition"] == "attachment; filename*=UTF-8''%E8%A9%A9.html"
    assert [answer.status_code for answer in (unknown, foreign, gone)] == [400, 403, 410]


def test_memory_is_bounded_and_ids_outlive_their_content() -> None:
    store = MediaStore()
    quarter = bytes(KEPT_BYTES // 4)
    first, *others = [store.add("document", Upload(f"{n}.bin", quarter)) for n in range(5)]
    assert first.content is None
    assert all(media.content == quarter for media in others)
    assert store.find(first.file_id, "document") is first
