"""How updates reach the bot: pushed to an address of its own, or fetched with getUpdates."""

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from bot.localchat.chats import ChatState
from bot.localchat.errors import bad_request
from bot.localchat.parameters import Parameters
from bot.localchat.updates import Json, Webhook

DEFAULT_CONNECTIONS = 40
MOST_CONNECTIONS = 100


def set_webhook(state: ChatState, given: Parameters) -> bool:
    url = given.string("url")
    if not url:
        return delete_webhook(state, given)
    _check_address(url)
    secret = given.string("secret_token")
    if not re.fullmatch(r"[A-Za-z0-9_-]{0,256}", secret):
        raise bad_request("secret token contains unallowed characters")
    connections = min(max(given.integer("max_connections", DEFAULT_CONNECTIONS), 1), MOST_CONNECTIONS)
    allow_updates(state, given)
    _drop(state, given)
    state.updates.set_webhook(Webhook(url, secret, connections))
    return True


def delete_webhook(state: ChatState, given: Parameters) -> bool:
    _drop(state, given)
    state.updates.set_webhook(None)
    return True


def get_webhook_info(state: ChatState, _: Parameters) -> Json:
    updates = state.updates
    info: Json = {"url": "", "has_custom_certificate": False, "pending_update_count": len(updates)}
    if updates.allowed is not None:
        info["allowed_updates"] = sorted(updates.allowed)
    if updates.webhook is None:
        return info
    info |= {"url": updates.webhook.url, "max_connections": updates.webhook.max_connections}
    if updates.webhook_error is not None:
        info["last_error_date"], info["last_error_message"] = updates.webhook_error
    return info


def allow_updates(state: ChatState, given: Parameters) -> None:
    """Take `allowed_updates`, where given, for what is queued from now on."""
    allowed = given.json("allowed_updates", "can't parse allowed updates")
    if isinstance(allowed, list):
        state.updates.allow([str(kind) for kind in allowed])


def _drop(state: ChatState, given: Parameters) -> None:
    if given.flag("drop_pending_updates"):
        state.updates.clear()


def _check_address(url: str) -> None:
    """Plain HTTP and any port, as a Bot API server of one's own allows; and nothing that leaves this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        is_near = host == "localhost" or ip_address(host).is_loopback
        is_web = parts.scheme in ("http", "https") and parts.port != 0
    except ValueError:
        is_near = is_web = False
    if not (is_near and is_web):
        raise bad_request("bad webhook: the local server sends updates to addresses of this machine alone")
