"""A local stand-in for Telegram: the Bot API over real HTTP, a chat page, and faults that can be switched on.

    server = LocalTelegram()
    async with server.running(), Bot(server.token, base_url=server.base_url) as bot:
        server.faults.add(Fault("too_many_requests", "sendMessage", retry_after=3))
        server.user_sends("/poem 月")
        await server.wait_until(lambda: len(server.messages()) == 2)

From the inside out: `chats` is the state, made of `messages`, `media`, `inline`, `commands` and `updates`; `readers` is
what people do to it; `parameters`, `keyboards` and `methods` are the Bot API's rules; `api` and `page_routes` are the
HTTP edge behind `guard`; `server` puts them on a port.
"""

from bot.localchat.api import Call
from bot.localchat.errors import LocalChatError
from bot.localchat.faults import Fault, FaultKind, Faults
from bot.localchat.inline import InlineAnswer, InlineResult
from bot.localchat.media import Media
from bot.localchat.messages import Button, Chat, Edit, Membership, Message, User
from bot.localchat.server import LocalTelegram
from bot.localchat.sink import FaultMix, Sink

__all__ = [
    "Button",
    "Call",
    "Chat",
    "Edit",
    "Fault",
    "FaultKind",
    "FaultMix",
    "Faults",
    "InlineAnswer",
    "InlineResult",
    "LocalChatError",
    "LocalTelegram",
    "Media",
    "Membership",
    "Message",
    "Sink",
    "User",
]
