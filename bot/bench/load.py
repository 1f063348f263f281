"""Many readers at once: the bot in a process of its own, with its real poet, against the local Telegram in this one.

As many readers as are at work at once each do one thing after the other: send a command or press a button, wait for the
answer, and leave the chat to the next. So the load is as high as the bot can bear, and a latency is what a reader waits
while so many others do.
"""

import asyncio
import random
import tempfile
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import cycle, islice
from pathlib import Path
from typing import Final

from bot.bench.process import BotProcess
from bot.localchat import LocalTelegram, Message

_FIRST_READER: Final = 10
_TITLES: Final = ("中秋懷友", "江上", "送友人", "春夜", "登高")
_BEGINNINGS: Final = ("月", "山", "春", "風", "江")
_LOOK_S: Final = 0.01
# Whoever has no answer after so long gets none.
_LOST_S: Final = 30.0


class Deed(StrEnum):
    """What a reader does."""

    POEM = "poem"
    TITLE = "title"
    PRESS = "press"
    HELP = "help"


# Of a hundred updates: one in eight asks for a poem, most of the others rate one.
_MIX: Final = {Deed.POEM: 9, Deed.TITLE: 3, Deed.PRESS: 44, Deed.HELP: 44}


@dataclass(frozen=True)
class Plan:
    """What is measured."""

    chats: int = 1_000
    updates: int = 4_000
    at_once: int = 48
    """Readers who wait for an answer at the same time."""
    seed: int = 0


@dataclass(frozen=True)
class Report:
    """What came of it. Keys of `poetbot bench load --json`."""

    updates_per_s: float
    poems_per_s: float
    p50_s: float
    """How long the answer to an update took: half of them no longer than this."""
    p95_s: float
    p99_s: float
    lost: int
    """Updates without an answer."""
    errors: int
    """Updates whose answer was an apology instead of a poem."""
    updates: int
    poems: int
    poem_p95_s: float
    seconds: float
    bot_cpu_ms: float
    """Processor time of the bot's process for an update of this mix, poems included; it does not depend on who else
    was at work on the machine."""
    telegram_cpu_ms: float
    """The same of this process, the local Telegram and its readers."""


@dataclass
class _Tally:
    """What was answered, and how fast."""

    latencies: dict[Deed, list[float]] = field(default_factory=lambda: {deed: [] for deed in Deed})
    lost: int = 0
    errors: int = 0

    @property
    def all(self) -> list[float]:
        return [seconds for deed in Deed for seconds in self.latencies[deed]]

    @property
    def of_poems(self) -> list[float]:
        return self.latencies[Deed.POEM] + self.latencies[Deed.TITLE]


async def measure(plan: Plan, say: Callable[[str], None]) -> Report:
    """Run it; `say` hears a line now and then. Raises `BotError` when the bot does not start."""
    server = LocalTelegram()
    with tempfile.TemporaryDirectory(prefix="yuexia-bench-") as folder:
        async with server.running():
            environment = {
                "TELEGRAM_BOT_TOKEN": server.token,
                "YUEXIA_TELEGRAM_BASE_URL": server.base_url,
                "YUEXIA_HOME": folder,
                "YUEXIA_SENDS_PER_SECOND": "0",
                "YUEXIA_READER_PER_MINUTE": "0",
            }
            bot = await BotProcess.start(environment, Path(folder))
            try:
                return await _Run(plan, server, bot).measure(say)
            finally:
                await bot.stop()


class _Run:
    """One measurement."""

    def __init__(self, plan: Plan, server: LocalTelegram, bot: BotProcess) -> None:
        self._plan = plan
        self._server = server
        self._bot = bot
        self._tally = _Tally()
        self._chats = cycle(range(_FIRST_READER, _FIRST_READER + plan.chats))
        self._busy: set[int] = set()
        self._poems: deque[Message] = deque()

    async def measure(self, say: Callable[[str], None]) -> Report:
        # Everything is loaded and every kind of statement prepared; and there is something to press.
        await self._do(islice(cycle((Deed.POEM, Deed.HELP)), 2 * self._plan.at_once))
        self._tally = _Tally()
        say(f"warm; now {self._plan.updates:,} updates from {self._plan.chats:,} chats")
        began, bot_cpu, own_cpu = time.monotonic(), self._bot.cpu_seconds, time.process_time()
        await self._do(_deeds(self._plan))
        return self._report(
            seconds=time.monotonic() - began,
            bot_cpu=self._bot.cpu_seconds - bot_cpu,
            own_cpu=time.process_time() - own_cpu,
        )

    async def _do(self, deeds: Iterable[Deed]) -> None:
        left = iter(deeds)

        async def work() -> None:
            for deed in left:
                await self._one(deed)

        async with asyncio.TaskGroup() as group:
            for _ in range(self._plan.at_once):
                group.create_task(work())

    async def _one(self, deed: Deed) -> None:
        poem = self._free_poem() if deed is Deed.PRESS else None
        chat = poem.chat.id if poem is not None else next(chat for chat in self._chats if chat not in self._busy)
        self._busy.add(chat)
        began = time.monotonic()
        answer = await (self._press(poem) if poem is not None else self._ask(deed, chat))
        if answer is None:
            self._tally.lost += 1
        else:
            self._tally.latencies[deed].append(time.monotonic() - began)
            if deed in (Deed.POEM, Deed.TITLE):
                self._note_poem(answer)
        self._busy.discard(chat)

    def _free_poem(self) -> Message:
        """One that nobody is busy with, each in its turn."""
        while self._poems[0].chat.id in self._busy:
            self._poems.rotate(-1)
        return self._poems[0]

    def _note_poem(self, answer: Message) -> None:
        if answer.keyboard:
            self._poems.append(answer)
        else:
            self._tally.errors += 1

    async def _ask(self, deed: Deed, chat: int) -> Message | None:
        last = max((message.message_id for message in self._server.messages(chat)), default=0)
        number = len(self._tally.all)
        words = {
            Deed.POEM: f"/poem {_BEGINNINGS[number % len(_BEGINNINGS)]}",
            Deed.TITLE: f"/title {_TITLES[number % len(_TITLES)]}",
        }
        self._server.user_sends(words.get(deed, "/help"), chat)

        def answer() -> Message | None:
            newest = self._server.messages(chat)[-1]
            return newest if newest.from_bot and newest.message_id > last else None

        return await self._until(answer)

    async def _press(self, poem: Message) -> Message | None:
        """Press 👍, or take it back; the answer is the button that says so."""
        button = poem.keyboard[0][0]
        before = button.text
        self._server.user_presses(poem.message_id, button.callback_data or "", poem.chat.id)
        return await self._until(lambda: poem if poem.keyboard[0][0].text != before else None)

    async def _until(self, answer: Callable[[], Message | None]) -> Message | None:
        deadline = time.monotonic() + _LOST_S
        while (found := answer()) is None and time.monotonic() < deadline:
            await asyncio.sleep(_LOOK_S)
        return found

    def _report(self, seconds: float, bot_cpu: float, own_cpu: float) -> Report:
        tally, every = self._tally, sorted(self._tally.all)
        poems = sorted(tally.of_poems)
        return Report(
            updates_per_s=round(len(every) / seconds, 1),
            poems_per_s=round((len(poems) - tally.errors) / seconds, 1),
            p50_s=_quantile(every, 0.50),
            p95_s=_quantile(every, 0.95),
            p99_s=_quantile(every, 0.99),
            lost=tally.lost,
            errors=tally.errors,
            updates=len(every),
            poems=len(poems) - tally.errors,
            poem_p95_s=_quantile(poems, 0.95),
            seconds=round(seconds, 1),
            bot_cpu_ms=round(1000 * bot_cpu / len(every), 2),
            telegram_cpu_ms=round(1000 * own_cpu / len(every), 2),
        )


def _deeds(plan: Plan) -> list[Deed]:
    """The deeds in an order of their own, each as often as it should be."""
    order = random.Random(plan.seed)  # noqa: S311 repeatable on purpose
    deck = list(Counter(_MIX).elements())
    deeds: list[Deed] = []
    while len(deeds) < plan.updates:
        order.shuffle(deck)
        deeds += deck
    return deeds[: plan.updates]


def _quantile(ordered: Sequence[float], share: float) -> float:
    return round(ordered[int(share * (len(ordered) - 1))], 3)
