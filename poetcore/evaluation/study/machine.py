"""What machine an arm ran on, without anything that names it."""

import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path

import torch

from poetcore.evaluation.study.record import Machine


def this_machine(hardware: str) -> Machine:
    """The machine that this process runs on, now; `hardware` is what training says of it."""
    return Machine(
        processor=_processor() or platform.processor() or "unknown processor",
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        training=hardware,
        memory_gb=_memory_gb(),
        system=f"{platform.system()} {platform.machine()}",
        python=".".join(map(str, sys.version_info[:3])),
        torch=torch.__version__,
        numpy=version("numpy"),
        yuexia=version("yuexia"),
    )


def _processor() -> str:
    """The model's name in /proc/cpuinfo, where there is one."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def _memory_gb() -> float:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1)
    except (AttributeError, ValueError, OSError):
        return 0.0
