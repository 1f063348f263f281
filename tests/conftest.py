"""What several rooms' tests share: a running local Telegram."""

import os
from collections.abc import AsyncIterator

import pytest

from bot.localchat import LocalTelegram

# python-telegram-bot 22 warns at every 429 unless retry_after may be a timedelta, and warnings are errors here.
os.environ.setdefault("PTB_TIMEDELTA", "true")


@pytest.fixture
async def local_telegram() -> AsyncIterator[LocalTelegram]:
    """A local Telegram on a free port."""
    server = LocalTelegram()
    async with server.running():
        yield server
