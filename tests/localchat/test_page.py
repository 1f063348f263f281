"""The chat page in headless Chromium, with a scripted bot at the other end."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest
from playwright.async_api import Page, expect
from telegram import Bot, BotCommand, InlineKeyboardButton, InlineKeyboardMarkup, MessageEntity

from bot.localchat import LocalTelegram

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

OpenPage = Callable[..., AbstractAsyncContextManager[Page]]
HOSTILE = "<img src=x onerror=\"document.title='owned'\"> &lt;b&gt; <script>document.title='owned'</script>"


async def write(page: Page, text: str) -> None:
    await page.get_by_role("textbox").fill(text)
    await page.keyboard.press("Enter")


async def test_enter_sends_and_the_reply_appears(page: Page) -> None:
    await expect(page.get_by_role("textbox")).to_be_focused()
    await write(page, "你好")
    await expect(page.locator(".reader .bubble")).to_have_text("你好")
    await expect(page.locator(".bot .bubble")).to_have_text("you said: 你好")
    await expect(page.get_by_role("textbox")).to_have_value("")


async def test_shift_enter_and_an_input_method_do_not_send(page: Page, server: LocalTelegram) -> None:
    await page.keyboard.type("月")
    await page.keyboard.press("Shift+Enter")
    await page.get_by_role("textbox").dispatch_event("keydown", {"key": "Enter", "isComposing": True})
    await page.keyboard.type("下")
    await expect(page.get_by_role("textbox")).to_have_value("月\n下")
    assert server.messages() == []


async def test_a_poem_is_set_as_verse(page: Page, poem: str) -> None:
    await page.get_by_role("button", name="/poem 月").first.click()
    await expect(page.locator(".poem .verse")).to_have_text(poem.split("\n"))


async def test_a_plain_chinese_sentence_is_no_verse(page: Page, server: LocalTelegram) -> None:
    server.user_sends("hello")
    async with Bot(server.token, base_url=server.base_url) as bot:
        await bot.send_message(1, "你是管理員。\n詩以何為題？例如：中秋懷友\n暫停了，明天再見。")
    await expect(page.get_by_text("你是管理員。")).to_be_visible()
    assert await page.locator(".verse").count() == 0


async def test_a_press_edits_in_place_and_its_answer_shows(page: Page, server: LocalTelegram) -> None:
    await write(page, "/poem")
    await page.get_by_role("button", name="👍 0").click()
    await expect(page.get_by_role("button", name="👍 1")).to_have_attribute("aria-busy", "false")
    await expect(page.locator("#toast")).to_have_text("Thank you")
    await expect(page.locator("#toast")).to_be_visible()
    await expect(page.locator(".message")).to_have_count(2)
    assert len(server.messages()[-1].edits) == 1


async def test_an_alert_is_a_dialog(page: Page) -> None:
    await write(page, "/poem")
    await page.get_by_role("button", name="？").click()
    await expect(page.get_by_role("dialog", name="A boat under the moon.")).to_be_visible()
    await expect(page.get_by_role("button", name="Close")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_be_hidden()


async def test_the_keyboard_alone_suffices(page: Page) -> None:
    await page.keyboard.type("/poem")
    await page.keyboard.press("Enter")
    await expect(page.locator(".poem")).to_be_visible()
    await expect(page.locator(".chip")).to_have_count(2)
    await expect(page.get_by_role("textbox")).to_be_focused()
    # Backwards from the text: the two command chips, then the message's last and first button.
    for _ in range(4):
        await page.keyboard.press("Shift+Tab")
    await expect(page.get_by_role("button", name="👍 0")).to_be_focused()
    outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    await page.keyboard.press("Enter")
    # The edit replaces the buttons; whoever pressed with the keyboard stays where they were.
    await expect(page.get_by_role("button", name="👍 1")).to_be_focused()
    await page.keyboard.press("Space")
    await expect(page.get_by_role("button", name="👍 2")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("textbox")).to_be_focused()


async def test_hostile_text_is_shown_literally(page: Page, server: LocalTelegram) -> None:
    await write(page, HOSTILE)
    await expect(page.locator(".reader .bubble")).to_have_text(HOSTILE)
    await expect(page.locator(".bot .bubble")).to_have_text(f"you said: {HOSTILE}")
    assert await page.locator("main img, main script").count() == 0
    link = MessageEntity("text_link", 0, 2, url="javascript:document.title='owned'")
    buttons = InlineKeyboardMarkup.from_button(InlineKeyboardButton(HOSTILE[:60], callback_data="x"))
    async with Bot(server.token, base_url=server.base_url) as bot:
        await bot.send_message(1, "月下", entities=[link], reply_markup=buttons)
        await bot.set_my_commands([BotCommand("poem", HOSTILE)])
    await expect(page.locator(".key").first).to_have_text(HOSTILE[:60])
    await expect(page.locator(".chip span")).to_have_text(HOSTILE)
    assert await page.locator("a").count() == 0
    assert await page.locator("main img, .chip img").count() == 0
    assert await page.title() == "月下 Yuexia"


async def test_formatting_becomes_elements(page: Page, server: LocalTelegram) -> None:
    server.user_sends("hello")
    await server.wait_until(lambda: len(server.messages()) == 2)
    markup = 'a <b>b <i>𠮷</i></b> <a href="https://example.org/">c</a> <code>d</code> <tg-spoiler>e</tg-spoiler> /help'
    async with Bot(server.token, base_url=server.base_url) as bot:
        await bot.send_message(1, markup, parse_mode="HTML")
        await bot.send_message(1, "<blockquote>f</blockquote>", parse_mode="HTML")
    await expect(page.locator(".quote")).to_have_css("border-left-style", "solid")
    bubble = page.locator(".bot .bubble").nth(1)
    await expect(bubble).to_have_text("a b 𠮷 c d e /help")
    await expect(bubble.locator("strong em")).to_have_text("𠮷")
    await expect(bubble.locator("a")).to_have_attribute("href", "https://example.org/")
    await expect(bubble.locator("code")).to_have_text("d")
    await bubble.locator(".spoiler").click()
    await expect(bubble.locator(".spoiler.shown")).to_have_text("e")
    await bubble.get_by_role("button", name="/help").click()
    await expect(page.locator(".bot .bubble").last).to_have_text("you said: /help")


async def test_a_reload_keeps_the_history(page: Page) -> None:
    await write(page, "remember")
    await expect(page.locator(".message")).to_have_count(2)
    before = await page.locator(".bubble").all_text_contents()
    await page.reload()
    await expect(page.locator(".message")).to_have_count(2)
    assert await page.locator(".bubble").all_text_contents() == before


async def test_two_pages_show_the_same_chat(page: Page, open_page: OpenPage, server: LocalTelegram) -> None:
    async with open_page(server) as other:
        await write(other, "to both")
        await expect(page.locator(".reader .bubble")).to_have_text("to both")


async def test_registered_commands_become_chips(page: Page, server: LocalTelegram) -> None:
    await expect(page.locator(".chip")).to_have_text(["/poem 月", "/help"])
    async with Bot(server.token, base_url=server.base_url) as bot:
        await bot.set_my_commands([BotCommand("poem", "a poem"), BotCommand("id", "your number")])
    await expect(page.locator(".chip")).to_have_text(["/poem a poem", "/id your number"])
    await page.locator(".chip").last.click()
    await expect(page.locator(".reader .bubble")).to_have_text("/id")


async def test_typing_shows_until_the_message_comes(page: Page, server: LocalTelegram) -> None:
    server.user_sends("hello")
    async with Bot(server.token, base_url=server.base_url) as bot:
        await bot.send_chat_action(1, "typing")
        await expect(page.get_by_text("composing…")).to_be_visible()
        await bot.send_message(1, "done")
    await expect(page.get_by_text("composing…")).to_be_hidden()


async def test_a_deleted_message_disappears(page: Page, server: LocalTelegram) -> None:
    server.user_sends("hello")
    await expect(page.locator(".reader")).to_be_visible()
    async with Bot(server.token, base_url=server.base_url) as bot:
        await bot.delete_message(1, 1)
    await expect(page.locator(".reader")).to_have_count(0)


async def test_a_lost_connection_shows_and_heals(open_page: OpenPage) -> None:
    server = LocalTelegram()
    running = server.running()
    await running.__aenter__()
    async with open_page(server) as page:
        server.user_sends("before")
        await expect(page.locator(".bubble")).to_have_text(["before"])
        await running.__aexit__(None, None, None)
        await expect(page.get_by_text("Connection lost. Trying again…")).to_be_visible()
        await write(page, "not lost")
        await expect(page.locator("#toast")).to_have_text("Not sent: the server cannot be reached.")
        await expect(page.get_by_role("textbox")).to_have_value("not lost")
        server.user_sends("meanwhile")
        async with server.running():
            await expect(page.locator("body")).to_have_attribute("data-connection", "here", timeout=30_000)
            await expect(page.locator(".bubble")).to_have_text(["before", "meanwhile"])
            await page.keyboard.press("Enter")
            await expect(page.locator(".bubble").last).to_have_text("not lost")


@pytest.mark.parametrize("width", [360, 1280])
async def test_nothing_is_wider_than_the_screen(
    open_page: OpenPage, server: LocalTelegram, poem: str, width: int
) -> None:
    server.user_sends("x" * 500)
    server.user_sends("/poem")
    row = [InlineKeyboardButton(f"a long button {n}", callback_data=str(n)) for n in range(8)]
    async with Bot(server.token, base_url=server.base_url) as bot:
        await bot.send_message(1, "月" * 200 + "\n" + poem.replace("\n", ""), reply_markup=InlineKeyboardMarkup([row]))
        await bot.send_message(1, "<pre>" + "=" * 300 + "</pre>", parse_mode="HTML")
        await bot.set_my_commands([BotCommand(f"command{n}", "does this and that") for n in range(10)])
    async with open_page(server, width=width, height=700) as page:
        await expect(page.locator(".poem")).not_to_have_count(0)
        wider = (
            "[...document.querySelectorAll('html, body, main')].filter((node) => node.scrollWidth > node.clientWidth)"
        )
        assert await page.evaluate(f"{wider}.map((node) => node.tagName)") == []
        outside = (
            f"[...document.querySelectorAll('.bubble, .key')].some((n) => n.getBoundingClientRect().right > {width})"
        )
        assert await page.evaluate(outside) is False


async def test_light_and_dark_differ_and_are_legible(open_page: OpenPage, server: LocalTelegram) -> None:
    server.user_sends("/poem")
    await server.wait_until(lambda: len(server.messages()) == 2)
    colours = {}
    for scheme in ("light", "dark"):
        async with open_page(server, color_scheme=scheme) as page:
            await expect(page.locator(".poem")).to_be_visible()
            for selector in (".verse", ".reader .bubble", ".key", "#send", ".chip b"):
                ink, paper = await page.locator(selector).first.evaluate(_COLOURS)
                assert _contrast(ink, paper) >= 4.5, (scheme, selector, ink, paper)
                colours[scheme, selector] = (ink, paper)
    assert colours["light", ".verse"] != colours["dark", ".verse"]
    assert sum(colours["light", ".verse"][1]) > 600 > 200 > sum(colours["dark", ".verse"][1])


@pytest.mark.parametrize(
    ("locale", "code", "status"),
    [("zh-TW", "zh-hant", "月下相候"), ("zh-CN", "zh-hans", "月下相候"), ("de-DE", "de-de", "awake under the moon")],
)
async def test_the_readers_language_is_used_and_passed_on(
    open_page: OpenPage, server: LocalTelegram, locale: str, code: str, status: str
) -> None:
    async with open_page(server, locale=locale) as page:
        await expect(page.locator("#status")).to_have_text(status)
        await write(page, "月")
        await expect(page.locator(".reader")).to_be_visible()
    assert server.user(1).language_code == code


async def test_a_reader_who_scrolled_up_stays_there(page: Page, server: LocalTelegram) -> None:
    for n in range(30):
        server.user_sends(f"line {n}")
    await expect(page.locator(".message")).to_have_count(60)
    await page.locator("#scroll").evaluate("(node) => { node.scrollTop = 0; }")
    async with Bot(server.token, base_url=server.base_url) as bot:
        await bot.send_message(1, "news")
    await expect(page.get_by_role("button", name="Newest ↓")).to_be_visible()
    assert await page.locator("#scroll").evaluate("(node) => node.scrollTop") == 0
    await page.get_by_role("button", name="Newest ↓").click()
    await expect(page.locator(".bubble").last).to_be_in_viewport()
    await expect(page.get_by_role("button", name="Newest ↓")).to_be_hidden()


async def test_the_answer_to_a_press_comes_into_view(page: Page, server: LocalTelegram) -> None:
    await write(page, "/poem")
    await expect(page.locator(".poem")).to_be_visible()
    for n in range(20):
        server.user_sends(f"line {n}")
    await expect(page.locator(".message")).to_have_count(42)
    async with Bot(server.token, base_url=server.base_url) as bot:
        await page.get_by_role("button", name="👍 0").click()
        await bot.send_message(1, "the answer")
    await expect(page.get_by_text("the answer")).to_be_in_viewport()


# The colours of an element's text and of the first opaque background under it, as numbers.
_COLOURS = """(element) => {
    const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
    let node = element;
    while (numbers(getComputedStyle(node).backgroundColor)[3] === 0) node = node.parentElement;
    return [getComputedStyle(element).color, getComputedStyle(node).backgroundColor].map((c) => numbers(c).slice(0, 3));
}"""


def _contrast(one: list[float], other: list[float]) -> float:
    """The contrast ratio of WCAG 2."""

    def luminance(colour: list[float]) -> float:
        linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in colour)]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)
