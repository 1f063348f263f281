"""What machine the figures were measured on, without anything that names it."""

import os
import platform
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import torch

_FLAGS: Final = (
    "avx2",
    "avx512f",
    "avx512_bf16",
    "avx512_fp16",
    "amx_tile",
    "amx_bf16",
    "amx_fp16",
    "asimd",
    "sve",
    "bf16",
)
"""Processor flags that decide how fast a matrix product can be; the last three are ARM's."""


@dataclass(frozen=True)
class Machine:
    """A machine and what runs on it."""

    date: str
    """When it was looked at, ISO 8601 in UTC."""
    system: str
    cpu: str
    cores: int
    """Cores that this process may use."""
    flags: tuple[str, ...]
    memory_gib: float
    gpu: str | None
    threads: int
    """Threads that torch uses."""
    torch: str
    numpy: str
    python: str
    yuexia: str

    def as_dict(self) -> dict[str, Any]:
        """The machine as JSON has it."""
        return asdict(self) | {"flags": list(self.flags)}

    def __str__(self) -> str:
        """The machine in one line."""
        parts = [
            f"{self.cpu}, {self.cores} cores ({' '.join(self.flags) or 'no vector flags known'})",
            f"{self.memory_gib:.0f} GiB",
            *([self.gpu] if self.gpu else []),
            self.system,
            f"torch {self.torch} on {self.threads} threads",
            f"numpy {self.numpy}",
            f"Python {self.python}",
            f"yuexia {self.yuexia}",
        ]
        return ", ".join(parts)


def this_machine() -> Machine:
    """The machine that this process runs on, now."""
    processor = processor_description(_read(Path("/proc/cpuinfo")))
    return Machine(
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        system=f"{platform.system()} {platform.machine()}",
        cpu=processor["model"] or platform.processor() or "unknown processor",
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        flags=tuple(flag for flag in _FLAGS if flag in processor["flags"].split()),
        memory_gib=round(_memory() / 2**30, 1),
        gpu=torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        threads=torch.get_num_threads(),
        torch=torch.__version__,
        numpy=version("numpy"),
        python=".".join(map(str, sys.version_info[:3])),
        yuexia=version("yuexia"),
    )


def processor_description(cpuinfo: str) -> Mapping[str, str]:
    """`model` and `flags` of the first processor in the text of /proc/cpuinfo; empty where it says nothing."""
    fields: dict[str, str] = {}
    for line in cpuinfo.splitlines():
        key, _, value = line.partition(":")
        fields.setdefault(key.strip().lower(), value.strip())
    return {
        "model": fields.get("model name", ""),
        "flags": fields.get("flags", "") or fields.get("features", ""),
    }


def _memory() -> int:
    """Bytes of memory, 0 where the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 0


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
