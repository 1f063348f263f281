"""`make pictures`: the README's pictures, from the real bot on its chat page in headless Chromium.

The page is as a phone shows it, in English, and the poet is the one that ships. 👍 needs a font of its own (Debian's
fonts-noto-color-emoji).
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.sync_api import Locator, Page, ViewportSize, expect, sync_playwright

IMAGES: Final = Path(__file__).parent / "images"

_PHONE: Final[ViewportSize] = {"width": 420, "height": 830}
# A fine line stays one when a page shows the picture at half its size.
_PIXELS: Final = 2
_CARD_WIDTH: Final = 720
_COLOURS: Final = 256
_PATIENCE_MS: Final = 60_000


def main() -> int:
    """Take every picture; returns the exit status."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        sys.stderr.write("error: no Chromium is installed (on Debian: apt install chromium)\n")
        return 1
    with chat_page() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport=_PHONE, device_scale_factor=_PIXELS, locale="en-US", color_scheme="light")
        page.set_default_timeout(_PATIENCE_MS)
        expect.set_options(timeout=_PATIENCE_MS)
        page.goto(url)
        photograph_poem(page)
        photograph_cards(page)
        photograph_choice(page)
        browser.close()
    return 0


def photograph_poem(page: Page) -> None:
    """/poem, its answer, and all buttons."""
    say(page, "/poem 月 七絕")
    answer = last(page)
    expect(answer.get_by_role("button", name="👍")).to_be_visible()
    answer.get_by_role("button", name="👍").click()
    expect(answer.get_by_role("button", name="👍 1")).to_be_visible()
    answer.get_by_role("button", name="☆").click()
    expect(answer.get_by_role("button", name="★")).to_be_visible()
    expect(page.locator("#toast.shown")).to_have_count(0)
    save("chat.png", page.screenshot())


def photograph_cards(page: Page) -> None:
    """The poem's cards, as they are sent."""
    poem = last(page)
    for paper in ("Light", "Dark"):
        poem.get_by_role("button", name="Card").click()
        with answered(page):
            poem.get_by_role("button", name=f"{paper} paper").click()
        picture = last(page).get_by_role("img")
        expect(picture).to_be_visible()
        poem.get_by_role("button", name="Card").wait_for()
        source = picture.get_attribute("src")
        assert source is not None
        save(f"card-{paper.lower()}.png", page.request.get(f"{page.url.rstrip('/')}{source}").body(), _CARD_WIDTH)


def photograph_choice(page: Page) -> None:
    """/compose: the form is chosen, the beginning is asked for."""
    say(page, "/compose")
    last(page).get_by_role("button", name="七絕").click()
    page.mouse.move(0, 0)
    expect(last(page).get_by_role("button", name="雪")).to_be_visible()
    save("compose.png", page.screenshot())


def say(page: Page, words: str) -> None:
    """Write to the bot, and wait until it has answered."""
    page.locator("#text").fill(words)
    with answered(page):
        page.locator("#text").press("Enter")


@contextmanager
def answered(page: Page) -> Iterator[None]:
    """What is done in the block is answered with a message of the bot's."""
    messages = page.locator(".message.bot")
    before = messages.count()
    yield
    expect(messages).to_have_count(before + 1)


def last(page: Page) -> Locator:
    """The bot's message that is the last one now; it stays that one."""
    messages = page.locator(".message.bot")
    return messages.nth(messages.count() - 1)


def save(name: str, picture: bytes, width: int | None = None) -> None:
    """Write a picture with few colours, which keeps the repository small."""
    image = Image.open(BytesIO(picture)).convert("RGB")
    if width is not None:
        image = image.resize((width, round(image.height * width / image.width)), Image.Resampling.LANCZOS)
    IMAGES.mkdir(exist_ok=True)
    image.quantize(_COLOURS).save(IMAGES / name, optimize=True)
    print(IMAGES / name)


@contextmanager
def chat_page() -> Iterator[str]:
    """The bot with an empty database, and the address of its chat page."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as home:
        known = {name: value for name, value in os.environ.items() if not re.match("YUEXIA_|TELEGRAM_", name)}
        told = {**known, "YUEXIA_HOME": home, "YUEXIA_PORT": str(port)}
        program = Path(sys.executable).with_name("poetbot")
        with subprocess.Popen([program, "run"], cwd=home, env=told, stdout=subprocess.PIPE, text=True) as bot:
            assert bot.stdout is not None
            try:
                if not any(f":{port}/" in line for line in bot.stdout):
                    raise SystemExit("error: the bot did not start")
                yield f"http://127.0.0.1:{port}/"
            finally:
                bot.terminate()


if __name__ == "__main__":
    sys.exit(main())
