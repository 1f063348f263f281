"""Yuexia as a stranger has it: installed from its wheel, far from the checkout, run by an ordinary user."""

import os
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import Any, Final

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.deploy.files import ROOT

# Root may read and write everywhere; what is deployed may not.
USER: Final = "nobody" if os.geteuid() == 0 else None


@dataclass(frozen=True)
class Installation:
    """A virtual environment that holds the wheel and what it asks for, nothing else."""

    folder: Path

    @property
    def bin(self) -> Path:
        """Where `poet` and `poetbot` are."""
        return self.folder / "bin"

    @property
    def packages(self) -> Path:
        """Where everything is installed."""
        return next(self.folder.glob("lib/python*/site-packages"))

    def options(self, folder: Path, **variables: str) -> dict[str, Any]:
        """How `subprocess` runs a command as an ordinary user in `folder`, with these variables and no others."""
        known = {"PATH": f"{self.bin}:/usr/bin:/bin", "HOME": str(folder), "LANG": "C.UTF-8"}
        return {"cwd": folder, "env": {**known, **variables}, "user": USER, "extra_groups": [] if USER else None}

    def run(self, *words: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        how = self.options(folder, **variables)
        return subprocess.run(words, **how, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="session")
def open_folder() -> Iterator[Path]:
    """A folder that everybody may look into; pytest's own are closed to other users."""
    with tempfile.TemporaryDirectory(prefix="yuexia-installed-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@pytest.fixture
def empty_folder() -> Iterator[Path]:
    """An empty folder that belongs to the user who runs what is deployed."""
    with tempfile.TemporaryDirectory(prefix="yuexia-empty-") as name:
        if USER:
            shutil.chown(name, USER)
        yield Path(name)


def build_wheel(source: Path, folder: Path) -> Path:
    """The wheel as `pip install .` builds it, but with the build system at hand and so without the network."""
    words = ["wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(source)]
    subprocess.run([sys.executable, "-m", "pip", *words], check=True)
    (built,) = folder.glob("yuexia-*.whl")
    return built


@pytest.fixture(scope="session")
def wheel(open_folder: Path) -> Path:
    """The checkout's wheel."""
    return build_wheel(ROOT, open_folder)


@pytest.fixture(scope="session")
def installed(wheel: Path, open_folder: Path) -> Installation:
    """The wheel with what serving needs, which are links to the files of the developers' environment."""
    return _install(wheel, open_folder / "serving", extras=())


@pytest.fixture(scope="session")
def installed_for_training(wheel: Path, open_folder: Path) -> Installation:
    """The wheel with torch, as a worker has it."""
    return _install(wheel, open_folder / "training", extras=("train",))


def _install(wheel: Path, folder: Path, extras: tuple[str, ...]) -> Installation:
    subprocess.run([_python_for_everybody(), "-m", "venv", "--without-pip", folder], check=True)
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python")]
    subprocess.run([*pip, "install", "--quiet", "--no-deps", "--no-index", wheel], check=True)
    installation = Installation(folder)
    (information,) = installation.packages.glob("yuexia-*.dist-info")
    for needed in _needed(Distribution.at(information), extras):
        _link(needed, installation.packages)
    return installation


def _needed(ours: Distribution, extras: tuple[str, ...]) -> list[Distribution]:
    """What Yuexia's requirements lead to, as the developers' environment has it."""
    found: dict[str, Distribution] = {}
    wanted = [(ours, ("", *extras))]
    seen = set()
    while wanted:
        package, asked = wanted.pop()
        for requirement in map(Requirement, package.requires or ()):
            name, more = canonicalize_name(requirement.name), ("", *sorted(requirement.extras))
            applies = requirement.marker is None or any(requirement.marker.evaluate({"extra": each}) for each in asked)
            if applies and (name, more) not in seen:
                seen.add((name, more))
                found[name] = distribution(name)
                wanted.append((found[name], more))
    return list(found.values())


def _link(package: Distribution, folder: Path) -> None:
    for file in package.files or ():
        source = Path(str(package.locate_file(file)))
        # What lies outside are commands; nothing here calls those of others.
        if ".." in file.parts or not source.is_file():
            continue
        target = folder / file
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            target.hardlink_to(source)
        except FileExistsError:
            continue
        except OSError:
            shutil.copy2(source, target)


def _python_for_everybody() -> str:
    """A Python like this one that the ordinary user can run too: one in the home of root is none."""
    for program in (Path(sys.base_prefix) / "bin" / "python3", Path("/usr/bin/python3")):
        if program.exists() and _everybody_reaches(program.resolve()) and _minor(program) == sys.version_info[:2]:
            return str(program)
    pytest.skip(f"no Python {sys.version_info[0]}.{sys.version_info[1]} that the user {USER} can run")


def _everybody_reaches(program: Path) -> bool:
    return USER is None or all(folder.stat().st_mode & stat.S_IXOTH for folder in program.parents)


def _minor(program: Path) -> tuple[int, ...]:
    words = "import sys, venv; print(*sys.version_info[:2])"
    said = subprocess.run([program, "-c", words], capture_output=True, text=True, check=False)
    return tuple(map(int, said.stdout.split()))


@pytest.fixture
def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
