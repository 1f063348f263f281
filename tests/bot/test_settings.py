"""Settings: defaults, `.env`, and a sentence for each wrong value."""

from pathlib import Path

import pytest

from bot.errors import BotSettingsError
from bot.settings import default_home, read_settings

TOKEN = "123456:ABC-DEF_ghi"


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("TELEGRAM_BOT_TOKEN", *(f"YUEXIA_{word}" for word in WORDS)):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


WORDS = ("TELEGRAM_BASE_URL", "DATABASE_URL", "HOME", "ADMINS", "PORT", "POET")


def test_nothing_is_needed() -> None:
    settings = read_settings()
    assert settings.telegram_bot_token is None
    assert settings.telegram_base_url == "https://api.telegram.org/bot"
    assert settings.home == default_home()
    assert settings.port == 8321
    assert settings.admins == frozenset()
    assert settings.poet is None
    assert settings.database.database == str(default_home() / "yuexia.db")


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    values = {
        "TELEGRAM_BOT_TOKEN": TOKEN,
        "YUEXIA_TELEGRAM_BASE_URL": "http://127.0.0.1:9000/bot",
        "YUEXIA_DATABASE_URL": "postgresql+psycopg://poet:s3cret@db/yuexia",
        "YUEXIA_HOME": str(tmp_path),
        "YUEXIA_ADMINS": "7, 42,",
        "YUEXIA_PORT": "9999",
        "YUEXIA_POET": str(tmp_path),
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    settings = read_settings()
    assert settings.telegram_bot_token is not None
    assert settings.telegram_bot_token.get_secret_value() == TOKEN
    assert settings.telegram_base_url == "http://127.0.0.1:9000/bot"
    assert (settings.database.password, settings.database.host) == ("s3cret", "db")
    assert settings.admins == {7, 42}
    assert settings.port == 9999
    assert settings.home == settings.poet == tmp_path
    assert settings.secrets == (TOKEN, "s3cret")


def test_a_dot_env_file_is_read_and_the_environment_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"TELEGRAM_BOT_TOKEN={TOKEN}\nYUEXIA_PORT=1111\nYUEXIA_LATER=x\nYUEXIA_ADMINS=\n")
    monkeypatch.setenv("YUEXIA_PORT", "2222")
    settings = read_settings()
    assert settings.telegram_bot_token is not None
    assert settings.port == 2222
    assert settings.admins == frozenset()


def test_a_dot_env_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"YUEXIA_PORT=\xff\xfe")
    with pytest.raises(BotSettingsError, match=r"\.env is not UTF-8"):
        read_settings()


@pytest.mark.parametrize(
    ("name", "value", "fix"),
    [
        ("TELEGRAM_BOT_TOKEN", "hello", "BotFather"),
        ("TELEGRAM_BOT_TOKEN", "123456:ABC DEF", "BotFather"),
        ("TELEGRAM_BOT_TOKEN", "123456:", "BotFather"),
        ("YUEXIA_TELEGRAM_BASE_URL", "localhost:9000", "https://api.telegram.org/bot"),
        ("YUEXIA_TELEGRAM_BASE_URL", "ftp://localhost/bot", "https://api.telegram.org/bot"),
        ("YUEXIA_TELEGRAM_BASE_URL", "http://localhost:9000", "https://api.telegram.org/bot"),
        ("YUEXIA_TELEGRAM_BASE_URL", "http://localhost:99999/bot", "https://api.telegram.org/bot"),
        ("YUEXIA_TELEGRAM_BASE_URL", "http://localhost:x/bot", "https://api.telegram.org/bot"),
        ("YUEXIA_TELEGRAM_BASE_URL", "http://[::1/bot", "https://api.telegram.org/bot"),
        ("YUEXIA_TELEGRAM_BASE_URL", "http://:9000/bot", "https://api.telegram.org/bot"),
        ("YUEXIA_DATABASE_URL", "/var/yuexia.db", "sqlite:////"),
        ("YUEXIA_DATABASE_URL", "mysql://host/name", "postgresql://"),
        ("YUEXIA_DATABASE_URL", "postgresql://host:notaport/name", "postgresql://"),
        ("YUEXIA_DATABASE_URL", "sqlite://", "forgets"),
        ("YUEXIA_DATABASE_URL", "sqlite:///:memory:", "forgets"),
        ("YUEXIA_ADMINS", "@me", "/id"),
        ("YUEXIA_ADMINS", "12;13", "/id"),
        ("YUEXIA_ADMINS", "-5", "/id"),
        ("YUEXIA_PORT", "0", "8321"),
        ("YUEXIA_PORT", "65536", "8321"),
        ("YUEXIA_PORT", "http", "8321"),
        ("YUEXIA_POET", "no/such/folder", "folder of a poet package"),
        ("YUEXIA_HOME", __file__, "name a folder"),
        ("YUEXIA_HOME", "~no_such_user/yuexia", "write it out"),
    ],
)
def test_a_wrong_value_names_its_variable_and_the_fix(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, fix: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(BotSettingsError) as caught:
        read_settings()
    message = str(caught.value)
    assert message.startswith(f"{name} ")
    assert fix in message
    assert "\n" not in message
    assert caught.value.exit_status == 2


@pytest.mark.parametrize("value", ["123456:ABC DEF", "postgresql://poet:s3cret@host:notaport/name"])
def test_a_wrong_secret_is_not_repeated(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN" if value[0] == "1" else "YUEXIA_DATABASE_URL", value)
    with pytest.raises(BotSettingsError) as caught:
        read_settings()
    assert "ABC DEF" not in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_settings_do_not_show_their_secrets() -> None:
    settings = read_settings(telegram_bot_token=TOKEN, database_url="postgresql://poet:s3cret@db/yuexia")
    shown = f"{settings!r} {settings} {settings.database}"
    assert TOKEN not in shown
    assert "s3cret" not in shown


def test_a_relative_home_is_seen_from_where_the_bot_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YUEXIA_HOME", "here")
    assert read_settings().home == tmp_path / "here"
