"""The whole examination, from the settings on; what cannot be looked at is said too."""

import difflib
import os
from collections.abc import Iterable, Iterator
from typing import Final

from pydantic_settings import DotEnvSettingsSource

from bot.doctor.database import DatabaseVisit
from bot.doctor.finding import Finding, ill, skipped, well
from bot.doctor.machine import look_at_disk, look_at_font
from bot.doctor.poet import look_at_data, look_at_poet
from bot.doctor.telegram import look_at_telegram
from bot.errors import BotSettingsError
from bot.logs import RedactingFormatter, configure_logging
from bot.settings import Settings, read_settings, variable

CHECKS = ("settings", "token", "webhook", "clock", "database", "migrations", "worker", "poet", "data", "disk", "font")
_OURS: Final = ("YUEXIA_", "TELEGRAM_")


def examine() -> Iterator[Finding]:
    """One finding for each of `CHECKS`, in their order. No secret is in any of them."""
    try:
        settings = read_settings()
    except BotSettingsError as error:
        yield ill("settings", str(error), "nothing else can be looked at before")
        yield from (skipped(check, "not looked at: a setting is wrong") for check in CHECKS[1:])
        return
    configure_logging(settings.secrets)
    covered = RedactingFormatter(settings.secrets).covered
    for one in _examine(settings):
        yield Finding(one.check, one.state, covered(one.found), one.advice)


def _examine(settings: Settings) -> Iterator[Finding]:
    yield _settings(settings)
    yield from look_at_telegram(settings)
    visit = DatabaseVisit(settings)
    yield from visit.findings()
    yield look_at_poet(settings, visit.champion, poetless=visit.poetless)
    yield look_at_data(settings)
    yield look_at_disk(settings)
    yield look_at_font(settings)


def _settings(settings: Settings) -> Finding:
    known = {variable(name) for name in Settings.model_fields}
    # In either case, as pydantic-settings reads that file; a name without a value may be misspelt too.
    in_the_file = {name.upper() for name in DotEnvSettingsSource(Settings, env_ignore_empty=False).env_vars}
    # Other programs have a TELEGRAM_TOKEN too: it matters where ours is missing.
    looked_for = known if settings.telegram_bot_token is None else known - {variable("telegram_bot_token")}
    for name in sorted({*os.environ, *in_the_file} - known):
        meant = _meant(name, looked_for)
        if meant:
            return ill("settings", f"there is no {name}", f"is {meant} meant?")
    named = ", ".join(sorted(variable(name) for name in settings.model_fields_set))
    return well("settings", named or "none: everything is as it comes")


def _meant(name: str, known: Iterable[str]) -> str | None:
    """The variable of which `name` is a misspelling; what both begin with says nothing of that."""
    prefix = next((prefix for prefix in _OURS if name.startswith(prefix)), None)
    if prefix is None:
        return None
    rests = [one.removeprefix(prefix) for one in known if one.startswith(prefix)]
    near = difflib.get_close_matches(name.removeprefix(prefix), rests, 1, cutoff=0.7)
    return f"{prefix}{near[0]}" if near else None
