"""What several rooms' tests share: a running local Telegram, a small collection."""

import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
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


@pytest.fixture(scope="session")
def tiny_source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A collection of 300 verses; a hanzi's successor is one of six, so there is something to learn."""
    random = np.random.default_rng(0)
    poems = []
    for _ in range(300):
        codes = (random.integers(60, size=(4, 1)) + np.cumsum(random.integers(1, 7, size=(4, 5)), axis=1)) % 60
        lines = ["".join(chr(0x4E00 + code) for code in line) for line in codes]
        poems.append({"author": "", "title": "", "paragraphs": ["{}，{}。{}，{}。".format(*lines)]})
    source = tmp_path_factory.mktemp("tiny")
    (source / "poet.tang.0.json").write_text(json.dumps(poems, ensure_ascii=False), encoding="utf-8")
    return source
