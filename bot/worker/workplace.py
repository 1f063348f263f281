"""The worker's folder: its name, which stays, the lock that keeps a second one out, and a folder a job."""

import re
import shutil
import socket
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.errors import LearningError
from bot.locks import LockTakenError, lock_held
from poetcore.files import write_whole


@dataclass(frozen=True)
class JobFolder:
    """Where one job is done."""

    path: Path

    @property
    def ratings(self) -> Path:
        """The ratings it learns from; gone with the folder when the job ends."""
        return self.path / "ratings.jsonl"

    @property
    def collected(self) -> Path:
        """How many they are, and of when."""
        return self.path / "collected.json"

    @property
    def run(self) -> Path:
        """Checkpoints."""
        return self.path / "run"

    @property
    def package(self) -> Path:
        """The new poet."""
        return self.run / "poet"

    @property
    def tuned(self) -> Path:
        """What the fine-tuning said of itself."""
        return self.path / "tuned.json"


@dataclass(frozen=True)
class Workplace:
    """A folder that belongs to one worker; what is in it is of use to no other."""

    root: Path

    @contextmanager
    def taken(self) -> Iterator[str]:
        """Work here until the block ends; yields the worker's name. Raises `LearningError` if another one does."""
        try:
            with lock_held(self.root / "lock", wait=False):
                yield self._name()
        except LockTakenError:
            raise LearningError(
                f"a worker is at work in {self.root} already: stop it, or give this one a YUEXIA_HOME of its own"
            ) from None

    def job(self, job_id: str) -> JobFolder:
        """The folder of a job, whether it is there or not."""
        return JobFolder(self.root / "jobs" / job_id)

    def tidy(self, kept: Iterable[str] = ()) -> None:
        """Delete what is left of jobs, those named `kept` excepted: ratings stay here no longer than needed."""
        jobs = self.root / "jobs"
        names = set(kept)
        for folder in jobs.iterdir() if jobs.is_dir() else ():
            if folder.name not in names:
                shutil.rmtree(folder, ignore_errors=True)

    def _name(self) -> str:
        """Unfinished jobs are found again by this name: it is made once."""
        path = self.root / "name"
        if path.exists() and re.fullmatch(r"[\w.-]{1,64}", name := path.read_text(encoding="utf-8").strip()):
            return name
        host = re.sub(r"[^\w-]+", "-", socket.gethostname())[:40] or "worker"
        name = f"{host}-{uuid.uuid4().hex[:8]}"
        write_whole(path, name)
        return name
