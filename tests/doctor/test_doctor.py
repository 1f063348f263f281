"""`poetbot doctor` on a healthy set-up, and on many that are broken in one place each."""

import asyncio
import json
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import URL, text, update
from typer.testing import CliRunner

from bot.cli import app
from bot.doctor.examination import CHECKS
from bot.localchat import LocalTelegram
from bot.poets.founding import champion, founder_of
from bot.poets.store import FolderStore
from bot.storage import Database
from bot.storage.learning import beat
from bot.storage.models import LearningWorker, now
from bot.storage.schema import upgrade
from poetcore.corpus.preparation import prepare

Finding = dict[str, str | None]


@dataclass
class Setup:
    """A bot's surroundings; `break_…` are done to it before the doctor comes."""

    home: Path
    environment: dict[str, str]
    monkeypatch: pytest.MonkeyPatch
    secrets: list[str] = field(default_factory=list)

    @property
    def database(self) -> Path:
        """The file."""
        return self.home / "yuexia.db"

    def transact(self, statement: str) -> None:
        """Change the database behind the bot's back."""
        with Database(URL.create("sqlite", database=str(self.database))) as database:
            database.transact(lambda session: session.execute(text(statement)))

    async def examined(self) -> tuple[int, dict[str, Finding]]:
        """The exit status, and all findings by check; no secret is seen."""
        for name, value in self.environment.items():
            self.monkeypatch.setenv(name, value)
        done = await asyncio.to_thread(CliRunner().invoke, app, ["doctor", "--json"])
        shown = done.stdout + done.stderr
        assert not [secret for secret in self.secrets if secret in shown]
        findings = [json.loads(line) for line in done.stdout.splitlines()]
        assert [finding["check"] for finding in findings] == list(CHECKS)
        return done.exit_code, {finding["check"]: finding for finding in findings}


@pytest.fixture(scope="session")
def pattern(tmp_path_factory: pytest.TempPathFactory, make_poet: Callable[..., Path], tiny_source: Path) -> Path:
    """What each set-up is a copy of: a database with a champion, the poet, a corpus."""
    folder = tmp_path_factory.mktemp("pattern")
    poet, home = shutil.copytree(make_poet("founder"), folder / "founder"), folder / "home"
    prepare(tiny_source, folder / "data", ("tang",))
    with Database(URL.create("sqlite", database=str(home / "yuexia.db"))) as database:
        upgrade(database)
        champion(database, FolderStore(home / "poets"), founder_of(poet))
    return folder


@pytest.fixture
def setup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, local_telegram: LocalTelegram, pattern: Path) -> Setup:
    """All is well: there is a worker too."""
    monkeypatch.chdir(tmp_path)
    for name in [known for known in os.environ if known.startswith(("YUEXIA_", "TELEGRAM_"))]:
        monkeypatch.delenv(name)
    home = tmp_path / "home"
    shutil.copytree(pattern, tmp_path, dirs_exist_ok=True)
    with Database(URL.create("sqlite", database=str(home / "yuexia.db"))) as database:
        database.transact(partial(beat, worker="worker-1", machine="a machine"))
    environment = {
        "TELEGRAM_BOT_TOKEN": local_telegram.token,
        "YUEXIA_TELEGRAM_BASE_URL": local_telegram.base_url,
        "YUEXIA_HOME": str(home),
        "YUEXIA_POET": str(tmp_path / "founder"),
        "YUEXIA_DATA": str(tmp_path / "data"),
    }
    return Setup(home, environment, monkeypatch, [local_telegram.token.partition(":")[2]])


async def test_a_healthy_set_up(setup: Setup) -> None:
    status, findings = await setup.examined()
    assert status == 0, findings
    assert {check for check in findings if findings[check]["state"] == "well"} >= set(CHECKS) - {"font"}
    assert findings["token"]["found"] == "@yuexia_bot"


async def test_settings_go_by_the_names_that_documents_give_them(setup: Setup) -> None:
    _, findings = await setup.examined()
    assert findings["settings"]["found"] == ", ".join(sorted(setup.environment))


@pytest.mark.parametrize(
    "name", ["YUEXIA_FOO", "YUEXIA_DOMAIN", "YUEXIA_POETS_VOLUME", "TELEGRAM_CHAT_ID", "TELEGRAM_TOKEN"]
)
async def test_a_name_that_is_near_none_of_ours_is_somebody_elses(setup: Setup, name: str) -> None:
    setup.environment[name] = "1"
    _, findings = await setup.examined()
    assert findings["settings"]["state"] == "well"


async def test_an_address_with_the_token_inside_it_is_asked(setup: Setup) -> None:
    setup.environment["YUEXIA_TELEGRAM_BASE_URL"] += "{token}"
    _, findings = await setup.examined()
    assert findings["token"]["found"] == "@yuexia_bot"


async def test_without_anything_it_is_well_too(monkeypatch: pytest.MonkeyPatch, setup: Setup) -> None:
    """The local chat on an empty machine: nothing is made by looking."""
    empty = setup.home.parent / "empty"
    setup.environment = {"YUEXIA_HOME": str(empty), "YUEXIA_POET": setup.environment["YUEXIA_POET"]}
    status, findings = await setup.examined()
    assert status == 0, findings
    assert {check for check in findings if findings[check]["state"] == "skipped"} >= {"token", "database", "data"}
    assert not empty.exists()


def test_a_person_reads_one_line_a_check(setup: Setup) -> None:
    setup.monkeypatch.setenv("YUEXIA_HOME", str(setup.home))
    setup.monkeypatch.setenv("YUEXIA_POET", str(setup.home / "nobody"))
    done = CliRunner().invoke(app, ["doctor"])
    lines = done.stdout.splitlines()
    assert done.exit_code == 1
    assert len(lines) == len(CHECKS)
    assert lines[0].startswith("✗ settings   YUEXIA_POET names no folder")
    assert all(line.startswith("– ") for line in lines[1:])


Break = Callable[[Setup], None]


def _wrong_token(setup: Setup) -> None:
    setup.environment["TELEGRAM_BOT_TOKEN"] = "123456:not-the-one"
    setup.secrets.append("not-the-one")


def _no_telegram(setup: Setup) -> None:
    setup.environment["YUEXIA_TELEGRAM_BASE_URL"] = "http://127.0.0.1:1/bot"


def _no_database_server(setup: Setup) -> None:
    setup.environment["YUEXIA_DATABASE_URL"] = "postgresql://poet:moonlight@127.0.0.1:1/yuexia"
    setup.secrets.append("moonlight")


def _no_database_server_and_a_password_behind_the_address(setup: Setup) -> None:
    setup.environment["YUEXIA_DATABASE_URL"] = "postgresql://127.0.0.1:1/yuexia?user=poet&password=moonlight"
    setup.secrets.append("moonlight")


def _no_database(setup: Setup) -> None:
    setup.database.write_text("牀前看月光" * 1000)


def _old_migrations(setup: Setup) -> None:
    setup.transact("UPDATE alembic_version SET version_num = '0005'")


def _newer_migrations(setup: Setup) -> None:
    setup.transact("UPDATE alembic_version SET version_num = '9999'")


def _damaged_poet(setup: Setup) -> None:
    weights = next(Path(setup.environment["YUEXIA_POET"]).glob("*.safetensors"))
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)


def _champion_gone(setup: Setup) -> None:
    setup.transact("UPDATE poet_version SET digest = 'another'")
    shutil.rmtree(setup.home / "poets")


def _no_champion(setup: Setup) -> None:
    setup.transact("DELETE FROM poet_alias")


def _silent_worker(setup: Setup) -> None:
    long_ago = update(LearningWorker).values(beat_at=now() - timedelta(hours=1))
    with Database(URL.create("sqlite", database=str(setup.database))) as database:
        database.transact(lambda session: session.execute(long_ago))


def _silent_worker_beside_another(setup: Setup) -> None:
    _silent_worker(setup)
    with Database(URL.create("sqlite", database=str(setup.database))) as database:
        database.transact(partial(beat, worker="worker-2", machine="a machine"))


def _no_data(setup: Setup) -> None:
    setup.environment["YUEXIA_DATA"] = str(setup.home / "nothing")


def _no_font(setup: Setup) -> None:
    (setup.home / "some.ttf").write_text("月")
    setup.environment["YUEXIA_FONT"] = str(setup.home / "some.ttf")


def _full_disk(setup: Setup) -> None:
    setup.monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=3 * 2**20))


def _home_that_cannot_be_written(setup: Setup) -> None:
    setup.environment["YUEXIA_DATABASE_URL"] = f"sqlite:///{setup.database}"
    setup.environment["YUEXIA_POETS"] = str(setup.home / "poets")
    setup.environment["YUEXIA_HOME"] = "/proc/yuexia"


def _poets_that_cannot_be_written(setup: Setup) -> None:
    setup.environment["YUEXIA_POETS"] = "/proc/poets"


def _wrong_clock(setup: Setup) -> None:
    ahead = SimpleNamespace(time=lambda: time.time() + 3600)
    setup.monkeypatch.setattr("bot.doctor.telegram.time", ahead)


def _misspelt_setting(setup: Setup) -> None:
    setup.environment["YUEXIA_ADMIN"] = "1"


def _misspelt_in_the_file(setup: Setup) -> None:
    (setup.home.parent / ".env").write_text("COMPOSE_PROFILES=one\nYUEXIA_DOMAIN=poems.example\nYUEXIA_ADMIN=1\n")


def _misspelt_token(setup: Setup) -> None:
    del setup.environment["TELEGRAM_BOT_TOKEN"]
    (setup.home.parent / ".env").write_text("TELEGRAM_TOKEN=123456:abc\n")


def _misspelt_token_without_a_value(setup: Setup) -> None:
    del setup.environment["TELEGRAM_BOT_TOKEN"]
    (setup.home.parent / ".env").write_text("TELEGRAM_BOT_TOKE=\n")


def _host_that_is_none(setup: Setup) -> None:
    setup.environment["YUEXIA_TELEGRAM_BASE_URL"] = "http://a..b/bot"


def _no_webhook(setup: Setup) -> None:
    setup.environment["YUEXIA_WEBHOOK_URL"] = "https://bot.example.org/yuexia"


@pytest.mark.parametrize(
    ("damage", "check", "found", "advice"),
    [
        (_wrong_token, "token", "does not know it", "@BotFather"),
        (_no_telegram, "token", "does not answer", "YUEXIA_TELEGRAM_BASE_URL"),
        (_no_database_server, "database", "cannot open the database postgresql", "YUEXIA_DATABASE_URL"),
        (
            _no_database_server_and_a_password_behind_the_address,
            "database",
            "cannot open the database postgresql",
            "YUEXIA_DATABASE_URL",
        ),
        (_no_database, "database", "not a database", "YUEXIA_DATABASE_URL"),
        (_old_migrations, "migrations", "at 0005, not at ", "poetbot db upgrade"),
        (_newer_migrations, "migrations", "does not know", "upgrade Yuexia"),
        (_damaged_poet, "poet", "safetensors", "YUEXIA_POET"),
        (_champion_gone, "poet", "the champion founder cannot serve", "poetbot poets rollback"),
        (_no_champion, "poet", "no version is the champion", "start the bot once (poetbot run)"),
        (_silent_worker, "worker", "last heard 60 min ago", "start it again"),
        (_silent_worker_beside_another, "worker", "worker-1 on a machine was last heard 60 min ago", "start it again"),
        (_no_data, "data", "no prepared corpus", "poet prepare"),
        (_no_font, "font", "no font with Chinese characters", "fonts-lxgw-wenkai"),
        (_full_disk, "disk", "3 MB are free", "make room"),
        (_home_that_cannot_be_written, "disk", "cannot be written", "YUEXIA_HOME"),
        (_poets_that_cannot_be_written, "disk", "cannot be written", "YUEXIA_POETS"),
        (_wrong_clock, "clock", "s ahead of the Bot API's", "set-ntp"),
        (_misspelt_setting, "settings", "there is no YUEXIA_ADMIN", "is YUEXIA_ADMINS meant?"),
        (_misspelt_in_the_file, "settings", "there is no YUEXIA_ADMIN", "is YUEXIA_ADMINS meant?"),
        (_misspelt_token, "settings", "there is no TELEGRAM_TOKEN", "is TELEGRAM_BOT_TOKEN meant?"),
        (_misspelt_token_without_a_value, "settings", "there is no TELEGRAM_BOT_TOKE", "is TELEGRAM_BOT_TOKEN meant?"),
        (_host_that_is_none, "settings", "YUEXIA_TELEGRAM_BASE_URL is not the address", "nothing else"),
        (_no_webhook, "webhook", "was not told of https://bot.example.org/yuexia", "poetbot run --webhook"),
    ],
)
async def test_what_is_broken_is_found_and_nothing_else(
    setup: Setup, damage: Break, check: str, found: str, advice: str
) -> None:
    damage(setup)
    status, findings = await setup.examined()
    assert status == 1
    assert [name for name in findings if findings[name]["state"] == "ill"] == [check], findings
    assert found in (findings[check]["found"] or "")
    assert advice in (findings[check]["advice"] or "")
