"""The tables. What the database holds is declared here; `migrations/` brings a database to it."""

from bot.storage.models.administration import AuditEntry, BannedReader, Failure
from bot.storage.models.base import NAMES, Base, UtcDateTime, now
from bot.storage.models.deliveries import (
    Broadcast,
    Delivery,
    Sender,
    SendingRate,
    Subscription,
    UnreachableChat,
)
from bot.storage.models.inbox import InboxHolder, InboxUpdate
from bot.storage.models.inline import InlineMessage
from bot.storage.models.poems import CardPicture, Favourite, Poem, Question, Rating, Showing, Variation
from bot.storage.models.readers import Chat, HandledUpdate, User
from bot.storage.models.versions import (
    LearningJob,
    LearningSlot,
    LearningWorker,
    PoetAlias,
    PoetRefusal,
    PoetVersion,
)

__all__ = [
    "NAMES",
    "AuditEntry",
    "BannedReader",
    "Base",
    "Broadcast",
    "CardPicture",
    "Chat",
    "Delivery",
    "Failure",
    "Favourite",
    "HandledUpdate",
    "InboxHolder",
    "InboxUpdate",
    "InlineMessage",
    "LearningJob",
    "LearningSlot",
    "LearningWorker",
    "Poem",
    "PoetAlias",
    "PoetRefusal",
    "PoetVersion",
    "Question",
    "Rating",
    "Sender",
    "SendingRate",
    "Showing",
    "Subscription",
    "UnreachableChat",
    "User",
    "UtcDateTime",
    "Variation",
    "now",
]
