"""`poetbot` as a reader starts it: a process with an environment, a page, signals and exit statuses."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from bot.localchat import LocalTelegram

POETBOT = [sys.executable, "-W", "error", "-c", "from bot.cli import app; app()"]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An environment in which nothing of ours is set but the home, an empty folder."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("YUEXIA_", "TELEGRAM_"))}
    return {**bare, "YUEXIA_HOME": str(tmp_path / "home"), "PYTHONPATH": str(Path(__file__).parents[2])}


@pytest.fixture
def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _poetbot(environment: dict[str, str], *words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*POETBOT, *words], env=environment, cwd=cwd, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_run_without_a_token_serves_the_page_until_told_to_stop(
    environment: dict[str, str], tmp_path: Path, free_port: int, poet_folder: Path, number: signal.Signals
) -> None:
    environment |= {"YUEXIA_PORT": str(free_port), "YUEXIA_POET": str(poet_folder)}
    with subprocess.Popen(
        [*POETBOT, "run"], env=environment, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert f" http://127.0.0.1:{free_port}/ " in process.stdout.readline()
        with urllib.request.urlopen(f"http://127.0.0.1:{free_port}/", timeout=10) as answer:
            assert "<html" in answer.read().decode()
        process.send_signal(number)
        rest, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors
    assert rest == ""
    assert "Traceback" not in errors
    assert (tmp_path / "home" / "yuexia.db").is_file()


def test_db_upgrade_backup_and_restore(environment: dict[str, str], tmp_path: Path) -> None:
    done = _poetbot(environment, "db", "upgrade", cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (0, 1), done.stderr
    revision = done.stdout.removeprefix("the database is at revision ").strip()
    assert revision.isdigit()
    done = _poetbot(environment, "db", "backup", "saved", cwd=tmp_path)
    assert done.stdout.startswith(f"saved holds the database, at revision {revision}, "), done.stderr
    done = _poetbot(environment, "db", "restore", "saved", cwd=tmp_path)
    assert (done.returncode, done.stdout.count("\n")) == (0, 2), done.stderr
    assert done.stdout.startswith(f"the database is restored, at revision {revision}\nwhat was there before is in ")
    done = _poetbot(environment, "db", "restore", "nothing", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"error: there is no backup {tmp_path / 'nothing'}\n"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [("YUEXIA_PORT", "many", "YUEXIA_PORT is not a port"), ("TELEGRAM_BOT_TOKEN", "x", "TELEGRAM_BOT_TOKEN is not")],
)
def test_a_wrong_setting_ends_with_2_and_nothing_started(
    environment: dict[str, str], tmp_path: Path, name: str, value: str, words: str
) -> None:
    done = _poetbot({**environment, name: value}, "run", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {words}")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "home").exists()


def test_a_port_in_use_is_one_sentence(environment: dict[str, str], tmp_path: Path, poet_folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        environment |= {"YUEXIA_PORT": str(taken.getsockname()[1]), "YUEXIA_POET": str(poet_folder)}
        done = _poetbot(environment, "run", cwd=tmp_path)
    _is_one_sentence(done, "YUEXIA_PORT")


def test_a_broken_poet_is_a_wrong_setting(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "poet").mkdir()
    (tmp_path / "poet" / "poet.json").write_text("{")
    done = _poetbot({**environment, "YUEXIA_POET": str(tmp_path / "poet")}, "run", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: YUEXIA_POET names no whole poet: ")
    assert not (tmp_path / "home").exists()


def test_a_database_that_cannot_be_opened_is_one_sentence(
    environment: dict[str, str], tmp_path: Path, poet_folder: Path
) -> None:
    (tmp_path / "poem.txt").write_text("月下孤舟" * 1000)
    environment |= {"YUEXIA_DATABASE_URL": f"sqlite:///{tmp_path}/poem.txt", "YUEXIA_POET": str(poet_folder)}
    _is_one_sentence(_poetbot(environment, "run", cwd=tmp_path), "cannot open the database")


async def test_a_wrong_token_is_one_sentence(
    environment: dict[str, str], tmp_path: Path, poet_folder: Path, telegram: LocalTelegram
) -> None:
    environment |= {
        "YUEXIA_POET": str(poet_folder),
        "TELEGRAM_BOT_TOKEN": "123:wrong",
        "YUEXIA_TELEGRAM_BASE_URL": telegram.base_url,
    }
    done = await asyncio.to_thread(_poetbot, environment, "run", cwd=tmp_path)
    _is_one_sentence(done, "does not know this token")
    assert "123:wrong" not in done.stderr


async def test_run_with_a_token_answers_on_the_server_it_is_told(
    environment: dict[str, str], tmp_path: Path, poet_folder: Path, telegram: LocalTelegram
) -> None:
    environment |= {
        "YUEXIA_POET": str(poet_folder),
        "TELEGRAM_BOT_TOKEN": telegram.token,
        "YUEXIA_TELEGRAM_BASE_URL": telegram.base_url,
    }
    telegram.user_sends("/poem 月")
    with subprocess.Popen(
        [*POETBOT, "run"], env=environment, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        await telegram.wait_until(lambda: len(telegram.messages()) == 2, timeout=30)
        process.terminate()
        out, errors = await asyncio.to_thread(process.communicate, timeout=30)
    assert process.returncode == 0, errors
    assert out == "@yuexia_bot is listening\n"
    assert telegram.messages()[1].text.startswith("月")
    assert telegram.token not in errors


def test_a_server_that_cannot_be_reached_is_waited_for_until_told_to_stop(
    environment: dict[str, str], tmp_path: Path, free_port: int, poet_folder: Path
) -> None:
    environment |= {
        "YUEXIA_POET": str(poet_folder),
        "TELEGRAM_BOT_TOKEN": "123:abc",
        "YUEXIA_TELEGRAM_BASE_URL": f"http://127.0.0.1:{free_port}/bot",
    }
    with subprocess.Popen(
        [*POETBOT, "run"], env=environment, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        while "cannot reach the Bot API" not in (line := process.stderr.readline()):
            assert line, "ended without waiting"
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=30)
    assert (process.returncode, out) == (0, ""), errors
    assert "Traceback" not in errors


def test_serving_does_not_import_torch() -> None:
    code = "import sys, bot.service, bot.storage.schema, poetcore.generation; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "False\n"


def _is_one_sentence(done: subprocess.CompletedProcess[str], words: str) -> None:
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1].startswith("error: ")
    assert words in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
