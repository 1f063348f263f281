"""/retrain, /jobs, /cancel, /rollback, and the buttons below a report: for administrators alone."""

import asyncio
from functools import partial

from sqlalchemy.orm import Session
from telegram import CallbackQuery, Message, Update
from telegram.constants import ParseMode

from bot.api import quietly
from bot.context import Context
from bot.errors import VersionError
from bot.handlers.administrators import for_administrators
from bot.handlers.answering import answer
from bot.jobs.learning import report_of
from bot.jobs.wishes import Asked, ask, new_job_id
from bot.poets.changing import keep_back_checked, promote_checked, roll_back_checked
from bot.poets.store import FolderStore
from bot.storage.audit import Action, note
from bot.storage.learning import (
    Cancelled,
    Cause,
    Heard,
    Silence,
    Wish,
    active_job,
    cancel_job,
    heard,
    last_jobs,
    news,
    show_in,
    silence_of,
    worker_is_there,
)
from bot.storage.models import LearningJob, now
from bot.storage.ratings import count_since
from bot.storage.versions import Alias, called
from bot.view.learning import LearningPress, confirm_keyboard, jobs_message, learning_press
from bot.view.messages import Say
from poetcore.errors import PackageError


@for_administrators
async def retrain(update: Update, context: Context) -> None:
    """Ask whether to begin a fine-tuning now, or say why it cannot be."""
    message = update.message
    if message is None:
        return
    say, services = context.say, context.services
    refusal, known = await services.database.run(partial(_prospect, least=services.settings.learn_least))
    if refusal is not None:
        await answer(message, say(refusal, **known))
        return
    await answer(message, say("learning-confirm", **known), confirm_keyboard(say))


@for_administrators
async def show_jobs(update: Update, context: Context) -> None:
    """List the last jobs and the workers."""
    if message := update.message:
        known = await context.services.database.run(_jobs_and_workers)
        await answer(message, jobs_message(*known, context.say))


@for_administrators
async def cancel(update: Update, context: Context) -> None:
    """Stop the active job."""
    message = update.message
    if message is None:
        return
    outcome, job_id = await context.services.database.run(partial(_cancel, by=str(context.reader.id)))
    keys = {
        Cancelled.NOTHING: "learning-nothing-to-cancel",
        Cancelled.AT_ONCE: "learning-cancelled-at-once",
        Cancelled.SOON: "learning-cancelled-soon",
    }
    await answer(message, context.say(keys[outcome], job=job_id or ""))


@for_administrators
async def roll_back(update: Update, context: Context) -> None:
    """Let the version before serve again."""
    message = update.message
    if message is None or message.from_user is None:
        return
    say, services = context.say, context.services
    store = FolderStore(services.settings.poets_folder)
    try:
        await asyncio.to_thread(roll_back_checked, services.database, store, str(message.from_user.id))
    except (VersionError, PackageError) as error:
        await answer(message, say("learning-cannot", reason=str(error)))
        return
    champion = await services.database.run(partial(called, alias=Alias.CHAMPION))
    await answer(message, say("learning-rolled-back", version=champion.version if champion else "?"))


async def press_learning(update: Update, context: Context) -> None:
    """A button below the question or below a report; pressed by anyone but an administrator it does nothing."""
    query = update.callback_query
    pressed = learning_press(query.data) if query else None
    if query is None:
        return
    say = context.say
    await quietly("answer to a press", query.answer())
    if pressed is None or query.from_user.id not in context.services.settings.admins or query.message is None:
        return
    if pressed.what == "no":
        await _replace(query, say("learning-never-minded"))
    elif pressed.what == "go":
        await _begin(query, context, say)
    else:
        await _decide(query, context, pressed, say)


async def _begin(query: CallbackQuery, context: Context, say: Say) -> None:
    services, message = context.services, query.message
    if message is None:
        return
    wish = Wish(new_job_id(Cause.ADMINISTRATOR), Cause.ADMINISTRATOR, query.from_user.id, message.chat.id)
    work = partial(_begin_shown, wish=wish, least=services.settings.learn_least, message_id=message.message_id)
    asked, ratings = await services.database.run(work)
    if asked is Asked.BEGUN:
        await _replace(query, say("learning-queued", job=wish.job_id))
        return
    least = str(services.settings.learn_least)
    keys = {Asked.BUSY: "learning-busy", Asked.NO_WORKER: "learning-no-worker", Asked.TOO_FEW: "learning-too-few"}
    await _replace(query, say(keys[asked], ratings=str(ratings), least=least))


async def _decide(query: CallbackQuery, context: Context, pressed: LearningPress, say: Say) -> None:
    services, by = context.services, str(query.from_user.id)
    job = await services.database.run(partial(report_of, job_id=pressed.job_id or ""))
    if job is None or job.version is None:
        return
    store = FolderStore(services.settings.poets_folder)
    change = keep_back_checked if pressed.what == "keep" else promote_checked
    try:
        again = await asyncio.to_thread(change, services.database, store, job.version, by)
    except (VersionError, PackageError) as error:
        await _close(query, say("learning-cannot", reason=str(error)))
        return
    if pressed.what != "keep":
        await _close(query, say("learning-now-serves", version=job.version))
        return
    kept_back = say("learning-kept-back", version=job.version)
    await _close(query, f"{kept_back}\n{say('learning-rolled-back', version=again)}" if again else kept_back)


async def _replace(query: CallbackQuery, text: str) -> None:
    await quietly("answer to a press", query.edit_message_text(text, parse_mode=ParseMode.HTML))


async def _close(query: CallbackQuery, text: str) -> None:
    """Say what was decided below the report, and take its buttons away."""
    await quietly("buttons", query.edit_message_reply_markup(None))
    if isinstance(query.message, Message):
        await answer(query.message, text)


def _prospect(session: Session, least: int) -> tuple[str | None, dict[str, str]]:
    """The key of why a fine-tuning cannot be begun, None if it can, and what there is to say of it."""
    ratings, champion = count_since(session, None), called(session, Alias.CHAMPION)
    known = {
        "champion": champion.version if champion else "?",
        "ratings": str(ratings),
        "fresh": str(news(session, now()).ratings),
        "least": str(least),
    }
    if not worker_is_there(session):
        return "learning-no-worker", {}
    if active_job(session) is not None:
        return "learning-busy", {}
    return ("learning-too-few" if ratings < least else None), known


def _begin_shown(session: Session, wish: Wish, least: int, message_id: int) -> tuple[Asked, int]:
    asked = ask(session, wish, least)
    if asked is Asked.BEGUN:
        show_in(session, wish.job_id, message_id)
        note(session, str(wish.asked_by), Action.RETRAIN, wish.job_id)
    return asked, count_since(session, None)


def _cancel(session: Session, by: str) -> tuple[Cancelled, str | None]:
    outcome, job_id = cancel_job(session)
    if outcome is not Cancelled.NOTHING:
        note(session, by, Action.RETRAIN_STOP, job_id)
    return outcome, job_id


def _jobs_and_workers(session: Session) -> tuple[list[LearningJob], Heard, Silence | None]:
    job = active_job(session)
    return last_jobs(session), heard(session), silence_of(session, job) if job is not None else None
