"""What the bot is told from outside: environment variables and `.env`, read once at the edge and passed down."""

import hmac
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

import httpx
import platformdirs
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import NoDecode, SettingsConfigDict
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from bot.errors import BotSettingsError
from bot.learning_settings import LearningSettings
from bot.manners_settings import MannersSettings
from bot.service_settings import ServiceSettings, port_of

_TOKEN: Final = re.compile(r"\d+:[A-Za-z0-9_-]+", re.ASCII)
_TOKEN_VARIABLE: Final = "TELEGRAM_BOT_TOKEN"  # noqa: S105 the variable's name
# A Bot API server answers at /bot<token>/METHOD; {token} is python-telegram-bot's way to reach its test environment.
_BASE_URL: Final = re.compile(r"https?://[^\s/?#{}]+(/[^\s?#{}]*)?/bot(\{token\}[^\s?#{}]*)?", re.ASCII)
# Those whose drivers are installed, under the names that hosts give them.
_DATABASE: Final = re.compile(r"(sqlite(\+pysqlite)?|postgresql(\+psycopg)?|postgres)://.*")
# SQLAlchemy's own choice would be psycopg2; hosts that hand out addresses like the short name.
_DRIVERS: Final = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}


class Settings(LearningSettings, MannersSettings, ServiceSettings):
    """Every variable the bot reads; frozen, and never printed with a secret in it."""

    model_config = SettingsConfigDict(
        env_prefix="YUEXIA_",
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        populate_by_name=True,
        validate_default=False,
    )

    telegram_bot_token: SecretStr | None = Field(default=None, validation_alias=_TOKEN_VARIABLE)
    """The token from @BotFather. Without one the bot serves the local chat page."""

    telegram_base_url: str = "https://api.telegram.org/bot"
    """Where the Bot API is; the token and the method are appended, as python-telegram-bot's base_url has it."""

    home: Path = Field(default_factory=lambda: default_home())
    """Folder of everything the bot keeps: the database unless YUEXIA_DATABASE_URL names another."""

    database_url: SecretStr | None = None
    """SQLAlchemy URL of the database; without one, SQLite in YUEXIA_HOME. May hold a password."""

    admins: Annotated[frozenset[int], NoDecode] = frozenset()
    """Telegram ids of the administrators, separated by commas."""

    port: int = 8321
    """Loopback port of the local chat page."""

    poet: Path | None = None
    """Folder of a poet package; without one, the poet that ships."""

    sends_per_second: float = 28.0
    """Messages a second that the bot may send, all its processes together; Telegram's limit is 30. 0: no limit."""

    broadcast_timeout: float = 20.0
    """Seconds that an answer to a broadcast's message is waited for; without one its end is unknown."""

    font: Path | None = None
    """Font file for poem cards; without one, an installed font with Chinese characters."""

    @property
    def poets_folder(self) -> Path:
        """Where the versions of the poet are."""
        return self.poets or self.home / "poets"

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be seen in a log."""
        token = self.telegram_bot_token.get_secret_value() if self.telegram_bot_token else None
        return tuple(secret for secret in (token, self.update_secret, self.database.password) if secret)

    @property
    def update_secret(self) -> str | None:
        """What Telegram shows with each update that it sends: the same for all bots with this token."""
        if self.webhook_secret is not None:
            return self.webhook_secret.get_secret_value()
        if self.telegram_bot_token is None:
            return None
        return hmac.digest(self.telegram_bot_token.get_secret_value().encode(), b"webhook", "sha256").hex()

    @property
    def database(self) -> URL:
        """Where the database is, with the driver that we bring; shown as text, the URL hides its password."""
        if self.database_url is not None:
            url = _hiding_its_password(make_url(self.database_url.get_secret_value()))
            return url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))
        return URL.create("sqlite", database=str(self.home / "yuexia.db"))

    @field_validator("telegram_bot_token", mode="before")
    @classmethod
    def _token_has_its_form(cls, value: Any) -> Any:
        if value is None:
            return None
        text = value.get_secret_value() if isinstance(value, SecretStr) else str(value).strip()
        if not _TOKEN.fullmatch(text):
            raise ValueError("is not a bot token; copy it from @BotFather, it looks like 123456:ABC-DEF")
        return text

    @field_validator("telegram_base_url", mode="before")
    @classmethod
    def _base_url_is_a_url(cls, value: Any) -> Any:
        # The token comes right behind it: without /bot it would be part of the port, of the host or of another word.
        if not _BASE_URL.fullmatch(str(value)) or not _has_host_and_port(str(value)):
            raise ValueError(
                "is not the address of a Bot API server; give it as https://api.telegram.org/bot, without the token"
            )
        return value

    @field_validator("home", "poet", "font", "poets", "data", mode="before")
    @classmethod
    def _folder_of_the_user(cls, value: Any) -> Any:
        try:
            return Path(value).expanduser().absolute()
        except RuntimeError:
            raise ValueError(f"begins with the home of a user that is not known: {value}; write it out") from None

    @field_validator("home", "poets", "data")
    @classmethod
    def _may_become_a_folder(cls, value: Path | None) -> Path | None:
        if value is not None and _seen(value, Path.exists) and not value.is_dir():
            raise ValueError(f"is a file: {value}; name a folder")
        return value

    @field_validator("poet")
    @classmethod
    def _poet_is_a_folder(cls, value: Path | None) -> Path | None:
        if value is not None and not _seen(value, Path.is_dir):
            raise ValueError(f"names no folder: {value}; give the folder of a poet package, or unset it")
        return value

    @field_validator("font")
    @classmethod
    def _font_is_a_file(cls, value: Path | None) -> Path | None:
        if value is not None and not _seen(value, Path.is_file):
            raise ValueError(f"names no file: {value}; give a .ttf, .otf or .ttc file, or unset it")
        return value

    @field_validator("database_url", mode="before")
    @classmethod
    def _database_url_is_one_of_ours(cls, value: Any) -> Any:
        text = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        if not _DATABASE.fullmatch(text) or _not_a_url(text):
            raise ValueError(
                "is not a database address; give sqlite:////folder/yuexia.db or postgresql://user:password@host/name"
            )
        if _in_memory(make_url(text)):
            raise ValueError("names a database in memory, which forgets every rating; give sqlite:////folder/yuexia.db")
        return text

    @field_validator("admins", mode="before")
    @classmethod
    def _admins_are_ids(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        words = [word for word in re.split(r"[,\s]+", value) if word]
        if not all(re.fullmatch(r"[1-9][0-9]{0,18}", word) for word in words):
            raise ValueError("is not a list of Telegram ids; give numbers with commas, as /id shows them: 12345,67890")
        return frozenset(int(word) for word in words)

    @field_validator("sends_per_second", mode="before")
    @classmethod
    def _rate_is_a_rate(cls, value: Any) -> Any:
        return _number(value, 0, 1000, "is not a count of messages a second; give a number from 0 to 1000, such as 28")

    @field_validator("broadcast_timeout", mode="before")
    @classmethod
    def _timeout_is_a_time(cls, value: Any) -> Any:
        return _number(value, 0.1, 600, "is not a time in seconds; give a number from 0.1 to 600, such as 20")

    @field_validator("port", mode="before")
    @classmethod
    def _port_is_a_port(cls, value: Any) -> Any:
        return port_of(value, example=8321)


def default_home() -> Path:
    """The platform's folder for a user's data."""
    return Path(platformdirs.user_data_dir("yuexia", appauthor=False))


def read_settings(**known: Any) -> Settings:
    """The settings from the environment and `.env`; `known` ones win.

    Raises `BotSettingsError` that names the first wrong variable and says how to put it right.
    """
    try:
        return Settings(**known)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = str(first["loc"][0]) if first["loc"] else "the settings"
        reason = first["msg"].removeprefix("Value error, ")
        raise BotSettingsError(f"{variable(place)} {reason}") from None
    except UnicodeDecodeError:
        raise BotSettingsError("the file .env is not UTF-8 text; save it as UTF-8") from None


def variable(name: str) -> str:
    """The environment variable of a field."""
    # A field's errors bear its alias.
    return _TOKEN_VARIABLE if name.upper() == _TOKEN_VARIABLE else f"YUEXIA_{name.upper()}"


def _number(value: Any, least: float, most: float, complaint: str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not least <= number <= most:
        raise ValueError(complaint)
    return number


def _hiding_its_password(url: URL) -> URL:
    """The address with a user and a password that stand behind its ? before its host, where the password is hidden."""
    behind = {name: values[-1] for name, values in url.normalized_query.items() if name in ("user", "password")}
    if not behind:
        return url
    # Without a user, even an empty one, the password would be left out where the address is written down.
    user, password = behind.get("user", url.username or ""), behind.get("password", url.password)
    return url.difference_update_query(behind).set(username=user, password=password)


def _seen(path: Path, look: Callable[[Path], bool]) -> bool:
    try:
        return look(path)
    # No permission, or a name that is too long.
    except OSError as error:
        raise ValueError(f"cannot be looked at: {path} ({error.strerror}); give another one") from None


def _has_host_and_port(url: str) -> bool:
    try:
        # Both raise ValueErrors for hosts that could not be looked up: a label that is empty, too long or no IDNA.
        httpx.URL(url).host.encode("idna")
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except (ValueError, httpx.InvalidURL):
        return False


def _in_memory(url: URL) -> bool:
    """Whether SQLite would keep it in memory, or in a file without a name."""
    if url.get_backend_name() != "sqlite":
        return False
    name = (url.database or "").removeprefix("file:").strip("/")
    return not name or ":memory:" in name or url.query.get("mode") == "memory"


def _not_a_url(text: str) -> bool:
    try:
        make_url(text)
    except (ArgumentError, ValueError):
        return True
    return False
