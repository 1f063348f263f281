"""C compiled ahead: for a machine without a compiler, the best library that its processor can run."""

import platform
import shutil
from pathlib import Path

import pytest

from poetcore import compiling
from poetcore.compiling import compiled, prebuild
from poetcore.errors import PoetcoreError
from poetcore.generation.native import FLAGS, SOURCE

AVX2 = "flags : fpu avx2 bmi1 bmi2 f16c fma movbe abm"
AVX512 = f"{AVX2} avx512f avx512bw avx512cd avx512dq avx512vl avx512_vnni"
X86 = platform.machine() in ("x86_64", "AMD64")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A copy of `decoding.c` of its own."""
    return Path(shutil.copy(SOURCE, tmp_path))


@pytest.fixture
def without_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "_compiler", lambda: None)


@pytest.mark.skipif(compiling._compiler() is None, reason="no C compiler here")
@pytest.mark.skipif(not X86, reason="other processors are of one kind")
@pytest.mark.parametrize(("features", "inputs_together"), [(AVX512, 4), (AVX2, 2), ("flags : fpu sse2", 1)])
def test_the_best_that_the_processor_can_run_is_taken(
    source: Path, monkeypatch: pytest.MonkeyPatch, features: str, inputs_together: int
) -> None:
    assert len(prebuild(source, FLAGS)) == 3
    monkeypatch.setattr(compiling, "_compiler", lambda: None)
    monkeypatch.setattr(compiling, "_features", lambda: features)
    library = compiled.__wrapped__(source, FLAGS)
    assert library is not None
    assert library.group() == inputs_together


@pytest.mark.skipif(compiling._compiler() is None, reason="no C compiler here")
def test_a_library_of_another_source_is_left_alone(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prebuild(source, FLAGS)
    source.write_text(source.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    monkeypatch.setattr(compiling, "_compiler", lambda: None)
    assert compiled.__wrapped__(source, FLAGS) is None


@pytest.mark.usefixtures("without_compiler")
def test_without_a_compiler_there_is_nothing_or_an_error(source: Path) -> None:
    assert compiled.__wrapped__(source, FLAGS) is None
    with pytest.raises(PoetcoreError, match="install gcc"):
        prebuild(source, FLAGS)
