"""Peak memory of a training loop above what it held before its first step, each loop in a process of its own.

`python -m benchmarks.memory REQUEST` prints one JSON object; REQUEST is JSON too (see `MemoryRequest`).
"""

import ctypes
import gc
import json
import resource
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import torch

from benchmarks.corpora import load_corpus, plan_course
from benchmarks.costs import Sizes
from benchmarks.ours import Hardware, OurLoop
from benchmarks.plain_loop import PlainLoop, PlainModel
from poetcore.errors import TrainingError
from poetcore.training.presets import settings_for

_CHECKOUT: Final = Path(__file__).resolve().parents[1]
_STATUS: Final = Path("/proc/self/status")
# Linux forgets a process's peak when 5 is written here.
_CLEAR: Final = Path("/proc/self/clear_refs")
_LIMIT_S: Final = 1_800


@dataclass(frozen=True)
class MemoryRequest:
    """What to measure."""

    loop: str
    """plain or ours."""
    preset: str
    assignments: tuple[str, ...]
    """Settings besides the preset's, as `key=value`."""
    data: str | None
    """Prepared corpus; None for the invented one."""
    synthetic_poems: int
    updates: int


def peak_in_own_process(request: MemoryRequest) -> float:
    """Bytes that `request`'s loop takes at most above its state before the first step.

    Raises `TrainingError` with the process's last words if it fails.
    """
    words = [sys.executable, "-m", "benchmarks.memory", json.dumps(asdict(request))]
    done = subprocess.run(words, cwd=_CHECKOUT, capture_output=True, text=True, timeout=_LIMIT_S, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        raise TrainingError(f"measuring the memory of the {request.loop} loop failed: {last}")
    return float(json.loads(done.stdout.splitlines()[-1])["peak_bytes"])


def measured_peak(request: MemoryRequest) -> float:
    """As `peak_in_own_process`, in this process: its peak must not have been reached before."""
    settings = settings_for(request.preset, request.assignments)
    device = Hardware.chosen(settings).device
    corpus = load_corpus(Path(request.data) if request.data is not None else None, request.synthetic_poems)
    course = plan_course(corpus, settings, request.updates)
    if request.loop == "plain":
        model = PlainModel(Sizes.of(settings, course.vocabulary_size))
        update = PlainLoop(model, course.batches(), device, settings.learning_rate).update
    else:
        update = OurLoop(course).update
    before = _begin(device)
    for _ in range(request.updates):
        update()
    return _peak(device) - before


def _begin(device: torch.device) -> float:
    """Forget the peak so far; bytes in use now."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
        return float(torch.cuda.memory_allocated())
    # What loading has freed goes back to the system, or the loop would use it unseen. Only glibc knows how.
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
    try:
        _CLEAR.write_text("5", encoding="ascii")
    except OSError:
        return _peak_of_all_time()
    return _status("VmRSS")


def _peak(device: torch.device) -> float:
    if device.type == "cuda":
        return float(torch.cuda.max_memory_allocated())
    return _status("VmHWM") if _STATUS.exists() else _peak_of_all_time()


def _peak_of_all_time() -> float:
    # Kilobytes, but bytes on macOS.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1.0 if sys.platform == "darwin" else 1024.0)


def _status(key: str) -> float:
    """Bytes of a line of /proc/self/status, which counts kilobytes."""
    line = next(line for line in _STATUS.read_text(encoding="ascii").splitlines() if line.startswith(f"{key}:"))
    return float(line.split()[1]) * 1024


if __name__ == "__main__":
    asked = json.loads(sys.argv[1])
    asked["assignments"] = tuple(asked["assignments"])
    print(json.dumps({"peak_bytes": measured_peak(MemoryRequest(**asked))}))
