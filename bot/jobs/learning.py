"""What a bot does for the poet that learns: swaps in a new champion, begins what is due, shows how a job goes."""

import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from itertools import chain
from typing import Final

from sqlalchemy.orm import Session
from telegram import Bot
from telegram.constants import ParseMode
from telegram.error import TelegramError

from bot.api import UNREADABLE, TooManyRequestsError, quietly
from bot.context import BotApplication, Services, services_of
from bot.jobs.outcomes import growing_wait
from bot.jobs.reporting import Part, is_unknown, parts_of
from bot.jobs.ticking import repeating, ticking
from bot.jobs.wishes import begin_if_due
from bot.poets.following import Follower
from bot.poets.store import FolderStore
from bot.storage.learning import (
    JobState,
    active_job,
    claim_progress,
    claim_report,
    end_report,
    forget_what_is_long_gone,
    give_report_back,
    job_named,
    note_told,
    silence_of,
    unreported,
)
from bot.storage.models import LearningJob, now
from bot.storage.preferences import preference_of
from bot.view.learning import progress_message
from bot.view.messages import Say
from bot.view.reader import reader_of

_LOOK_EVERY_S: Final = 2.0
_TICK_EVERY_S: Final = 60.0
# By all bots together; Telegram takes twenty messages a minute in one chat.
_SHOW_EVERY: Final = timedelta(seconds=4)

_log = logging.getLogger(__name__)


@asynccontextmanager
async def learning(application: BotApplication) -> AsyncIterator[None]:
    """The bot's share in learning, until the block ends."""
    services = services_of(application)
    told = Administrators(application.bot, services)
    follower = Follower(
        services.database, FolderStore(services.settings.poets_folder), services.composer, warn=told.not_whole
    )
    reporter = Reporter(application.bot, services, told)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(repeating(_LOOK_EVERY_S, champion=follower.look, reports=reporter.look))
        forget = partial(services.database.run, forget_what_is_long_gone)
        await stack.enter_async_context(
            ticking(_TICK_EVERY_S, schedule=partial(begin_due, services), forgetting=forget)
        )
        yield


async def begin_due(services: Services) -> str | None:
    """Begin the fine-tuning that is due, if one is."""
    begun = await services.database.run(partial(begin_if_due, settings=services.settings, moment=now()))
    if begun:
        _log.info("fine-tuning %s is queued", begun)
    return begun


@dataclass(frozen=True)
class Administrators:
    """Those whom the settings name, each spoken to in their language."""

    bot: Bot
    services: Services

    async def say_to(self, user_id: int) -> Say:
        """How to speak to one of them."""
        preference = await self.services.database.run(partial(preference_of, user_id=user_id))
        return reader_of(user_id, preference).say

    async def not_whole(self, version: str, reason: str) -> None:
        """Tell them that a champion cannot serve."""
        serving = self.services.composer.version
        for user_id in sorted(self.services.settings.admins):
            say = await self.say_to(user_id)
            known = {"version": version, "serving": serving, "reason": reason}
            text = say("learning-not-whole", **known)
            await quietly("warning", self.bot.send_message(user_id, text, parse_mode=ParseMode.HTML))


@dataclass
class Reporter:
    """Keeps the message that shows a job's progress up to date, and sends the report when it has ended."""

    bot: Bot
    services: Services
    administrators: Administrators
    clock: Callable[[], float] = time.monotonic
    _again_at: float = float("-inf")
    _failures: int = 0
    _unknown: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often it is not known what came of a message of a report."""
    _through: set[tuple[str, str]] = field(default_factory=set)
    """Messages that need not be sent again, whether the database could note that or not."""

    async def look(self) -> None:
        """Show what has changed."""
        database = self.services.database
        job = await database.run(active_job)
        if job is not None and job.message_id is not None:
            await self._show(job)
        if self.clock() < self._again_at:
            return
        for ended in await database.run(unreported):
            # Claimed first, and each message noted when it is through: two bots do not say the same.
            if claimed := await database.run(partial(claim_report, job_id=ended.id)):
                await self._report(claimed)

    async def _say(self, job: LearningJob) -> Say:
        return await self.administrators.say_to(job.asked_by or 0)

    async def _show(self, job: LearningJob) -> None:
        silence = await self.services.database.run(partial(silence_of, job=job))
        text = progress_message(job, silence, await self._say(job))
        claim = partial(claim_progress, job_id=job.id, text=text, every=_SHOW_EVERY)
        # The claim stands right before the edit: by now the job may have ended, or another bot may have shown it.
        if job.shown != text and await self.services.database.run(claim):
            await self._edit("progress", job, text)

    async def _report(self, job: LearningJob) -> None:
        """Send what is left of a report; what Telegram cannot be reached for waits, and all behind it."""
        self._through |= {(job.id, mark) for mark in job.told or ()}
        for part in await self._parts(job):
            if (job.id, part.mark) not in self._through and not await self._tell(job, part):
                await self.services.database.run(partial(give_report_back, job_id=job.id))
                return
        await self.services.database.run(partial(end_report, job_id=job.id))

    async def _parts(self, job: LearningJob) -> list[Part]:
        """To the chat where it was asked for, or to every administrator."""
        if job.chat_id is not None:
            return parts_of(self.bot, job, job.chat_id, await self._say(job))
        if job.state == JobState.CANCELLED:
            return []
        told = sorted(self.services.settings.admins)
        each = [parts_of(self.bot, job, user_id, await self.administrators.say_to(user_id)) for user_id in told]
        return list(chain.from_iterable(each))

    async def _tell(self, job: LearningJob, part: Part) -> bool:
        """Send a message of a report; False if it is to come again."""
        key = (job.id, part.mark)
        try:
            await part.send()
            self._failures = 0
        except (TelegramError, *UNREADABLE) as error:
            _log.info("%s of %s failed: %s: %s", part.mark, job.id, type(error).__name__, error)
            if part.comes_again(error, self._unknown[key]):
                self._unknown[key] += is_unknown(error)
                self._rest(error)
                return False
        self._through.add(key)
        await self.services.database.run(partial(note_told, job_id=job.id, message=part.mark))
        return True

    def _rest(self, error: Exception) -> None:
        """Let no report be tried again too soon: when the server says, else less and less often."""
        wait = error.wait if isinstance(error, TooManyRequestsError) else growing_wait(self._failures, chance=1.0)
        self._failures += 1
        self._again_at = self.clock() + wait

    async def _edit(self, what: str, job: LearningJob, text: str) -> None:
        edit = self.bot.edit_message_text(
            text, chat_id=job.chat_id, message_id=job.message_id, parse_mode=ParseMode.HTML
        )
        await quietly(what, edit)


def report_of(session: Session, job_id: str) -> LearningJob | None:
    """An ended job with a version, for the buttons below its report."""
    job = job_named(session, job_id)
    return job if job is not None and job.version is not None else None
