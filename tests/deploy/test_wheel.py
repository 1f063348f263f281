"""The wheel, installed with nothing but what it asks for, run by an ordinary user in an empty folder."""

import json
import signal
import subprocess
import zipfile
from pathlib import Path

from tests.deploy.conftest import Installation
from tests.deploy.files import ROOT
from tests.deploy.page import answer


def test_the_wheel_holds_every_file_of_the_program(wheel: Path) -> None:
    rooms = {"poetcore": "poetcore", "bot": "bot", "migrations": "bot/migrations"}
    ours = {
        f"{inside}/{file.relative_to(ROOT / room).as_posix()}"
        for room, inside in rooms.items()
        for file in (ROOT / room).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert held == ours


def test_both_programs_know_their_version(installed: Installation, empty_folder: Path) -> None:
    for program in ("poet", "poetbot"):
        done = installed.run(program, "--version", folder=empty_folder)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == f"{program} {_version(installed)}\n"


def test_poet_composes(installed: Installation, empty_folder: Path) -> None:
    done = installed.run("poet", "compose", "月", "--seed", "1", "--json", folder=empty_folder)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["text"].startswith("月")


def test_what_needs_torch_or_the_checkout_says_so(installed: Installation, empty_folder: Path) -> None:
    training = installed.run("poet", "train", "--data", "data", "--out", "run", folder=empty_folder)
    assert (training.returncode, "pip install -c constraints.txt '.[train]'" in training.stderr) == (1, True), (
        training.stderr
    )
    measuring = installed.run("poet", "bench", "train", folder=empty_folder)
    assert (measuring.returncode, "source checkout" in measuring.stderr) == (1, True), measuring.stderr
    assert list(empty_folder.iterdir()) == []


def test_poetbot_makes_its_database_and_answers_on_the_page(
    installed: Installation, empty_folder: Path, free_port: int
) -> None:
    variables = {"YUEXIA_HOME": str(empty_folder / "home"), "YUEXIA_PORT": str(free_port)}
    upgraded = installed.run("poetbot", "db", "upgrade", folder=empty_folder, **variables)
    assert upgraded.returncode == 0, upgraded.stderr
    assert (empty_folder / "home" / "yuexia.db").is_file()

    how = installed.options(empty_folder, **variables)
    with subprocess.Popen(["poetbot", "run"], **how, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as bot:
        try:
            assert bot.stdout is not None
            assert f"http://127.0.0.1:{free_port}/" in bot.stdout.readline()
            assert answer(f"http://127.0.0.1:{free_port}", "/poem 月").startswith("月")
        finally:
            bot.send_signal(signal.SIGTERM)
        _, errors = bot.communicate(timeout=60)
    assert bot.returncode == 0, errors
    assert "Traceback" not in errors


def _version(installed: Installation) -> str:
    (information,) = installed.packages.glob("yuexia-*.dist-info")
    return information.name.removeprefix("yuexia-").removesuffix(".dist-info")
