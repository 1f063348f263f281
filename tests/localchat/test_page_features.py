"""Pictures, files, links, questions and inline mode on the chat page."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect
from telegram import (
    Bot,
    CopyTextButton,
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InlineQueryResultsButton,
    InputTextMessageContent,
)

from bot.localchat import LocalTelegram
from tests.localchat.test_media import picture

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

OpenPage = Callable[..., AbstractAsyncContextManager[Page]]
LINK = "https://t.me/yuexia_bot?start=p_12"


@pytest_asyncio.fixture(loop_scope="module")
async def telegram() -> AsyncIterator[LocalTelegram]:
    """A server whose bot is the test itself."""
    server = LocalTelegram()
    async with server.running():
        yield server


@pytest_asyncio.fixture(loop_scope="module")
async def bot(telegram: LocalTelegram) -> AsyncIterator[Bot]:
    """The bot, in whose chat the reader has written message 1."""
    telegram.user_sends("hello")
    async with Bot(telegram.token, base_url=telegram.base_url) as bot:
        yield bot


@pytest_asyncio.fixture(loop_scope="module")
async def page(open_page: OpenPage, telegram: LocalTelegram, bot: Bot) -> AsyncIterator[Page]:
    """The chat page on a phone."""
    async with open_page(telegram, width=390, height=844, permissions=["clipboard-read", "clipboard-write"]) as page:
        yield page


async def test_a_picture_and_a_file_are_shown(page: Page, bot: Bot) -> None:
    await bot.send_photo(1, picture(1080, 1350), caption="月下")
    image = page.get_by_role("img", name="月下")
    await expect(image).to_be_in_viewport(ratio=1)
    assert await image.evaluate("(node) => [node.naturalWidth, node.naturalHeight]") == [1080, 1350]
    box = await image.bounding_box()
    assert box is not None
    assert box["width"] / box["height"] == pytest.approx(0.8, 0.02)
    await expect(page.get_by_role("button", name="Newest ↓")).to_be_hidden()
    assert box["x"] + box["width"] <= 390
    await bot.send_document(1, b"{}" * 1024, filename="詩.json")
    async with page.expect_download() as downloading:
        await page.get_by_role("link", name="詩.json 2 kB").click()
    download = await downloading.value
    assert download.suggested_filename == "詩.json"
    await download.delete()


async def test_links_into_the_chat_say_start_here(page: Page, bot: Bot, telegram: LocalTelegram) -> None:
    row = [
        InlineKeyboardButton("open", url=LINK),
        InlineKeyboardButton("site", url="https://example.org/"),
        InlineKeyboardButton("copy", copy_text=CopyTextButton("月下")),
    ]
    await bot.send_message(1, f'<a href="{LINK}">poem</a> {LINK}3', parse_mode="HTML", reply_markup=_keyboard(row))
    for name in ("open", "poem", f"{LINK}3"):
        await page.get_by_role("button", name=name, exact=True).click()
    await telegram.wait_until(lambda: len(telegram.messages()) == 5)
    assert [message.text for message in telegram.messages()[2:]] == ["/start p_12", "/start p_12", "/start p_123"]
    await expect(page.get_by_role("link", name="site ↗")).to_have_attribute("href", "https://example.org/")
    await page.get_by_role("button", name="copy").click()
    await expect(page.locator("#toast")).to_have_text("Copied")
    assert await page.evaluate("navigator.clipboard.readText()") == "月下"


async def test_a_question_is_answered_with_a_reply(page: Page, bot: Bot, telegram: LocalTelegram) -> None:
    box = page.get_by_role("textbox")
    for cancelled in (True, False):
        asked = await bot.send_message(1, "Which title?", reply_markup=ForceReply(input_field_placeholder="中秋懷友"))
        await expect(box).to_have_attribute("placeholder", "中秋懷友")
        if cancelled:
            await page.get_by_role("button", name="Do not answer").click()
        await box.fill("秋夜")
        await page.keyboard.press("Enter")
        await expect(page.locator(".reader .bubble").last).to_contain_text("秋夜")
        reply = telegram.messages()[-1].reply_to
        assert (reply is None) if cancelled else (reply is not None and reply.message_id == asked.message_id)
        await expect(box).to_have_attribute("placeholder", "Write a message")
    await expect(page.locator(".reader .quoted")).to_have_text("Which title?")


async def test_inline_mode_offers_and_sends(page: Page, bot: Bot, telegram: LocalTelegram) -> None:
    row = [InlineKeyboardButton("try", switch_inline_query_current_chat="月")]
    await bot.send_message(1, "x", reply_markup=_keyboard(row))
    await page.get_by_role("button", name="try").click()
    await expect(page.get_by_role("textbox")).to_have_value("@yuexia_bot 月")
    help_button = InlineQueryResultsButton("Help", start_parameter="help")
    await bot.answer_inline_query(await _asked(bot, "", "月"), [_poem("a")], next_offset="1", button=help_button)
    await expect(page.locator("#results b")).to_have_text(["Help", "poem a"])
    await page.get_by_role("button", name="More").click()
    await bot.answer_inline_query(await _asked(bot, "1", "月"), [_poem("b")])
    await expect(page.locator("#results b")).to_have_text(["poem a", "poem b"])
    await page.keyboard.press("Enter")
    assert len(telegram.messages()) == 2
    await page.get_by_role("button", name="poem b").click()
    await expect(page.locator(".via")).to_contain_text("via @yuexia_bot")
    await expect(page.locator(".via .verse")).to_have_count(2)
    await expect(page.get_by_role("textbox")).to_have_value("")
    await expect(page.locator("#results")).to_be_hidden()
    await page.locator(".via").get_by_role("button", name="like").click()
    await telegram.wait_until(lambda: telegram.pending_updates > 0)
    press = (await bot.get_updates())[-1].callback_query
    assert press is not None
    assert press.inline_message_id == telegram.messages()[-1].inline_message_id


async def _asked(bot: Bot, offset: str, query: str) -> str:
    """Wait for an inline query; its id. Confirms every update."""
    while True:
        for update in await bot.get_updates(timeout=10):
            await bot.get_updates(offset=update.update_id + 1)
            if update.inline_query and (update.inline_query.offset, update.inline_query.query) == (offset, query):
                return update.inline_query.id


def _poem(name: str) -> InlineQueryResultArticle:
    content = InputTextMessageContent("月下孤舟過遠灘，江風吹葉夜初寒。\n一聲鐘起山中寺，行客無眠倚曲欄。")
    keyboard = _keyboard([InlineKeyboardButton("like", callback_data="like")])
    return InlineQueryResultArticle(name, f"poem {name}", content, keyboard, description="月下孤舟過遠灘")


def _keyboard(row: list[InlineKeyboardButton]) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([row])
