"""The report of a fine-tuning as messages, and which of them are sent again when they did not go through."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from telegram import Bot
from telegram.constants import ParseMode
from telegram.error import BadRequest, InvalidToken, NetworkError

from bot.api import ServerFaultError, TooManyRequestsError, UnknownMethodError, was_not_written
from bot.storage.learning import JobState
from bot.storage.models import LearningJob
from bot.view.curve import curve_png
from bot.view.learning import ended_message, pairs_message, verdict_keyboard
from bot.view.messages import Say

# Of times that an answer was lost; about half an hour. Each of them may have brought the message.
_MOST_UNKNOWN: Final = 12


@dataclass(frozen=True)
class Part:
    """One message of a report."""

    mark: str
    """Names it among all of the report."""
    send: Callable[[], Coroutine[Any, Any, object]]
    is_the_word: bool = False
    """Whether it says what the job came to; the rest, what surrounds it, must not keep it back."""

    def comes_again(self, error: Exception, before: int) -> bool:
        """Whether to send it again after `error`, `before` times of which it is not known what came of them."""
        if was_not_written(error) or isinstance(error, TooManyRequestsError | InvalidToken):
            return True
        if isinstance(error, ServerFaultError | UnknownMethodError):
            return self.is_the_word
        return self.is_the_word and is_unknown(error) and before < _MOST_UNKNOWN


def is_unknown(error: Exception) -> bool:
    """Whether a message may have arrived all the same: the answer was lost."""
    surely_not = was_not_written(error) or isinstance(error, ServerFaultError | BadRequest)
    return isinstance(error, NetworkError) and not surely_not


def parts_of(bot: Bot, job: LearningJob, chat_id: int, say: Say) -> list[Part]:
    """The report for one chat, in order: last, so that its buttons stand at the end of the chat, what the job came to.

    That is a message of its own however it ended: an edit that came late from another bot may undo the last word.
    """
    text, report = ended_message(job, say), job.report or {}
    word = partial(bot.send_message, chat_id, text, parse_mode=ParseMode.HTML)
    parts = []
    if job.message_id is not None:
        first_line = text.split("\n", 1)[0]
        edit = partial(
            bot.edit_message_text,
            first_line,
            chat_id=job.chat_id,
            message_id=job.message_id,
            parse_mode=ParseMode.HTML,
        )
        parts.append(Part(f"last word {chat_id}", edit))
    if job.state != JobState.DONE:
        return [*parts, Part(f"report {chat_id}", word, is_the_word=True)]
    if picture := curve_png([(float(step), float(loss)) for step, loss in report.get("curve", [])]):
        caption = say("learning-curve", version=job.version or "?")
        photo = partial(bot.send_photo, chat_id, picture, caption=caption, filename="curve.png")
        parts.append(Part(f"curve {chat_id}", photo))
    if report.get("pairs"):
        pairs = pairs_message(report["pairs"], say)
        send = partial(bot.send_message, chat_id, pairs, parse_mode=ParseMode.HTML)
        parts.append(Part(f"pairs {chat_id}", send))
    keyboard = verdict_keyboard(job.id, report["decision"], say)
    return [*parts, Part(f"report {chat_id}", partial(word, reply_markup=keyboard), is_the_word=True)]
