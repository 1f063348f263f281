"""The lines of the corpus as a filter that fits into a poet package: no poem repeats one of them.

A Bloom filter (Bloom 1970): a line of the corpus is always found, one in a hundred others is taken for one, too.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import safetensors.numpy
from safetensors import SafetensorError

from poetcore.errors import PackageError
from poetcore.prosody import FORMS

FILE: Final = "lines.safetensors"
"""The filter's name in a poet package."""

_LENGTHS: Final = frozenset(form.line_length for form in FORMS.values())
# With seven hashes, ten bits a line make one mistake in a hundred.
_BITS_A_LINE: Final = 10
_HASHES: Final = 7
_MULTIPLIER: Final = np.uint64(0x9E3779B97F4A7C15)
_MIXER: Final = np.uint64(0xBF58476D1CE4E5B9)

CodePoints = npt.NDArray[np.uint64]
"""[n, length]: lines as the code points of their characters."""


@dataclass(frozen=True)
class LineFilter:
    """Which lines stand in a corpus."""

    bits: npt.NDArray[np.uint8]

    @classmethod
    def of(cls, lines: Iterable[str]) -> "LineFilter":
        """The filter of those of `lines` that have a length of regulated verse."""
        known: dict[int, set[str]] = {length: set() for length in _LENGTHS}
        for line in lines:
            if len(line) in known:
                known[len(line)].add(line)
        count = sum(map(len, known.values()))
        bits = np.zeros(max(1, count * _BITS_A_LINE // 8), np.uint8)
        for length, found in known.items():
            points = np.frombuffer("".join(found).encode("utf-32-le"), "<u4").reshape(-1, length).astype(np.uint64)
            for places in _places(points, 8 * len(bits)):
                np.bitwise_or.at(bits, places >> np.uint64(3), _bit(places))
        return cls(bits)

    def holds(self, lines: CodePoints) -> npt.NDArray[np.bool_]:
        """Whether each line stands in the corpus: [n]; never False for one that does."""
        found = np.ones(len(lines), np.bool_)
        for places in _places(lines, 8 * len(self.bits)):
            found &= (self.bits[places >> np.uint64(3)] & _bit(places)) != 0
        return found

    def to_bytes(self) -> bytes:
        """As it lies in a package."""
        content: bytes = safetensors.numpy.save({"bits": self.bits})
        return content

    @classmethod
    def from_bytes(cls, content: bytes) -> "LineFilter":
        """What `to_bytes` made; raises `PackageError`."""
        try:
            bits: npt.NDArray[Any] = safetensors.numpy.load(content)["bits"]
        except (SafetensorError, KeyError, TypeError, ValueError) as error:
            raise PackageError(f"{FILE} holds no filter of lines ({error})") from error
        if bits.dtype != np.uint8 or bits.ndim != 1 or not len(bits):
            raise PackageError(f"{FILE} holds no filter of lines (its bits are {bits.dtype} {bits.shape})")
        return cls(bits)


def _places(lines: CodePoints, size: int) -> Iterable[npt.NDArray[np.uint64]]:
    """The bits of each line, one hash after the other: double hashing (Kirsch and Mitzenmacher 2006)."""
    first = np.zeros(len(lines), np.uint64)
    for column in lines.T:
        first = (first ^ column) * _MULTIPLIER
        first ^= first >> np.uint64(29)
    second = (first ^ (first >> np.uint64(32))) * _MIXER | np.uint64(1)
    for number in range(_HASHES):
        yield (first + np.uint64(number) * second) % np.uint64(size)


def _bit(places: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint8]:
    bits: npt.NDArray[np.uint8] = np.uint8(1) << (places & np.uint64(7)).astype(np.uint8)
    return bits
