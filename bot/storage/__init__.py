"""What the bot remembers: readers, chats, poems, ratings, and the updates it has handled."""

from bot.storage.database import Database

__all__ = ["Database"]
