"""The tables. What the database holds is declared here; `migrations/` brings a database to it."""

from bot.storage.models.base import NAMES, Base, UtcDateTime, now
from bot.storage.models.deliveries import (
    Broadcast,
    Delivery,
    Sender,
    SendingRate,
    Subscription,
    UnreachableChat,
)
from bot.storage.models.poems import Poem, Rating
from bot.storage.models.readers import Chat, HandledUpdate, User
from bot.storage.models.versions import LearningJob, LearningSlot, LearningWorker, PoetAlias, PoetVersion

__all__ = [
    "NAMES",
    "Base",
    "Broadcast",
    "Chat",
    "Delivery",
    "HandledUpdate",
    "LearningJob",
    "LearningSlot",
    "LearningWorker",
    "Poem",
    "PoetAlias",
    "PoetVersion",
    "Rating",
    "Sender",
    "SendingRate",
    "Subscription",
    "UnreachableChat",
    "User",
    "UtcDateTime",
    "now",
]
