"""What a stranger does first: clone, `make run`. It installs everything anew, so `make soak` runs it."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.deploy.files import ROOT
from tests.deploy.page import answer


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_make_run_in_a_fresh_clone_answers(tmp_path: Path, free_port: int) -> None:
    clone, page = tmp_path / "clone", f"http://127.0.0.1:{free_port}"
    subprocess.run(["git", "clone", "--quiet", "--depth=1", f"file://{ROOT}", clone], check=True)
    known = {name: value for name, value in os.environ.items() if not name.startswith(("YUEXIA_", "TELEGRAM_"))}
    told = known | {"YUEXIA_HOME": str(tmp_path / "home"), "YUEXIA_PORT": str(free_port)}
    with subprocess.Popen(
        ["make", "run"], cwd=clone, env=told, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as running:
        try:
            assert running.stdout is not None
            said = iter(running.stdout.readline, "")
            assert any(line.startswith(f"open {page}/") for line in said)
            assert answer(page, "/poem 月").startswith("月")
        finally:
            os.killpg(running.pid, signal.SIGTERM)
