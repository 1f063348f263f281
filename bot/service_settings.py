"""The settings of the bot as a service: how updates come in, what is watched, how it writes its log."""

import ipaddress
import re
from typing import Any, Final, Literal, get_args
from urllib.parse import urlsplit

from pydantic import SecretStr, field_validator
from pydantic_settings import BaseSettings

LogStyle = Literal["human", "json"]

_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{16,256}", re.ASCII)
# Telegram calls no others.
_PUBLIC_PORTS: Final = frozenset({443, 80, 88, 8443})
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


class ServiceSettings(BaseSettings):
    """A part of `bot.settings.Settings`, which reads it."""

    webhook_url: str | None = None
    """Public https address to which Telegram sends updates when the bot runs with --webhook; its path is kept."""

    webhook_host: str = "127.0.0.1"
    """Address at which updates arrive, from a proxy that speaks https: loopback, or 0.0.0.0 in a container."""

    webhook_port: int = 8322
    """Port at which updates arrive, and with them /healthz and /readyz."""

    webhook_secret: SecretStr | None = None
    """What Telegram shows with each update, 16 to 256 letters and digits; without one, it is derived from the token."""

    metrics_host: str = "127.0.0.1"
    """Address of the metrics: loopback, or 0.0.0.0 in a container."""

    metrics_port: int | None = None
    """Port of /metrics, /healthz and /readyz; without one, nothing is served there."""

    log: LogStyle | None = None
    """How `run` and `worker` write their log: human, or json (an object a line); else human at a terminal only."""

    @field_validator("webhook_url", mode="before")
    @classmethod
    def _webhook_url_is_public(cls, value: Any) -> Any:
        if value is not None and not _can_be_called(str(value)):
            raise ValueError(
                "is not an address that Telegram calls; give https://your.host/a-path, on port 443, 80, 88 or 8443"
            )
        return value

    @field_validator("webhook_host", "metrics_host", mode="before")
    @classmethod
    def _host_is_an_address(cls, value: Any) -> Any:
        try:
            ipaddress.ip_address(str(value))
        except ValueError:
            raise ValueError("is not an address of this machine; give 127.0.0.1, or 0.0.0.0 for all of them") from None
        return value

    @field_validator("webhook_port", "metrics_port", mode="before")
    @classmethod
    def _ports_are_ports(cls, value: Any) -> Any:
        return None if value is None else port_of(value, example=8322)

    @field_validator("webhook_secret", mode="before")
    @classmethod
    def _secret_has_its_form(cls, value: Any) -> Any:
        if value is None:
            return None
        text = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        if not _SECRET.fullmatch(text):
            raise ValueError("is not 16 to 256 letters, digits, _ or -; unset it, and one is derived from the token")
        return text

    @field_validator("log", mode="before")
    @classmethod
    def _log_is_a_style(cls, value: Any) -> Any:
        if value is not None and value not in get_args(LogStyle):
            raise ValueError("is neither human nor json; give one of them")
        return value


def port_of(value: Any, example: int) -> int:
    """A port number from text; raises `ValueError` that shows an example."""
    text = str(value).strip()
    if not re.fullmatch(r"[0-9]{1,5}", text, re.ASCII) or not 1 <= int(text) <= 65535:
        raise ValueError(f"is not a port; give a number from 1 to 65535, such as {example}")
    return int(text)


def _can_be_called(url: str) -> bool:
    """Whether Telegram, or a stand-in for it on this machine, can send updates to `url`."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    if not re.fullmatch(r"https?://[!-~]+", url, re.ASCII) or not parts.hostname or parts.username or parts.fragment:
        return False
    if parts.hostname in _LOOPBACK:
        return True
    return parts.scheme == "https" and (port is None or port in _PUBLIC_PORTS)
