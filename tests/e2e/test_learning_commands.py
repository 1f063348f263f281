"""`poetbot worker | poets … | retrain | export-ratings` as an operator types them."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL
from sqlalchemy.orm import Session

from bot.poets.store import FolderStore
from bot.storage import Database
from bot.storage.models import Chat, Poem, Rating, User
from bot.storage.schema import upgrade
from bot.storage.versions import add_version, promote
from poetcore.corpus.preparation import prepare

POETBOT = [sys.executable, "-c", "from bot.cli import app; app()"]


@pytest.fixture
def home(tmp_path: Path, make_poet: Callable[..., Path]) -> Path:
    """A bot's folder: versions `base` and `better`, the champion, and one rating."""
    store = FolderStore(tmp_path / "poets")
    with Database(URL.create("sqlite", database=str(tmp_path / "yuexia.db"))) as database:
        upgrade(database)
        for version, parent in (("base", None), ("better", "base")):
            _, digest = store.publish(make_poet(version, seed=len(version), parent=parent))
            row: dict[str, Any] = {
                "version": version,
                "digest": digest,
                "parent": parent,
                "state": "passed",
                "metrics": {},
            }
            database.transact(partial(add_version, row=row))
            database.transact(partial(promote, version=version, by="bot"))
        database.transact(_rate)
    return tmp_path


def _rate(session: Session) -> None:
    session.add_all([User(id=7_000_000_001), Chat(id=1, kind="private")])
    session.flush()
    poem = Poem(
        id=1,
        user_id=7_000_000_001,
        chat_id=1,
        asked_title="秋思",
        script="hans",
        best_of=16,
        temperature=0.8,
        seed=1,
        poet="base",
        text="月下孤舟過遠灘，江風吹葉夜初寒。",
        form=None,
        score=-4.5,
    )
    session.add(poem)
    session.flush()
    session.add(Rating(poem_id=1, user_id=7_000_000_001, value=-1))


def _environment(home: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("YUEXIA_", "TELEGRAM_"))}
    root = str(Path(__file__).parents[2])
    return {**kept, "PYTHONPATH": root, "YUEXIA_HOME": str(home), **more}


def _poetbot(home: Path, *words: str, **more: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*POETBOT, *words], env=_environment(home, **more), cwd=home, capture_output=True, text=True, timeout=120
    )


def _aliases(home: Path) -> dict[str, list[str]]:
    done = _poetbot(home, "poets", "list", "--json")
    assert done.returncode == 0, done.stderr
    return {row["version"]: row["aliases"] for row in map(json.loads, done.stdout.splitlines())}


def test_versions_are_listed_promoted_and_rolled_back(home: Path) -> None:
    assert "better" in _poetbot(home, "poets", "list").stdout
    done = _poetbot(home, "poets", "rollback")
    assert (done.returncode, done.stdout) == (0, "base is the champion again\n")
    done = _poetbot(home, "poets", "promote", "better")
    assert (done.returncode, done.stdout) == (0, "better is the champion now\n")
    assert _aliases(home) == {"base": ["previous"], "better": ["champion"]}


def test_folders_that_are_no_version_are_shown_and_left(home: Path) -> None:
    assert _poetbot(home, "poets", "list").stderr == ""
    stray = home / "poets" / "learned-20240917-120000-abc123"
    shutil.copytree(home / "poets" / "better", stray)
    done = _poetbot(home, "poets", "list", "--json")
    assert [json.loads(line)["version"] for line in done.stdout.splitlines()] == ["base", "better"]
    assert done.stderr.startswith(f"{stray} is no version: ")
    assert done.stderr.count("\n") == 1
    assert stray.is_dir()


def test_what_cannot_serve_is_not_promoted(home: Path) -> None:
    (home / "poets" / "base" / "weights.safetensors").write_bytes(b"torn")
    for words, said in (
        (("poets", "promote", "base"), "sha256 differs"),
        (("poets", "promote", "nobody"), "no version is called nobody"),
        (("poets", "rollback"), "sha256 differs"),
    ):
        done = _poetbot(home, *words)
        assert (done.returncode, done.stdout) == (1, "")
        assert said in done.stderr
        assert done.stderr.count("\n") == 1
    assert _aliases(home) == {"base": ["previous"], "better": ["champion"]}


def test_ratings_are_exported_as_the_design_says(home: Path) -> None:
    done = _poetbot(home, "export-ratings")
    (line,) = done.stdout.splitlines()
    row = json.loads(line)
    moment = row.pop("at")
    assert row == {
        "text": "月下孤舟過遠灘，江風吹葉夜初寒。",
        "form": None,
        "title": "秋思",
        "prefix": None,
        "rating": -1,
        "rater": "1",
        "poet": "base",
    }
    assert moment.endswith("+00:00")
    assert "7000000001" not in done.stdout


def test_what_is_asked_for_waits_for_a_worker(home: Path) -> None:
    done = _poetbot(home, "retrain")
    assert done.returncode == 0
    assert "queued command-" in done.stdout
    assert "no worker runs: start one with poetbot worker" in done.stdout
    assert _poetbot(home, "retrain").stdout == "a fine-tuning is queued or running already\n"


def test_a_worker_without_the_corpus_says_how_to_make_it(home: Path) -> None:
    done = _poetbot(home, "worker")
    assert done.returncode == 2
    assert done.stderr.startswith("error: YUEXIA_DATA is not set")
    assert "poet prepare" in done.stderr
    done = _poetbot(home, "worker", YUEXIA_DATA=str(home / "nothing"))
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: YUEXIA_DATA names no corpus that is whole: {home / 'nothing'} ")
    assert "poet prepare" in done.stderr


def test_a_worker_waits_until_told_to_stop_and_lets_no_second_in(home: Path, tiny_source: Path) -> None:
    prepare(tiny_source, home / "data", ("tang",))
    environment = _environment(home, YUEXIA_DATA=str(home / "data"))
    # Where earlier releases kept the workflows; all workers of a database share them now.
    (home / "worker").mkdir()
    (home / "worker" / "workflows.db").write_bytes(b"")
    with subprocess.Popen(
        [*POETBOT, "worker"], env=environment, cwd=home, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as worker:
        assert worker.stdout is not None
        assert "waits for work" in worker.stdout.readline()
        second = _poetbot(home, "worker", YUEXIA_DATA=str(home / "data"))
        assert second.returncode == 1
        assert second.stderr.startswith("error: a worker is at work in ")
        assert not (home / "worker" / "workflows.db").exists()
        assert (home / "yuexia-workflows.db").exists()
        worker.send_signal(signal.SIGTERM)
        _, errors = worker.communicate(timeout=60)
    assert worker.returncode == 0, errors
    assert "Traceback" not in errors
