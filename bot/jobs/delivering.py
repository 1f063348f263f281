"""How the ledger's deliveries are sent through the Bot API: messages as they were written, poems with their buttons."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from sqlalchemy.orm import Session
from telegram import Bot, InlineKeyboardMarkup, Message
from telegram.constants import ParseMode

from bot.api import UNREADABLE, quietly
from bot.jobs.daily import Anthology
from bot.storage import Database
from bot.storage.broadcasts import Progress
from bot.storage.ledger import InHand, Prepared, Upcoming, text_of
from bot.storage.models import Poem
from bot.storage.poems import Tally
from bot.view.broadcast import progress_keyboard, progress_message
from bot.view.keyboards import rating_keyboard
from bot.view.poems import poem_message
from bot.view.reader import reader_of

# Texts of broadcasts at work; there are rarely two.
_TEXTS_KEPT: Final = 16


class BotDeliveries:
    """Sends with `bot`, which does not try again by itself; `talker` is the bot that talks with administrators."""

    def __init__(self, bot: Bot, talker: Bot, database: Database, anthology: Anthology) -> None:
        self._bot = bot
        self._talker = talker
        self._database = database
        self._anthology = anthology
        self._texts: dict[int, str] = {}

    async def prepare(self, upcoming: Sequence[Upcoming]) -> Sequence[Prepared]:
        """The poems of these deliveries, one after the other: readers who wait for a poem go first."""
        return [await self._anthology.prepare(one) for one in upcoming]

    async def send(self, delivery: InHand) -> int | None:
        """Send one; the message's id. Raises what python-telegram-bot raises."""
        if delivery.poem_id is None:
            return await self._say(delivery.chat_id, await self._text(delivery.broadcast_id))
        poem = await self._database.run(partial(_poem, poem_id=delivery.poem_id))
        keyboard = rating_keyboard(delivery.poem_id, Tally(0, 0))
        return await self._say(
            delivery.chat_id, poem_message(poem, "hans" if poem.script == "hans" else "hant"), keyboard
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._bot.request.shutdown()

    async def report(self, progress: Progress) -> None:
        """Write an administrator's broadcast's progress into the message with which they steer it."""
        if progress.chat_id is None or progress.message_id is None:
            return
        say = reader_of(progress.admin_id or 0, progress.preference).say
        editing = self._talker.edit_message_text(
            progress_message(progress, say),
            chat_id=progress.chat_id,
            message_id=progress.message_id,
            parse_mode=ParseMode.HTML,
            reply_markup=progress_keyboard(progress, say),
        )
        await quietly("showing a broadcast's progress", editing)

    async def _say(self, chat_id: int, html: str, keyboard: InlineKeyboardMarkup | None = None) -> int | None:
        try:
            sent: Message = await self._bot.send_message(
                chat_id, html, parse_mode=ParseMode.HTML, reply_markup=keyboard
            )
        except UNREADABLE:
            # The server took it; what it says of it is no message.
            return None
        return sent.message_id

    async def _text(self, broadcast_id: int) -> str:
        known = self._texts.get(broadcast_id)
        if known is None:
            known = await self._database.run(partial(text_of, broadcast_id=broadcast_id)) or ""
            if len(self._texts) >= _TEXTS_KEPT:
                self._texts.clear()
            self._texts[broadcast_id] = known
        return known


def _poem(session: Session, poem_id: int) -> Poem:
    return session.get_one(Poem, poem_id)
