"""Writes `.env.example` from the settings themselves: `make settings`. A test holds the two together."""

import ast
import inspect
import sys
import textwrap
from pathlib import Path
from typing import Any, Final

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from bot.settings import Settings

FILE: Final = Path(__file__).with_name(".env.example")

_HEAD: Final = """\
# Copy this file to .env (in the folder where the bot starts, or beside compose.yaml) or to /etc/yuexia/yuexia.env
# (systemd), and change what you need. What begins with # is the default. `make settings` writes this file.
"""

_COMPOSE: Final = """\
## What compose.yaml reads beside.

# one: a bot with SQLite on this machine; scale: PostgreSQL, two bots behind a proxy, a worker with a GPU.
# With the database elsewhere (YUEXIA_DATABASE_URL): bots, or worker, alone.
COMPOSE_PROFILES=one

# The name under which images are built and started; a new one before each upgrade keeps the old ones for the way back.
#YUEXIA_VERSION=latest

# All but profile one: the folder of poets, in place of YUEXIA_POETS: a volume of this machine, or, where there are
# several, the folder that all of them mount, such as /mnt/poets. It belongs to user 10001.
#YUEXIA_POETS_VOLUME=poets

# Profiles scale and bots: the name at which Telegram reaches the proxy; its address leads here, ports 80 and 443 are
# open.
YUEXIA_DOMAIN=

# Profile scale: the password of the database, letters and digits.
POSTGRES_PASSWORD=
"""

_WIDTH: Final = 118


def render() -> str:
    """The file's text: every field of the settings with its description and default."""
    parts = [part for part in (Settings, *Settings.__bases__) if issubclass(part, BaseSettings)]
    return "\n".join([_HEAD, *(_section(part) for part in parts), _COMPOSE])


def _section(settings: type[BaseSettings]) -> str:
    title = str(inspect.getmodule(settings).__doc__).splitlines()[0]
    words = _descriptions(settings)
    entries = [_entry(name, words[name], settings.model_fields[name]) for name in words]
    return "\n".join([f"## {title}\n", *entries])


def _entry(name: str, words: str, field: FieldInfo) -> str:
    variable = field.validation_alias or f"YUEXIA_{name.upper()}"
    # The one line that everybody fills in.
    mark = "" if variable == "TELEGRAM_BOT_TOKEN" else "#"
    comment = textwrap.fill(words, _WIDTH, initial_indent="# ", subsequent_indent="# ")
    return f"{comment}\n{mark}{variable}={_written(field.default)}\n"


def _written(default: Any) -> str:
    """A default as an environment variable; nothing if there is none or if it depends on the machine."""
    return str(default) if isinstance(default, str | int | float) else ""


def _descriptions(settings: type[BaseSettings]) -> dict[str, str]:
    """What stands below each field of this class, in the order of its source."""
    (body,) = ast.parse(textwrap.dedent(inspect.getsource(settings))).body
    assert isinstance(body, ast.ClassDef)
    found = {}
    for field, below in zip(body.body, body.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            assert isinstance(below, ast.Expr), f"{field.target.id} has no description"
            assert isinstance(below.value, ast.Constant), f"{field.target.id} has no description"
            found[field.target.id] = " ".join(str(below.value.value).split())
    return found


if __name__ == "__main__":
    FILE.write_text(render(), encoding="utf-8")
    sys.stdout.write(f"wrote {FILE}\n")
