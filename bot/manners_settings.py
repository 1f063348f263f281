"""The settings of the bot's manners: how much may be asked for."""

import re
from typing import Any

from pydantic import field_validator
from pydantic_settings import BaseSettings


class MannersSettings(BaseSettings):
    """A part of `bot.settings.Settings`, which reads it."""

    reader_per_minute: int = 30
    """Messages and presses a minute that one reader is answered; as many may come at once. 0: no limit."""

    group_per_minute: int = 20
    """Messages a minute that are answered in one group, which is what Telegram lets a bot say there. 0: no limit."""

    compose_queue: int = 48
    """Poems that wait to be written, all readers' together; who comes then is asked to come back later."""

    @field_validator("reader_per_minute", "group_per_minute", mode="before")
    @classmethod
    def _pace_is_a_pace(cls, value: Any) -> Any:
        return _whole(value, 0, "is not a count of messages a minute; give a number from 0 to 10000, such as 20")

    @field_validator("compose_queue", mode="before")
    @classmethod
    def _queue_is_a_queue(cls, value: Any) -> Any:
        return _whole(value, 1, "is not a count of poems; give a number from 1 to 10000, such as 48")


def _whole(value: Any, least: int, complaint: str) -> int:
    text = str(value).strip()
    # Python reads no number of more than 4,300 digits.
    if not re.fullmatch(r"[0-9]{1,5}", text) or not least <= int(text) <= 10_000:
        raise ValueError(complaint)
    return int(text)
