"""`decoding.c`, compiled where it runs, and its structures; without a compiler numpy does the same.

    python -m poetcore.generation.native

compiles it ahead, for all kinds of processors: for images that have no compiler. Everything here is safe in threads: a
call has room of its own.
"""

import ctypes
from collections.abc import Sequence
from ctypes import POINTER, byref, c_float, c_int64, c_uint32, c_void_p
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from poetcore.compiling import compiled, prebuild
from poetcore.generation.candidates import Growing
from poetcore.generation.lexicon import Lexicon
from poetcore.generation.lstm import Lstm, Stack, State
from poetcore.generation.products import LARGEST, Array, Product, Tokens, quantised
from poetcore.nn.context import Lines

SOURCE: Final = Path(__file__).with_name("decoding.c")
# Without contraction a multiplication and an addition round twice, as numpy's do: the results are the same.
FLAGS: Final = ("-O3", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math")


def library() -> ctypes.CDLL | None:
    """None without a C compiler."""
    return compiled(SOURCE, FLAGS)


class _Weight(ctypes.Structure):
    _fields_ = (
        *((name, c_int64) for name in ("blocks", "depth")),
        *((name, c_void_p) for name in ("integers", "scale", "shifted")),
    )


class _Room(ctypes.Structure):
    _fields_ = tuple((name, c_void_p) for name in ("quantised", "products", "weights"))


class _Lstm(ctypes.Structure):
    _fields_ = (
        *((name, c_int64) for name in ("size", "layers")),
        *((name, c_void_p) for name in ("weights", "biases", "table")),
        ("above_size", c_int64),
        *((name, c_void_p) for name in ("above", "place")),
        ("marks_count", c_int64),
        ("marks", c_void_p),
    )


class _State(ctypes.Structure):
    _fields_ = (
        ("rows", c_int64),
        *((name, c_void_p) for name in ("hidden", "cell", "lines", "position", "line", "told")),
    )


class _Lexicon(ctypes.Structure):
    _fields_ = (
        *((name, c_void_p) for name in ("columns", "column_of", "rhymes", "begin", "end")),
        ("all", c_int64),
        *((name, c_void_p) for name in ("place_of", "output", "bias")),
    )


class _Growing(ctypes.Structure):
    _fields_ = (
        *((name, c_int64) for name in ("rows", "length")),
        *((name, c_void_p) for name in ("forced", "tones", "rhyming", "repetition")),
        *((name, c_uint32) for name in ("group", "scarce")),
        ("temperature", c_float),
        *((name, c_void_p) for name in ("tokens", "tops", "chances", "log_shares")),
    )


class Packed:
    """A weight as `decoding.c` reads it: eight bits, OUTPUTS outputs side by side, GROUP inputs of each together."""

    def __init__(self, library: ctypes.CDLL, weight: Array) -> None:
        """`weight`: [N, D]."""
        group, self.block = library.group(), library.outputs()
        self.input: Final = np.dtype(f"V{library.input_bytes()}")
        integers, worth = quantised(weight)
        self.outputs, given = integers.shape
        self.blocks, self.depth = -(-self.outputs // self.block), -(-given // group) * group
        padded = np.zeros((self.blocks * self.block, self.depth), np.int8)
        padded[: self.outputs, :given] = integers
        # [blocks, depth / group, outputs of a block, group]
        in_order = np.ascontiguousarray(padded.reshape(self.blocks, self.block, -1, group).swapaxes(1, 2))
        scale = np.zeros(len(padded), np.float32)
        scale[: self.outputs] = worth / np.float32(LARGEST)
        shifted = padded.sum(axis=1, dtype=np.int32) * np.int32(library.shift())
        self._arrays: Final = (in_order, scale, shifted)
        self.structure: Final = _Weight(self.blocks, self.depth, *map(_address, self._arrays))


class PackedProduct:
    """`QuantisedProduct` through `decoding.c`."""

    def __init__(self, library: ctypes.CDLL, weight: Array) -> None:
        """`library`: what `decoding.c` was compiled to; `weight`: [N, D]."""
        self._function: Final = library.product
        self._function.argtypes = [POINTER(_Weight), *[c_int64] * 2, *[c_void_p] * 3]
        self._function.restype = None
        self.packed: Final = Packed(library, weight)

    def __call__(self, rows: Array) -> Array:
        """As `Product`."""
        packed = self.packed
        rows = np.ascontiguousarray(rows, np.float32)
        room = np.empty((len(rows), packed.depth), packed.input)
        out = np.empty((len(rows), packed.blocks * packed.block), np.float32)
        made = map(_address, (rows, room, out))
        self._function(byref(packed.structure), *rows.shape, *made)
        return out[:, : packed.outputs]


class NativeLstm:
    """The LSTM through `decoding.c`, in eight bits."""

    def __init__(self, library: ctypes.CDLL, stack: Stack) -> None:
        self.library: Final = library
        self._step: Final = library.step
        self._step.argtypes = [POINTER(_Lstm), POINTER(_State), c_void_p, POINTER(_Room)]
        self._step.restype = None
        self.weights: Final = [Packed(library, weight) for weight in stack.weights]
        above = stack.above
        biases = np.concatenate(stack.biases) if stack.biases else np.zeros(0, np.float32)
        arrays = [biases, stack.table, *((above.characters, above.place, above.marks) if above else ())]
        self._kept: Final = [np.ascontiguousarray(array) for array in arrays]
        self._layers: Final = (_Weight * len(self.weights))(*(packed.structure for packed in self.weights))
        addresses = [_address(array) for array in self._kept]
        self.structure: Final = _Lstm(
            size=stack.size,
            layers=len(self.weights),
            weights=ctypes.addressof(self._layers),
            biases=addresses[0],
            table=addresses[1],
        )
        if above is not None:
            self.structure.above_size = above.characters.shape[1]
            self.structure.above, self.structure.place, self.structure.marks = addresses[2:]
            self.structure.marks_count = len(above.marks)

    def step(self, tokens: Tokens, state: State) -> State:
        """As `Lstm`."""
        state, room = _copied(state), Room(self.weights, state.rows)
        tokens = np.ascontiguousarray(tokens, np.int32)
        structure = _structure_of(state)
        self._step(byref(self.structure), byref(structure), _address(tokens), byref(room.structure))
        return state


class Room:
    """Where a call may write in between."""

    def __init__(self, weights: Sequence[Packed], rows: int, columns: int = 0) -> None:
        """`weights`: all that rows go through; `columns`: most of them from which one is drawn."""
        depth, width = (max(sizes) for sizes in zip(*((w.depth, w.blocks * w.block) for w in weights), strict=True))
        self._arrays: Final = (
            np.empty((rows, depth), weights[0].input),
            np.empty((rows, width), np.float32),
            np.empty(2 * columns + 128, np.float32),
        )
        self.structure: Final = _Room(*map(_address, self._arrays))


class NativeWriter:
    """A `Writer` through `decoding.c`."""

    def __init__(
        self, lstm: NativeLstm, output: PackedProduct, bias: Array, place_of: Tokens, lexicon: Lexicon
    ) -> None:
        self._write: Final = lstm.library.write_tokens
        self._write.argtypes = [
            *(POINTER(kind) for kind in (_Lstm, _Lexicon, _Growing)),
            *[c_int64] * 2,
            POINTER(_State),
            c_void_p,
            POINTER(_Room),
        ]
        self._write.restype = None
        self._lstm: Final = lstm
        self._weights: Final = [*lstm.weights, output.packed]
        self._columns: Final = len(lexicon)
        slices = [slice(0, 0), *(lexicon.slice_of(tones) for tones in (1, 2, 3))]
        ends = np.array([[each.start, each.stop] for each in slices], np.int64).T.copy()
        read = [np.ascontiguousarray(array, np.int32) for array in (lexicon.columns, lexicon.column_of)]
        read += [np.ascontiguousarray(lexicon.rhymes, np.uint32), *ends]
        read += [np.ascontiguousarray(place_of, np.int32), np.ascontiguousarray(bias, np.float32)]
        self._kept: Final = (*read, output)
        *tables, places, biases = map(_address, read)
        structure = ctypes.addressof(output.packed.structure)
        self._lexicon: Final = _Lexicon(*tables, len(bias), places, structure, biases)

    @classmethod
    def of(cls, lstm: Lstm, output: Product, bias: Array, place_of: Tokens, lexicon: Lexicon) -> "NativeWriter | None":
        """None where the arithmetic is another one; `bias`: [V], `place_of`: [V], the output of each token."""
        if isinstance(lstm, NativeLstm) and isinstance(output, PackedProduct):
            return cls(lstm, output, bias, place_of, lexicon)
        return None

    def write(self, growing: Growing, span: range, state: State, uniform: npt.NDArray[np.float64]) -> State:
        """As `Writer`."""
        frame, state = growing.frame, _copied(state)
        forced, tones, rhyming = map(np.ascontiguousarray, (frame.forced, frame.tones, frame.rhyming))
        repetition = np.ascontiguousarray(frame.repetition, np.float32)
        structure = _Growing(
            rows=frame.rows,
            length=frame.length,
            forced=_address(forced),
            tones=_address(tones),
            rhyming=_address(rhyming),
            repetition=_address(repetition),
            group=frame.group,
            scarce=frame.scarce,
            temperature=float(growing.temperature),
            tokens=_address(growing.tokens),
            tops=_address(growing.tops),
            chances=_address(growing.chances),
            log_shares=_address(growing.log_shares),
        )
        uniform, room = np.ascontiguousarray(uniform), Room(self._weights, frame.rows, self._columns)
        self._write(
            byref(self._lstm.structure),
            byref(self._lexicon),
            byref(structure),
            span.start,
            span.stop,
            byref(_structure_of(state)),
            _address(uniform),
            byref(room.structure),
        )
        return state


def _copied(state: State) -> State:
    """The same in arrays that may be written into, each contiguous."""
    lines = state.lines
    return replace(
        state,
        hidden=np.array(state.hidden, order="C"),
        cell=np.array(state.cell, order="C"),
        lines=None if lines is None else Lines(*(np.array(part, order="C") for part in vars(lines).values())),
        told=None if state.told is None else np.ascontiguousarray(state.told),
    )


def _structure_of(state: State) -> _State:
    """`state` must outlive it, and be `copied`."""
    structure = _State(state.rows, _address(state.hidden), _address(state.cell))
    if state.lines is not None:
        structure.lines = _address(state.lines.tokens)
        structure.position, structure.line = _address(state.lines.position), _address(state.lines.line)
    if state.told is not None:
        structure.told = _address(state.told)
    return structure


def _address(array: npt.NDArray[Any]) -> int:
    return int(array.ctypes.data)


if __name__ == "__main__":
    prebuild(SOURCE, FLAGS)
