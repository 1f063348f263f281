""".env.example: every setting, with its default and what it is."""

import io
import os
from pathlib import Path

import pytest
from dotenv import dotenv_values

from bot.settings import Settings, read_settings
from deploy.environment import FILE, render


def test_every_setting_stands_in_the_file_with_its_default_and_description() -> None:
    assert FILE.read_text(encoding="utf-8") == render(), "a setting was added or changed: run `make settings`"
    variables = {f"YUEXIA_{name.upper()}" for name in Settings.model_fields} - {"YUEXIA_TELEGRAM_BOT_TOKEN"}
    assert set(_shown()) >= variables | {"TELEGRAM_BOT_TOKEN"}


def test_what_the_file_calls_defaults_are_the_defaults(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [known for known in os.environ if known.startswith(("YUEXIA_", "TELEGRAM_"))]:
        monkeypatch.delenv(name)
    untouched = read_settings()
    for name, value in _shown().items():
        monkeypatch.setenv(name, value)
    assert read_settings() == untouched


def _shown() -> dict[str, str]:
    """The file's variables with nothing commented out."""
    text = FILE.read_text(encoding="utf-8").replace("\n#YUEXIA_", "\nYUEXIA_")
    return {name: value or "" for name, value in dotenv_values(stream=io.StringIO(text)).items()}
