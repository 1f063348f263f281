"""The systemd units: systemd itself reads them, and says how much they may do."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.deploy.conftest import Installation
from tests.deploy.files import DEPLOY

UNITS = sorted(DEPLOY.glob("yuexia*.*"))

# systemd's exposure level times ten: 0 may do nothing, 96 is a unit without any restriction.
MOST_EXPOSED = {"yuexia.service": 15, "yuexia-backup.service": 15, "yuexia-worker.service": 20}

pytestmark = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed: the units were not verified"
)


def test_systemd_understands_every_unit(installed: Installation, tmp_path: Path) -> None:
    for file in UNITS:
        text = file.read_text(encoding="utf-8").replace("/opt/yuexia", str(installed.folder))
        (tmp_path / file.name).write_text(text)
    done = _analyze("verify", "--man=no", *map(str, sorted(tmp_path.glob("yuexia*.*"))))
    assert (done.returncode, _about_ours(done.stderr)) == (0, [])


@pytest.mark.parametrize("name", ["yuexia.service", "yuexia-worker.service"])
def test_a_unit_may_write_where_the_page_has_the_poets(name: str) -> None:
    (folder,) = set(re.findall(r"^YUEXIA_POETS=(.+)$", (DEPLOY / "learning.md").read_text("utf-8"), re.MULTILINE))
    assert f"\nReadWritePaths=-{folder}\n" in (DEPLOY / name).read_text("utf-8")


@pytest.mark.parametrize("name", MOST_EXPOSED)
def test_a_unit_may_do_little(name: str) -> None:
    threshold = f"--threshold={MOST_EXPOSED[name]}"
    done = _analyze("security", "--offline=true", threshold, "--no-pager", str(DEPLOY / name))
    assert done.returncode == 0, done.stdout.splitlines()[-1]


def _analyze(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["systemd-analyze", *words], capture_output=True, text=True, timeout=60, check=False)


def _about_ours(complaints: str) -> list[str]:
    """Lines about our units; the machine's own may have faults of their own."""
    return [line for line in complaints.splitlines() if "yuexia" in line]
