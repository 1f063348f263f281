"""What a bot does for the poet that learns: swaps in a new champion, begins what is due, shows how a job goes."""

import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

from sqlalchemy.orm import Session
from telegram import Bot
from telegram.constants import ParseMode

from bot.api import quietly
from bot.context import BotApplication, Services, services_of
from bot.jobs.ticking import repeating, ticking
from bot.jobs.wishes import begin_if_due
from bot.poets.following import Follower
from bot.poets.store import FolderStore
from bot.storage.learning import JobState, active_job, claim_progress, claim_report, job_named, unreported
from bot.storage.models import LearningJob, now
from bot.storage.preferences import preference_of
from bot.view.curve import curve_png
from bot.view.learning import ended_message, pairs_message, progress_message, verdict_keyboard
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
        await stack.enter_async_context(ticking(_TICK_EVERY_S, schedule=partial(begin_due, services)))
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

    async def look(self) -> None:
        """Show what has changed."""
        database = self.services.database
        job = await database.run(active_job)
        if job is not None and job.message_id is not None:
            await self._show(job)
        for ended in await database.run(unreported):
            # Claimed first: a report may be missing after a crash, and can be asked for; it never comes twice.
            if await database.run(partial(claim_report, job_id=ended.id)):
                await self._report(ended)

    async def _say(self, job: LearningJob) -> Say:
        return await self.administrators.say_to(job.asked_by or 0)

    async def _show(self, job: LearningJob) -> None:
        text = progress_message(job, await self._say(job))
        claim = partial(claim_progress, job_id=job.id, text=text, every=_SHOW_EVERY)
        # The claim stands right before the edit: by now the job may have ended, or another bot may have shown it.
        if job.shown != text and await self.services.database.run(claim):
            await self._edit("progress", job, text)

    async def _report(self, job: LearningJob) -> None:
        """To the chat where it was asked for, or to every administrator."""
        if job.chat_id is not None:
            await self._report_to(job, job.chat_id, await self._say(job))
            return
        if job.state == JobState.CANCELLED:
            return
        for user_id in sorted(self.services.settings.admins):
            await self._report_to(job, user_id, await self.administrators.say_to(user_id))

    async def _report_to(self, job: LearningJob, chat_id: int, say: Say) -> None:
        text, report = ended_message(job, say), job.report or {}
        if job.message_id is not None:
            await self._edit("last word", job, text.split("\n", 1)[0])
        # A message of its own however it ended: an edit that came late from another bot may undo the last word.
        if job.state != JobState.DONE:
            await quietly("report", self.bot.send_message(chat_id, text, parse_mode=ParseMode.HTML))
            return
        if picture := curve_png([(float(step), float(loss)) for step, loss in report.get("curve", [])]):
            caption = say("learning-curve", version=job.version or "?")
            await quietly("curve", self.bot.send_photo(chat_id, picture, caption=caption, filename="curve.png"))
        if report.get("pairs"):
            pairs = pairs_message(report["pairs"], say)
            await quietly("pairs", self.bot.send_message(chat_id, pairs, parse_mode=ParseMode.HTML))
        # Last, so that its buttons stand at the end of the chat.
        keyboard = verdict_keyboard(job.id, report["decision"], say)
        last = self.bot.send_message(chat_id, text, parse_mode=ParseMode.HTML, reply_markup=keyboard)
        await quietly("report", last)

    async def _edit(self, what: str, job: LearningJob, text: str) -> None:
        edit = self.bot.edit_message_text(
            text, chat_id=job.chat_id, message_id=job.message_id, parse_mode=ParseMode.HTML
        )
        await quietly(what, edit)


def report_of(session: Session, job_id: str) -> LearningJob | None:
    """An ended job with a version, for the buttons below its report."""
    job = job_named(session, job_id)
    return job if job is not None and job.version is not None else None
