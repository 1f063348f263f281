"""What an answer of the server, or the lack of one, means for a delivery."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy.exc import SQLAlchemyError
from telegram.error import BadRequest, ChatMigrated, Conflict, Forbidden, InvalidToken, TelegramError

from bot.api import ServerFaultError, TooManyRequestsError, UnknownMethodError, was_not_written
from bot.storage.ledger import InHand
from bot.storage.settling import Outcome, Settled

# How often the server may say that it has a fault before a delivery is given up: some ten minutes.
MOST_ATTEMPTS: Final = 8
_FIRST_WAIT_S: Final = 1.0
_LONGEST_WAIT_S: Final = 300.0

# What Telegram says of a chat that is gone; anything else that it calls bad is our message's fault.
_GONE: Final = ("chat not found", "user not found", "peer_id_invalid", "deactivated", "kicked", "not a member")


@dataclass(frozen=True)
class Verdict:
    """What came of a delivery, and what it means for the others."""

    settled: Settled
    pause: float = 0.0
    """Seconds for which the server wants no broadcasts at all."""
    offline: bool = False
    """There is no connection, or no bot of ours at its other end: the others would fare no better now."""


def verdict_on(delivery: InHand, error: Exception, chance: float) -> Verdict:
    """Read the error that sending `delivery` ended with. `chance`, 0 to 1, spreads the waits of many."""
    if isinstance(error, TooManyRequestsError):
        return Verdict(_again(delivery, error, error.wait, counted=False), pause=error.wait)
    if isinstance(error, ChatMigrated):
        moved = Settled(
            delivery.delivery_id, delivery.chat_id, Outcome.MOVED, counted=False, new_chat_id=error.new_chat_id
        )
        return Verdict(moved)
    if isinstance(error, SQLAlchemyError):
        # What is to be sent could not be read.
        return Verdict(_again(delivery, error, growing_wait(0, chance), counted=False))
    if was_not_written(error) or isinstance(error, UnknownMethodError | InvalidToken | Conflict):
        return Verdict(_again(delivery, error, 0.0, counted=False), offline=True)
    if isinstance(error, ServerFaultError):
        return Verdict(_after_fault(delivery, error, chance))
    return Verdict(Settled(delivery.delivery_id, delivery.chat_id, _final(error), reason=_reason(error)))


def growing_wait(failures: int, chance: float) -> float:
    """Seconds before the next try: doubling from one to five minutes, and never the same for many."""
    return min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2.0 ** min(failures, 16)) * (0.5 + chance / 2)


def _after_fault(delivery: InHand, error: Exception, chance: float) -> Settled:
    if delivery.attempts + 1 >= MOST_ATTEMPTS:
        return Settled(delivery.delivery_id, delivery.chat_id, Outcome.FAILED, reason=_reason(error))
    return _again(delivery, error, growing_wait(delivery.attempts, chance), counted=True)


def _again(delivery: InHand, error: Exception, wait: float, *, counted: bool) -> Settled:
    reason = _reason(error)
    return Settled(delivery.delivery_id, delivery.chat_id, Outcome.AGAIN, reason=reason, wait=wait, counted=counted)


def _final(error: Exception) -> Outcome:
    if isinstance(error, Forbidden):
        return Outcome.UNREACHABLE
    if isinstance(error, BadRequest):
        gone = any(word in error.message.lower() for word in _GONE)
        return Outcome.UNREACHABLE if gone else Outcome.FAILED
    # A timeout, a connection that broke, an answer that cannot be read, a mistake of ours: it may have gone out.
    return Outcome.UNKNOWN


def _reason(error: Exception) -> str:
    return error.message if isinstance(error, TelegramError) else type(error).__name__
