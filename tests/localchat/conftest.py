"""Fixtures of the local chat's tests: a Bot API client, a small scripted bot, and a browser with the chat page."""

import os
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, ViewportSize, async_playwright
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.ext import (
    Application,
    ApplicationBuilder,
    CallbackQueryHandler,
    CommandHandler,
    ContextTypes,
    MessageHandler,
    filters,
)

from bot.localchat import LocalTelegram

POEM = "月下孤舟過遠灘，江風吹葉夜初寒。\n一聲鐘起山中寺，行客無眠倚曲欄。"


@pytest.fixture
async def api(local_telegram: LocalTelegram) -> AsyncIterator[Bot]:
    """python-telegram-bot's client of the running server, in which reader 1 has already written message 1."""
    local_telegram.user_sends("hello")
    async with Bot(local_telegram.token, base_url=local_telegram.base_url) as bot:
        yield bot


# The scripted bot

Context = ContextTypes.DEFAULT_TYPE


def rating(likes: int) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(
        [
            [InlineKeyboardButton(f"👍 {likes}", callback_data=f"like {likes + 1}")],
            [InlineKeyboardButton("？", callback_data="explain")],
        ]
    )


async def _poem(update: Update, _: Context) -> None:
    assert update.effective_chat is not None
    await update.effective_chat.send_message(POEM, reply_markup=rating(0))


async def _echo(update: Update, _: Context) -> None:
    assert update.message is not None
    await update.message.reply_text(f"you said: {update.message.text}")


async def _press(update: Update, _: Context) -> None:
    query = update.callback_query
    assert query is not None
    assert query.data is not None
    if query.data == "explain":
        await query.answer("A boat under the moon.", show_alert=True)
        return
    await query.answer("Thank you")
    await query.edit_message_reply_markup(rating(int(query.data.removeprefix("like "))))


@asynccontextmanager
async def scripted_bot(server: LocalTelegram) -> AsyncIterator[Application[Any, Any, Any, Any, Any, Any]]:
    """A bot that polls: /poem gives a poem with buttons, any other text comes back."""
    application = ApplicationBuilder().token(server.token).base_url(server.base_url).build()
    application.add_handler(CommandHandler("poem", _poem))
    application.add_handler(MessageHandler(filters.TEXT, _echo))
    application.add_handler(CallbackQueryHandler(_press))
    assert application.updater is not None
    async with application:
        await application.start()
        await application.updater.start_polling()
        yield application
        await application.updater.stop()
        await application.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def server() -> AsyncIterator[LocalTelegram]:
    """A server with the scripted bot, in the event loop that a module's tests share: a browser lives as long."""
    server = LocalTelegram()
    async with server.running(), scripted_bot(server):
        yield server


@pytest.fixture
def poem() -> str:
    """What the scripted bot answers to /poem."""
    return POEM


# The browser

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
# Without a sandbox (CI runs as root) and without anything that calls out to the network.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
OpenPage = Callable[..., AbstractAsyncContextManager[Page]]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser() -> AsyncIterator[Browser]:
    """Headless Chromium, one for all tests of a module."""
    if CHROMIUM is None and os.environ.get("YUEXIA_REQUIRE_BROWSER") != "1":
        pytest.skip("no Chromium found: the chat page was not tested")
    assert CHROMIUM is not None, "YUEXIA_REQUIRE_BROWSER is set and there is no Chromium: install Debian's chromium"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def open_page(browser: Browser) -> OpenPage:
    """Opens the chat page of a server, in a browser context of its own with the options given.

    The test fails if the page's script or its security policy complained.
    """

    @asynccontextmanager
    async def opened(
        server: LocalTelegram, width: int = 1280, height: int = 900, **options: Any
    ) -> AsyncIterator[Page]:
        viewport = ViewportSize(width=width, height=height)
        context = await browser.new_context(viewport=viewport, **{"locale": "en-US", **options})
        page = await context.new_page()
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        await page.goto(server.page_url)
        await page.locator("body[data-connection=here]").wait_for()
        yield page
        await context.close()
        # A test that stops the server expects the browser to say so.
        assert [complaint for complaint in complaints if "net::ERR_" not in complaint] == []

    return opened


@pytest_asyncio.fixture(loop_scope="module")
async def page(open_page: OpenPage, server: LocalTelegram) -> AsyncIterator[Page]:
    """The chat page at desktop width, opened."""
    async with open_page(server) as page:
        yield page
