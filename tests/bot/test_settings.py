"""Settings: defaults, `.env`, and a sentence for each wrong value."""

from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import make_url

from bot.cli import app
from bot.errors import BotSettingsError
from bot.settings import Settings, default_home, read_settings, variable
from bot.storage.database import unusable

TOKEN = "123456:ABC-DEF_ghi"


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for field in Settings.model_fields:
        monkeypatch.delenv(variable(field), raising=False)
    monkeypatch.chdir(tmp_path)


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
    assert settings.secrets == (TOKEN, settings.update_secret, "s3cret")


def test_a_dot_env_file_is_read_and_the_environment_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"TELEGRAM_BOT_TOKEN={TOKEN}\nYUEXIA_PORT=1111\nYUEXIA_LATER=x\nYUEXIA_ADMINS=\n")
    monkeypatch.setenv("YUEXIA_PORT", "2222")
    settings = read_settings()
    assert settings.telegram_bot_token is not None
    assert settings.port == 2222
    assert settings.admins == frozenset()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("telegram_base_url", "https://api.telegram.org/bot{token}/test"),
        ("telegram_base_url", "http://[::1]:8081/behind/a/proxy/bot"),
        ("telegram_base_url", "http://xn--7ov.example./bot"),
        ("database_url", "sqlite+pysqlite:////var/yuexia.db"),
        ("database_url", "postgres://host/name"),
        ("learn_at", "0 4 * * 0-6"),
        ("learn_at", "0 4 * * sun-sat"),
        ("learn_at", "*/15 1-5/2,9 1,15,last jan-jun,12 Fri-Sun,2"),
        ("learn_at", "0 4 29 2 1"),
    ],
)
def test_a_right_value_is_taken(monkeypatch: pytest.MonkeyPatch, field: str, value: str) -> None:
    monkeypatch.setenv(variable(field), value)
    assert field in read_settings().model_fields_set


def test_variables_have_the_names_that_documents_give_them() -> None:
    assert variable("telegram_bot_token") == "TELEGRAM_BOT_TOKEN"
    assert variable("home") == "YUEXIA_HOME"


def test_a_dot_env_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"YUEXIA_PORT=\xff\xfe")
    with pytest.raises(BotSettingsError, match=r"\.env is not UTF-8"):
        read_settings()


# Of every field: values that make no sense, and a part of the sentence that says how to put it right.
WRONG: Final[dict[str, dict[str, str]]] = {
    "telegram_bot_token": {"hello": "BotFather", "123456:ABC DEF": "BotFather", "123456:": "BotFather"},
    "telegram_base_url": {
        "localhost:9000": "https://api.telegram.org/bot",
        "ftp://localhost/bot": "https://api.telegram.org/bot",
        "http://localhost:9000": "https://api.telegram.org/bot",
        "http://localhost:99999/bot": "https://api.telegram.org/bot",
        "http://localhost:x/bot": "https://api.telegram.org/bot",
        "http://[::1/bot": "https://api.telegram.org/bot",
        "http://:9000/bot": "https://api.telegram.org/bot",
        "http://a..b/bot": "https://api.telegram.org/bot",
        f"http://{'a' * 64}.example/bot": "https://api.telegram.org/bot",
        "http://xn--/bot": "https://api.telegram.org/bot",
        "http://999.1.1.1/bot": "https://api.telegram.org/bot",
        "https://api.telegram.org/": "https://api.telegram.org/bot",
        "https://api.telegram.org/bot/": "https://api.telegram.org/bot",
        "https://api.telegram.org/bot123456:ABC": "without the token",
        "https://api.telegram.org/bot{name}": "without the token",
    },
    "home": {__file__: "name a folder", "~no_such_user/yuexia": "write it out", "月" * 100: "give another one"},
    "database_url": {
        "/var/yuexia.db": "sqlite:////",
        "mysql://host/name": "postgresql://",
        "postgresql://host:notaport/name": "postgresql://",
        "sqlite://": "forgets",
        "sqlite:///:memory:": "forgets",
        "sqlite:///%3Amemory%3A": "forgets",
        "sqlite:///?timeout=5": "forgets",
        "sqlite:///file:?uri=true": "forgets",
        "sqlite:///file:poems?uri=true&mode=memory": "forgets",
        "sqlite+aiosqlite:////var/yuexia.db": "sqlite:////",
        "postgresql+asyncpg://host/name": "postgresql://",
        "postgresql+psycopg2://host/name": "postgresql://",
        "postgres+psycopg://host/name": "postgresql://",
    },
    "admins": {"@me": "/id", "12;13": "/id", "-5": "/id"},
    "port": {"0": "8321", "65536": "8321", "http": "8321", "80.5": "8321"},
    "poet": {"no/such/folder": "folder of a poet package", str(Path(__file__).parent): "give another package"},
    "poets": {__file__: "name a folder"},
    "data": {__file__: "name a folder", "~no_such_user/data": "write it out"},
    "font": {"no/such.ttf": ".ttf, .otf or .ttc", __file__: ".ttf, .otf or .ttc"},
    "sends_per_second": {
        "-1": "from 0 to 1000",
        "1001": "from 0 to 1000",
        "fast": "from 0 to 1000",
        "nan": "such as 28",
    },
    "broadcast_timeout": {"0": "from 0.1 to 600", "inf": "from 0.1 to 600", "20 s": "such as 20"},
    "learn_at": {
        "on mondays": "0 4 * * 1",
        "61 4 * * 1": "never",
        "0 4 * * 8": "never",
        "0 4 * * 1-8": "five cron fields",
        "0 4 * * 1#2": "five cron fields",
        "0 4 * * mon#2": "five cron fields",
        "0 4 * * 5-1": "five cron fields",
        "0 4 * * 1/2": "five cron fields",
        "0 4 * jan-jun/2 *": "five cron fields",
        "0 4 31 2 *": "a day that never comes",
    },
    "learn_after": {"-1": "such as 500", "many": "such as 500"},
    "learn_least": {"-1": "such as 500", "1e3": "such as 500"},
    "promote": {"yes": "give one of them"},
    "gate_bits": {"nan": "such as 0.02", "-0.1": "such as 0.02"},
    "gate_form": {"much": "such as 0.02"},
    "gate_diversity": {"much": "such as 0.02"},
    "gate_copied": {"5%": "such as 0.02"},
    "gate_latency": {"fast": "such as 0.02"},
    "gate_founder_bits": {"nan": "such as 0.02"},
    "gate_founder_diversity": {"much": "such as 0.02"},
    "reader_per_minute": {"-1": "such as 20", "1e3": "such as 20", "10001": "such as 20", "9" * 5000: "such as 20"},
    "group_per_minute": {"many": "such as 20", "²": "such as 20"},
    "compose_queue": {"0": "such as 48", "long": "such as 48"},
    "webhook_url": {
        "http://bot.example.org/yuexia": "https://your.host",
        "https://bot.example.org:9000/yuexia": "443, 80, 88 or 8443",
        "bot.example.org": "https://your.host",
        "https://": "https://your.host",
        "https://bot.example.org:x/": "https://your.host",
        "https://bot.example.org/月": "https://your.host",
        "https://user:word@bot.example.org/": "https://your.host",
    },
    "webhook_host": {"everywhere": "127.0.0.1"},
    "webhook_port": {"0": "8322", "https": "8322"},
    "webhook_secret": {"short": "unset it", "s" * 257: "unset it", "with space with space": "unset it"},
    "metrics_host": {"localhost:9100": "127.0.0.1"},
    "metrics_port": {"-1": "8322", "/metrics": "8322"},
    "log": {"loud": "human nor json"},
}


def test_the_table_knows_every_field() -> None:
    assert set(WRONG) == set(Settings.model_fields)


@pytest.mark.parametrize(
    ("field", "value", "fix"), [(field, value, fix) for field, row in WRONG.items() for value, fix in row.items()]
)
def test_a_wrong_value_names_its_variable_and_the_fix_and_nothing_starts(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    field: str,
    value: str,
    fix: str,
) -> None:
    name = variable(field)
    monkeypatch.setenv("YUEXIA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as ended:
        app(["run"])
    out, complaint = capsys.readouterr()
    assert (ended.value.code, out) == (2, "")
    assert complaint.startswith(f"error: {name} ")
    assert fix in complaint
    assert complaint.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_corpus_that_is_none_does_not_start_the_worker(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("YUEXIA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("YUEXIA_DATA", str(tmp_path))
    with pytest.raises(SystemExit) as ended:
        app(["worker"])
    out, complaint = capsys.readouterr()
    assert (ended.value.code, out) == (2, "")
    assert complaint.startswith(f"error: YUEXIA_DATA names no corpus that is whole: {tmp_path} ")
    assert "poet prepare" in complaint
    assert list(tmp_path.iterdir()) == []


def test_the_secret_of_updates_follows_from_the_token_unless_it_is_given() -> None:
    first, again, other = (read_settings(telegram_bot_token=token) for token in (TOKEN, TOKEN, "654321:ABC"))
    assert first.update_secret == again.update_secret != other.update_secret
    assert first.update_secret is not None
    assert len(first.update_secret) == 64
    assert TOKEN not in first.update_secret
    given = read_settings(telegram_bot_token=TOKEN, webhook_secret="a-secret-of-our-own")
    assert given.update_secret == "a-secret-of-our-own"
    assert read_settings().update_secret is None


@pytest.mark.parametrize("value", ["123456:ABC DEF", "postgresql://poet:s3cret@host:notaport/name"])
def test_a_wrong_secret_is_not_repeated(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN" if value[0] == "1" else "YUEXIA_DATABASE_URL", value)
    with pytest.raises(BotSettingsError) as caught:
        read_settings()
    assert "ABC DEF" not in str(caught.value)
    assert "s3cret" not in str(caught.value)


# The places of an address where a password may stand.
ADDRESSES: Final = (
    "postgresql://poet:s3cret@127.0.0.1:9/poems?sslmode=disable",
    "postgresql://127.0.0.1:9/poems?user=poet&sslmode=disable&password=s3cret",
    "postgresql://poet@127.0.0.1:9/poems?password=s3cret&sslmode=disable",
    # What stands behind the ? goes before the rest, as it does for the driver.
    "postgresql://reader:other@127.0.0.1:9/poems?user=poet&password=s3cret&sslmode=disable",
)


@pytest.mark.parametrize("address", ADDRESSES)
def test_settings_do_not_show_their_secrets(address: str) -> None:
    settings = read_settings(telegram_bot_token=TOKEN, database_url=address)
    shown = f"{settings!r} {settings} {settings.database} {unusable(settings.database, OSError())}"
    assert TOKEN not in shown
    assert "s3cret" not in shown
    assert "s3cret" in settings.secrets
    whole = "postgresql+psycopg://poet:s3cret@127.0.0.1:9/poems?sslmode=disable"
    assert settings.database.render_as_string(hide_password=False) == whole


def test_a_password_without_a_user_is_kept_and_hidden() -> None:
    url = read_settings(database_url="postgresql://db/poems?password=s3cret").database
    assert "s3cret" not in str(url)
    assert make_url(url.render_as_string(hide_password=False)).password == "s3cret"


def test_a_relative_home_is_seen_from_where_the_bot_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YUEXIA_HOME", "here")
    assert read_settings().home == tmp_path / "here"
