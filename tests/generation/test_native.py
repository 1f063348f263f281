"""`decoding.c`: on each way through it that this machine can go, it writes what numpy writes, to the last bit."""

import ctypes
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from poetcore.compiling import compiled
from poetcore.corpus.vocabulary import START
from poetcore.generation import arithmetic
from poetcore.generation.arithmetic import QUANTISED_IN_NUMPY, Arithmetic, quantised_arithmetic
from poetcore.generation.candidates import FREE, Frame
from poetcore.generation.decoding import Drafts, decode
from poetcore.generation.drawing import FORBIDDEN
from poetcore.generation.engine import Condition, Engine
from poetcore.generation.lexicon import Lexicon
from poetcore.generation.native import FLAGS, SOURCE, NativeLstm, NativeWriter, PackedProduct
from poetcore.generation.products import Tokens
from poetcore.package import Architecture, Tensors, expected_shapes

VOCABULARY, MARKS = 203, (3, 4)

ARCHITECTURES = [
    Architecture(embedding_size=5, hidden_size=7, layers=1, tied=False),
    Architecture(embedding_size=16, hidden_size=16, layers=2, tied=True, context_size=6),
    Architecture(embedding_size=9, hidden_size=37, layers=3, tied=False, context_size=5, condition_size=3),
]


@pytest.fixture(params=["-march=native", "-mno-avx512vnni", "-mno-avx2"])
def native(request: pytest.FixtureRequest) -> Arithmetic:
    """Arithmetic in C, for processors with and without the instructions that it can use."""
    library: ctypes.CDLL | None = compiled(SOURCE, (*FLAGS, request.param))
    if library is None:
        pytest.skip("no C compiler here that knows this processor")
    return Arithmetic(lambda weight: PackedProduct(library, weight), lambda stack: NativeLstm(library, stack))


def tensors_of(architecture: Architecture) -> Tensors:
    random = np.random.default_rng(8)
    shapes = expected_shapes(architecture, VOCABULARY)
    return {name: random.normal(0, 0.6, shape).astype(np.float32) for name, shape in shapes.items()}


def lexicon() -> Lexicon:
    """Of 190 characters: 83 oblique, 30 both, 77 level, which rhyme in four groups; no tone begins with a block."""
    column_of = np.full(VOCABULARY, 190, np.int32)
    columns = np.random.default_rng(9).permutation(np.arange(10, 200)).astype(np.int32)
    column_of[columns] = np.arange(190)
    rhymes = np.where(np.arange(190) < 83, 0, 1 << np.arange(190) % 4).astype(np.uint32)
    return Lexicon(columns, column_of, rhymes, 83, 113)


def engines(architecture: Architecture, native: Arithmetic) -> tuple[Engine, Engine]:
    tensors, order = tensors_of(architecture), lexicon().order
    theirs = Engine(architecture, tensors, MARKS, order, QUANTISED_IN_NUMPY)
    return Engine(architecture, tensors, MARKS, order, native), theirs


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_steps_are_numpys(architecture: Architecture, native: Arithmetic) -> None:
    ours, theirs = engines(architecture, native)
    random = np.random.default_rng(1)
    conditions = [Condition(title=(20, 21), form=2, era=1), Condition(), Condition(form=4)]
    mine, its = ours.start(3, conditions), theirs.start(3, conditions)
    # Long lines and many of them, so that what is counted comes to its end.
    for position in range(160):
        tokens = random.integers(5, VOCABULARY, 3).astype(np.int32) if position else np.full(3, START, np.int32)
        tokens[random.random(3) < (0.05 if position < 60 else 0.3)] = MARKS[position % 2]
        mine, its = ours.step(tokens, mine), theirs.step(tokens, its)
        np.testing.assert_array_equal(mine.hidden, its.hidden)
        np.testing.assert_array_equal(mine.cell, its.cell)
        np.testing.assert_array_equal(ours.logits(mine), theirs.logits(its))
    if mine.lines is not None and its.lines is not None:
        for part, other in zip(vars(mine.lines).values(), vars(its.lines).values(), strict=True):
            np.testing.assert_array_equal(part, other)


def test_a_step_leaves_the_state_before_it_untouched(native: Arithmetic) -> None:
    engine, _ = engines(ARCHITECTURES[1], native)
    state = engine.step(np.array([15, 16], np.int32), engine.start(2))
    assert state.lines is not None
    before = [array.copy() for array in (state.hidden, state.cell, *vars(state.lines).values())]
    engine.step(np.array([16, 3], np.int32), state)
    for array, copy in zip((state.hidden, state.cell, *vars(state.lines).values()), before, strict=True):
        np.testing.assert_array_equal(array, copy)


def frame_of(random: np.random.Generator, rows: int, group: int) -> Frame:
    """Four lines of five, some of whose characters are given."""
    forced = np.full(24, FREE, np.int32)
    forced[5::12], forced[11::12] = MARKS
    forced[[0, 1, 14, 22]] = random.integers(10, 200, 4)
    tones = random.integers(1, 4, 24).astype(np.uint8)
    rhyming = np.zeros(24, np.bool_)
    rhyming[[4, 10, 22]] = True
    repetition = random.choice(np.array([0, -1, -3, FORBIDDEN], np.float32), (24, 24))
    return Frame(forced, tones, rhyming, rows, 5, group, repetition, scarce=group & 0b1000)


def drafts_of(engine: Engine, frame: Frame, known: Callable[[Tokens], npt.NDArray[np.bool_]]) -> Drafts:
    return decode(engine, lexicon(), frame, known, 0.9, np.random.default_rng(4), Condition(title=(30,), form=1))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("rows", [1, 16, 23])
@pytest.mark.parametrize("group", [0, 0b0010, 0b1000])
def test_poems_are_numpys(architecture: Architecture, native: Arithmetic, rows: int, group: int) -> None:
    ours, theirs = engines(architecture, native)
    assert NativeWriter.of(ours.lstm, ours.output, ours.output_bias, ours.column_of, lexicon()) is not None
    assert NativeWriter.of(theirs.lstm, theirs.output, theirs.output_bias, theirs.column_of, lexicon()) is None
    frame = frame_of(np.random.default_rng(rows), rows, group)

    def known(lines: Tokens) -> npt.NDArray[np.bool_]:
        copied: npt.NDArray[np.bool_] = lines.sum(axis=1) % 3 == 0
        return copied

    mine, its = drafts_of(ours, frame, known), drafts_of(theirs, frame, known)
    np.testing.assert_array_equal(mine.tokens, its.tokens)
    np.testing.assert_array_equal(mine.tops, its.tops)
    np.testing.assert_allclose(mine.rough, its.rough, rtol=1e-5)


def test_what_nothing_is_left_for_is_chosen_as_numpy_chooses(native: Arithmetic) -> None:
    # Four level characters, two of which rhyme, for a line of five that wants each once.
    small = Lexicon(
        columns=np.array([10, 11, 12, 13], np.int32),
        column_of=np.array([*[4] * 10, 0, 1, 2, 3, *[4] * (VOCABULARY - 14)], np.int32),
        rhymes=np.array([1, 1, 2, 2], np.uint32),
        _level_from=0,
        _oblique_to=4,
    )
    rhyming = np.array([False, True, False, True, True])
    once = np.full((5, 5), FORBIDDEN)
    for group in (1, 4):
        frame = Frame(np.full(5, FREE, np.int32), np.ones(5, np.uint8), rhyming, 4, 5, group, once)
        written = [
            decode(
                Engine(ARCHITECTURES[0], tensors_of(ARCHITECTURES[0]), MARKS, small.order, how),
                small,
                frame,
                lambda lines: np.zeros(len(lines), np.bool_),
                1.0,
                np.random.default_rng(2),
            ).tokens
            for how in (native, QUANTISED_IN_NUMPY)
        ]
        np.testing.assert_array_equal(written[0], written[1])
        assert set(written[0].ravel().tolist()) <= {10, 11, 12, 13}


def test_without_a_compiler_numpy_does_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arithmetic, "library", lambda: None)
    assert quantised_arithmetic() is QUANTISED_IN_NUMPY
