"""C files of ours, compiled where they run: once a machine, in about a second, into the user's cache.

Where there is no compiler (in a container's image), a library that was `prebuilt` beside its source is taken. Whoever
calls this has the same work in Python too, for machines that have neither.
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
from typing import Final, NamedTuple

import platformdirs

from poetcore.errors import PoetcoreError
from poetcore.files import write_whole

Flags = tuple[str, ...]

_X86: Final = platform.machine() in ("x86_64", "AMD64")
# Left to itself, gcc halves the vectors of most x86 processors that have wide ones; others do not know the word.
_WIDE: Final[Flags] = ("-mprefer-vector-width=512",) if _X86 else ()
_FOR_THIS_MACHINE: Final[Flags] = ("-march=native", *_WIDE)


class _Kind(NamedTuple):
    """A kind of processor that libraries are prebuilt for."""

    flags: Flags
    needs: frozenset[str]
    """What the processor must have, as Linux calls it."""


_AVX2: Final = frozenset(["avx2", "bmi1", "bmi2", "f16c", "fma", "movbe", "abm"])
_AVX512: Final = _AVX2 | frozenset(["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl", "avx512_vnni"])
# The best first; the last one runs on all.
_KINDS: Final = (
    *((_Kind(("-march=x86-64-v4", "-mavx512vnni", *_WIDE), _AVX512),) if _X86 else ()),
    *((_Kind(("-march=x86-64-v3",), _AVX2),) if _X86 else ()),
    _Kind((), frozenset()),
)


@functools.cache
def compiled(source: Path, flags: Flags) -> ctypes.CDLL | None:
    """The library made of `source`, from the cache if it was made before; None if it cannot be made here."""
    try:
        compiler = _compiler()
        path = _prebuilt(source, flags) if compiler is None else _cached(compiler, source, flags)
        return None if path is None else ctypes.CDLL(str(path))
    except (OSError, subprocess.SubprocessError, PoetcoreError):
        return None


def prebuild(source: Path, flags: Flags) -> list[Path]:
    """Compile `source` for every kind of processor, beside itself; the libraries.

    Raises `PoetcoreError` without a compiler, `StorageError` when the disk refuses, and what `subprocess` raises.
    """
    compiler = _compiler()
    if compiler is None:
        raise PoetcoreError("there is no C compiler: install gcc")
    paths = [_beside(source, flags, kind) for kind in _KINDS]
    for path, kind in zip(paths, _KINDS, strict=True):
        _compile(compiler, source, (*kind.flags, *flags), path)
    return paths


def _compiler() -> str | None:
    return shutil.which(os.environ.get("CC", "cc")) or shutil.which("gcc")


def _cached(compiler: str, source: Path, flags: Flags) -> Path:
    # Another processor behind the same home folder, another compiler or another source is another file.
    made_by = repr((_FOR_THIS_MACHINE, flags, compiler, _features()))
    path = platformdirs.user_cache_path("yuexia") / f"{source.stem}-{_key(source, made_by)}.so"
    if not path.exists():
        _compile(compiler, source, (*_FOR_THIS_MACHINE, *flags), path)
    return path


def _prebuilt(source: Path, flags: Flags) -> Path | None:
    """The library beside `source` for the best kind that this processor is of."""
    features = set(_features().split())
    paths = (_beside(source, flags, kind) for kind in _KINDS if kind.needs <= features)
    return next((path for path in paths if path.exists()), None)


def _beside(source: Path, flags: Flags, kind: _Kind) -> Path:
    return source.with_name(f"{source.stem}-{_key(source, repr((kind.flags, flags)))}.so")


def _key(source: Path, made_by: str) -> str:
    return hashlib.sha256(source.read_bytes() + made_by.encode()).hexdigest()[:16]


def _compile(compiler: str, source: Path, flags: Flags, path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / path.name
        command = [compiler, "-fPIC", "-shared", *flags, str(source), "-o", str(made), "-lm"]
        subprocess.run(command, check=True, capture_output=True, timeout=120)  # noqa: S603 (the user's own compiler)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, made.read_bytes())


def _features() -> str:
    """What the processor can do, which -march=native follows; at least its name."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.machine() + platform.processor()
    return next((line for line in text.splitlines() if line.startswith("flags")), platform.machine())
