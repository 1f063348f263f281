"""C files of ours, compiled where they run: once a machine, in about a second, into the user's cache.

Whoever calls this has the same work in Python too, for machines without a C compiler.
"""

import ctypes
import functools
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

import platformdirs

from poetcore.errors import PoetcoreError
from poetcore.files import write_whole

# Left to itself, gcc halves the vectors of most x86 processors that have wide ones; others do not know the word.
_FOR_THIS_MACHINE: Final = (
    "-march=native",
    *(("-mprefer-vector-width=512",) if platform.machine() in ("x86_64", "AMD64") else ()),
)


@functools.cache
def compiled(source: Path, flags: tuple[str, ...]) -> ctypes.CDLL | None:
    """The library made of `source`, from the cache if it was made before; None if it cannot be made here."""
    compiler = shutil.which(os.environ.get("CC", "cc")) or shutil.which("gcc")
    if compiler is None:
        return None
    # Another processor behind the same home folder, another compiler or another source is another file.
    made_by = repr((_FOR_THIS_MACHINE, flags, compiler, _processor()))
    key = hashlib.sha256(source.read_bytes() + made_by.encode()).hexdigest()[:16]
    path = platformdirs.user_cache_path("yuexia") / f"{source.stem}-{key}.so"
    try:
        if not path.exists():
            _compile(compiler, source, flags, path)
        return ctypes.CDLL(str(path))
    except (OSError, subprocess.SubprocessError, PoetcoreError):
        return None


def _compile(compiler: str, source: Path, flags: tuple[str, ...], path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / path.name
        command = [compiler, *_FOR_THIS_MACHINE, "-fPIC", "-shared", *flags, str(source), "-o", str(made), "-lm"]
        subprocess.run(command, check=True, capture_output=True, timeout=120)  # noqa: S603 (the user's own compiler)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, made.read_bytes())


def _processor() -> str:
    """The processor's flags, which -march=native follows; at least its name."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.machine() + platform.processor()
    return next((line for line in text.splitlines() if line.startswith("flags")), platform.machine())
