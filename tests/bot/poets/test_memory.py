"""A bot that runs holds one poet: the one that it began with leaves its memory too."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL

from bot.poets.store import FolderStore
from bot.storage import Database
from bot.storage.schema import upgrade
from bot.storage.versions import add_version

_RUNNING = """
import gc, os, signal, threading, time
from functools import partial
import bot.jobs.learning
from bot.cli.service import run
from bot.settings import read_settings
from bot.storage import Database
from bot.storage.versions import Alias, called, promote
from poetcore.generation import Poet

bot.jobs.learning._LOOK_EVERY_S = 0.05

def poets():
    gc.collect()
    return sorted({held.version for held in gc.get_objects() if isinstance(held, Poet)})

def until(fits):
    for _ in range(400):
        if fits():
            return
        time.sleep(0.1)

def swap():
    with Database(read_settings().database) as database:
        until(lambda: database.transact(partial(called, alias=Alias.CHAMPION)) is not None and poets() == ["first"])
        database.transact(partial(promote, version="second", by="7"))
    until(lambda: "second" in poets())
    # The follower's own frame has it for a moment.
    until(lambda: poets() == ["second"])
    print(*poets(), flush=True)
    os.kill(os.getpid(), signal.SIGTERM)

threading.Thread(target=swap, daemon=True).start()
run()
"""


def _free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def test_the_first_poet_leaves_the_memory_of_a_bot_that_runs(tmp_path: Path, make_poet: Callable[..., Path]) -> None:
    store = FolderStore(tmp_path / "poets")
    with Database(URL.create("sqlite", database=str(tmp_path / "yuexia.db"))) as database:
        upgrade(database)
        _, digest = store.publish(make_poet("second", seed=2))
        row: dict[str, Any] = {"version": "second", "digest": digest, "state": "passed", "metrics": {}}
        database.transact(partial(add_version, row=row))
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("YUEXIA_", "TELEGRAM_"))}
    settings = {
        "YUEXIA_HOME": str(tmp_path),
        "YUEXIA_POET": str(make_poet("first", seed=1)),
        "YUEXIA_PORT": _free_port(),
    }
    done = subprocess.run(
        [sys.executable, "-c", _RUNNING],
        env={**bare, **settings, "PYTHONPATH": str(Path(__file__).parents[3])},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "second", done.stdout + done.stderr
