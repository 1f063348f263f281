"""Each entry point as the files of deploy/ run it: their command and environment, an ordinary user, an empty folder."""

import asyncio
import json
import re
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, Any, Final

import pytest

from bot.localchat import LocalTelegram
from poetcore.corpus.preparation import prepare
from tests.deploy.conftest import Installation
from tests.deploy.files import Start, image, service, unit

_FOLDERS: Final = ("/var/lib/yuexia", "/data", "/poets", "/corpus")
_PLACES: Final = re.compile(r"(?<![\w/.-])(" + "|".join(("/opt/yuexia", *_FOLDERS)) + r")\b")


@asynccontextmanager
async def started(start: Start, installed: Installation, folder: Path, **variables: str) -> AsyncIterator[IO[str]]:
    """The command in its environment, with its folders moved to `folder`; told to stop at the end, and ends well.

    Yields what it says on both its streams, as whatever collects logs gets them.
    """
    here = moved(start, installed, folder)
    how = installed.options(folder, **here.environment | variables)
    with subprocess.Popen(here.command, **how, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout
        except Exception as error:
            process.terminate()
            error.add_note(await asyncio.to_thread(process.stdout.read))
            raise
        process.terminate()
        said = await asyncio.to_thread(process.stdout.read)
    assert process.returncode == 0, said
    for line in said.splitlines():
        message_of(line)


def message_of(line: str) -> str:
    """What a line of the log says; with YUEXIA_LOG=json each is an object."""
    return str(json.loads(line)["message"])


def moved(start: Start, installed: Installation, folder: Path) -> Start:
    """The same with the installation's programs, and with the file's folders inside `folder`."""
    places = {"/opt/yuexia": installed.folder, **dict.fromkeys(_FOLDERS, folder)}

    def here(text: str) -> str:
        return _PLACES.sub(lambda place: str(places[place[0]]), text)

    environment = {name: here(value) for name, value in start.environment.items() if name != "PATH"}
    return Start(tuple(map(here, start.command)), environment, start.health)


@pytest.mark.parametrize("start", [unit("yuexia.service"), image("Dockerfile.bot")], ids=["unit", "image"])
async def test_the_bot(
    start: Start, installed: Installation, empty_folder: Path, local_telegram: LocalTelegram, free_port: int
) -> None:
    told = {
        "TELEGRAM_BOT_TOKEN": local_telegram.token,
        "YUEXIA_TELEGRAM_BASE_URL": local_telegram.base_url,
        "YUEXIA_METRICS_PORT": str(free_port),
    }
    local_telegram.user_sends("/poem 月")
    async with started(start, installed, empty_folder, **told):
        await local_telegram.wait_until(lambda: len(local_telegram.messages()) == 2, timeout=120)
        if start.health:
            check = [word.replace("9321", str(free_port)) for word in start.health]
            done = await asyncio.to_thread(installed.run, *check, folder=empty_folder)
            assert done.returncode == 0, done.stderr
    assert local_telegram.messages()[1].text.startswith("月")
    assert (empty_folder / "yuexia.db").stat().st_uid != 0


async def test_a_bot_behind_the_proxy(
    installed: Installation, empty_folder: Path, local_telegram: LocalTelegram, free_port: int, postgres: Any
) -> None:
    with postgres.database("template0") as url:
        start = service(
            "webhook",
            YUEXIA_DOMAIN="poems.example",
            YUEXIA_DATABASE_URL=url.set(drivername="postgresql").render_as_string(hide_password=False),
        )
        assert start.environment["YUEXIA_WEBHOOK_URL"] == "https://poems.example/telegram"
        told = {
            "TELEGRAM_BOT_TOKEN": local_telegram.token,
            "YUEXIA_TELEGRAM_BASE_URL": local_telegram.base_url,
            # No proxy here: Telegram brings updates to where the proxy would.
            "YUEXIA_WEBHOOK_URL": f"http://127.0.0.1:{free_port}/telegram",
            "YUEXIA_WEBHOOK_PORT": str(free_port),
            "YUEXIA_METRICS_PORT": "",
        }
        local_telegram.user_sends("/poem 月")
        async with started(start, installed, empty_folder, **told):
            await local_telegram.wait_until(lambda: len(local_telegram.messages()) == 2, timeout=120)
    assert local_telegram.messages()[1].text.startswith("月")
    assert list(empty_folder.glob("*.db")) == []


@pytest.mark.parametrize("start", [unit("yuexia-worker.service"), service("worker")], ids=["unit", "image"])
async def test_the_worker(
    start: Start, installed_for_training: Installation, empty_folder: Path, tiny_source: Path
) -> None:
    prepare(tiny_source, empty_folder / "corpus", ("tang",))
    told = {"YUEXIA_DATA": str(empty_folder / "corpus"), "YUEXIA_DATABASE_URL": ""}
    async with started(start, installed_for_training, empty_folder, **told) as output:
        said = ""
        while not said.endswith(" waits for work"):
            said = message_of(await asyncio.to_thread(output.readline))
    assert (empty_folder / "worker").is_dir()


def test_the_backup(installed: Installation, empty_folder: Path) -> None:
    start = moved(unit("yuexia-backup.service"), installed, empty_folder)
    backups = empty_folder / "backups"
    subprocess.run(["mkdir", backups], **installed.options(empty_folder), check=True)
    installed.run("poetbot", "db", "upgrade", folder=empty_folder, **start.environment)
    for _ in range(2):
        done = installed.run(*start.command, folder=empty_folder, **start.environment)
        assert done.returncode == 0, done.stderr
        assert " holds the database, at revision " in message_of(done.stdout + done.stderr)
    (backup,) = backups.iterdir()
    restored = installed.run("poetbot", "db", "restore", str(backup), folder=backups, YUEXIA_HOME=str(backups))
    assert restored.returncode == 0, restored.stderr
    assert (backups / "yuexia.db").is_file()
