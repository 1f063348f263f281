"""/daily: a poem every day, at the chat's own hour; in a group its administrators decide."""

import asyncio
import logging
from functools import partial

from telegram import Bot, CallbackQuery, Chat, Message, Update
from telegram.constants import ChatMemberStatus, ChatType
from telegram.error import TelegramError

from bot.api import UNREADABLE, quietly
from bot.context import Context
from bot.daily.cities import zone_of_city
from bot.daily.hours import Hour, minute_named, offset_named
from bot.handlers.answering import answer
from bot.handlers.commands import is_in_its_name
from bot.storage.models import now
from bot.storage.subscriptions import Standing, pause, resume, subscribe, subscription, unsubscribe
from bot.view.daily import daily_press, standing_keyboard, standing_message
from bot.view.language import Language
from bot.view.messages import Say

_WORDS = {
    "pause": {"pause", "暫停", "暂停"},
    "resume": {"resume", "恢復", "恢复"},
    "stop": {"stop", "off", "停", "停止", "取消"},
}
# Where nothing is known of a reader but their language; the answer shows the hour there, and they may correct it.
_ZONES = {Language.HANT: "Asia/Taipei", Language.HANS: "Asia/Shanghai", Language.ENGLISH: "+00:00"}
_LONGEST_CITY = 60

_log = logging.getLogger(__name__)


async def daily(update: Update, context: Context) -> None:
    """Answer `/daily`, `/daily 07:30 [city or offset]`, `/daily pause|resume|stop`."""
    message, reader = update.message, update.effective_user
    if message is None or reader is None:
        return
    say = context.say
    why_not = None if is_in_its_name(message) else await _why_not(context.bot, message.chat, reader.id)
    if why_not is not None:
        await answer(message, say(why_not))
        return
    words = context.words.split()
    what = next((name for name, known in _WORDS.items() if words and words[0].lower() in known), None)
    if what is not None:
        await _show(message, await _do(context, message.chat.id, what), say)
    elif not words:
        standing = await context.services.database.run(partial(subscription, chat_id=message.chat.id))
        await _show(message, standing, say, say("daily-help"))
    else:
        await _set(context, message, words, say)


async def press_daily(update: Update, context: Context) -> None:
    """Pause, resume or stop by button."""
    query = update.callback_query
    what = daily_press(query.data) if query else None
    if query is None or query.message is None or what is None:
        return
    say = context.say
    why_not = await _why_not(context.bot, query.message.chat, query.from_user.id)
    if why_not is not None:
        await quietly("answer to a press", query.answer(say.plain(why_not)))
        return
    standing = await _do(context, query.message.chat.id, what)
    await asyncio.gather(
        quietly("answer to a press", query.answer()),
        quietly("showing the daily poem's hour", _edit(query, standing, say)),
    )


async def _set(context: Context, message: Message, words: list[str], say: Say) -> None:
    minute = minute_named(words[0])
    if minute is None or message.from_user is None:
        await answer(message, say("daily-no-time"))
        return
    database, chat_id = context.services.database, message.chat.id
    place = " ".join(words[1:])[:_LONGEST_CITY]
    known = await database.run(partial(subscription, chat_id=chat_id))
    zone = await _zone(place, known, context.reader.language)
    if zone is None:
        await answer(message, say("daily-no-city", city=place))
        return
    work = partial(subscribe, chat_id=chat_id, user_id=message.from_user.id, hour=Hour(minute, zone), at=now())
    await _show(message, await database.run(work), say)


async def _zone(place: str, known: Standing | None, language: Language) -> str | None:
    if place:
        return offset_named(place) or await asyncio.to_thread(zone_of_city, place)
    return known.hour.zone if known else _ZONES[language]


async def _do(context: Context, chat_id: int, what: str) -> Standing | None:
    database = context.services.database
    if what == "stop":
        await database.run(partial(unsubscribe, chat_id=chat_id, at=now()))
        return None
    work = pause if what == "pause" else resume
    return await database.run(partial(work, chat_id=chat_id, at=now()))


async def _show(message: Message, standing: Standing | None, say: Say, otherwise: str | None = None) -> None:
    if standing is None:
        await answer(message, otherwise or say("daily-stopped"))
    else:
        await answer(message, standing_message(standing, now(), say), standing_keyboard(standing, say))


async def _edit(query: CallbackQuery, standing: Standing | None, say: Say) -> None:
    if standing is None:
        await query.edit_message_text(say("daily-stopped"), parse_mode="HTML")
    else:
        html = standing_message(standing, now(), say)
        await query.edit_message_text(html, parse_mode="HTML", reply_markup=standing_keyboard(standing, say))


async def _why_not(bot: Bot, chat: Chat, user_id: int) -> str | None:
    """What to say to who may not decide; None for a reader in their own chat, and for an administrator of a group."""
    if chat.type == ChatType.PRIVATE:
        return None
    try:
        member = await bot.get_chat_member(chat.id, user_id)
    except (TelegramError, *UNREADABLE) as error:
        _log.info("asking who administers a group failed: %s", type(error).__name__)
        return "daily-not-known"
    return None if member.status in (ChatMemberStatus.ADMINISTRATOR, ChatMemberStatus.OWNER) else "daily-not-admin"
