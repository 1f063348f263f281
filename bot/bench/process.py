"""`poetbot run` in a process of its own: started, watched, killed."""

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from bot.errors import BotError

_PROGRAM: Final = "from bot.cli import app; app()"
_START_S: Final = 60.0
_STOP_S: Final = 30.0
# Memory is compared with what it was after so many messages: caches and connections are there by then.
_WARM_UP: Final = 500


class BotProcess:
    """A bot at work; its log goes on in `bot.log` of its home."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._first_requests: int | None = None
        self._base_mb: float | None = None
        self._most_mb = 0.0
        self._cpu_before = self._cpu()

    @classmethod
    async def start(cls, environment: Mapping[str, str], home: Path) -> "BotProcess":
        """Start `poetbot run` and wait until it listens; raises `BotError` if it does not."""
        known = {name: value for name, value in os.environ.items() if not name.startswith(("YUEXIA_", "TELEGRAM_"))}
        # What tests of our own poet set.
        kept = {name: os.environ[name] for name in ("YUEXIA_POET",) if name in os.environ}
        with (home / "bot.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-c",
                _PROGRAM,
                "run",
                env={**known, **kept, **environment},
                cwd=home,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
            )
        try:
            async with asyncio.timeout(_START_S):
                line = await process.stdout.readline() if process.stdout else b""
        except TimeoutError:
            line = b""
        bot = cls(process)
        if not line:
            await bot.kill()
            raise BotError(f"the bot did not start; look at {home / 'bot.log'}")
        return bot

    async def kill(self) -> None:
        """End it as a power cut would."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()

    async def stop(self) -> None:
        """End it as a service manager does."""
        if self._process.returncode is None:
            self._process.terminate()
        try:
            async with asyncio.timeout(_STOP_S):
                await self._process.wait()
        except TimeoutError:
            await self.kill()

    def look_at_memory(self, requests: int) -> None:
        """Note how much memory it has; `requests` is how many have been made by all bots so far."""
        resident = _resident_mb(self._process.pid)
        if resident is None:
            return
        if self._first_requests is None:
            self._first_requests = requests
        if requests - self._first_requests < _WARM_UP:
            return
        self._base_mb = resident if self._base_mb is None else self._base_mb
        self._most_mb = max(self._most_mb, resident)

    @property
    def cpu_seconds(self) -> float:
        """How much processor time it has used since it listens; 0 where that cannot be read."""
        return self._cpu() - self._cpu_before

    def _cpu(self) -> float:
        try:
            fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        # utime and stime, fields 14 and 15 of proc(5), which counts from 1; the name, field 2, is cut off here.
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def growth_mb(self) -> float | None:
        """By how much it grew since its first messages; None where that cannot be read, or for a short life."""
        return self._most_mb - self._base_mb if self._base_mb is not None else None


def _resident_mb(pid: int) -> float | None:
    try:
        pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
    except (OSError, IndexError):
        return None
    return int(pages) * os.sysconf("SC_PAGE_SIZE") / 2**20
