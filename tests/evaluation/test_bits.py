"""Bits per hanzi and perplexity, held to figures that can be worked out by hand."""

import math

import numpy as np
import pytest

from poetcore.corpus.vocabulary import END, START, Vocabulary
from poetcore.evaluation.bits import BLOCK, measure, token_bits
from poetcore.generation.engine import Engine
from poetcore.package import Architecture, expected_shapes

# A model that always says: start 0, end 1/8, unknown 1/8, 月 1/2, 。 1/4. All weights are zero but the output's bias.
PROBABILITIES = {"end": 1 / 8, "unknown": 1 / 8, "月": 1 / 2, "。": 1 / 4}
VOCABULARY = Vocabulary("月。")


@pytest.fixture(scope="module")
def toy_engine() -> Engine:
    """The model above."""
    architecture = Architecture(embedding_size=2, hidden_size=2, layers=1, tied=False)
    tensors = {name: np.zeros(shape, np.float32) for name, shape in expected_shapes(architecture, 5).items()}
    tensors["output.bias"] = np.log(np.array([1e-30, *PROBABILITIES.values()], np.float32))
    return Engine(architecture, tensors)


@pytest.fixture(scope="module")
def random_engine() -> Engine:
    """A model that remembers what it read."""
    rng = np.random.default_rng(1)
    architecture = Architecture(embedding_size=3, hidden_size=4, layers=2, tied=False)
    shapes = expected_shapes(architecture, 9)
    return Engine(architecture, {name: rng.normal(0, 1, shape).astype(np.float32) for name, shape in shapes.items()})


def test_known_characters_are_charged_their_probabilities(toy_engine: Engine) -> None:
    # 月 1 bit, 。 2 bits, end 3 bits: 6 bits for one hanzi, 2 bits for each of 3 predictions.
    result = measure(toy_engine, VOCABULARY, ["月。"])
    assert (result.poems, result.hanzi, result.unknown_hanzi, result.predicted_tokens) == (1, 1, 0, 3)
    assert result.bits_per_hanzi == pytest.approx(6.0)
    assert result.perplexity == pytest.approx(4.0)


def test_an_unknown_character_shares_the_probability_of_unknown(toy_engine: Engine) -> None:
    # The vocabulary has one hanzi of the block, so P(花) = 1/8 / 20,991; perplexity counts UNKNOWN as one token.
    result = measure(toy_engine, VOCABULARY, ["花。"])
    assert BLOCK == 20_992
    assert result.unknown_hanzi == 1
    assert result.bits_per_hanzi == pytest.approx(3 + math.log2(20_991) + 2 + 3)
    assert result.perplexity == pytest.approx(2 ** (8 / 3))


def test_unknown_characters_that_are_no_hanzi_are_charged_the_same(toy_engine: Engine) -> None:
    result = measure(toy_engine, VOCABULARY, ["月☆"])
    assert (result.hanzi, result.unknown_hanzi) == (1, 0)
    assert result.bits_per_hanzi == pytest.approx(1 + 3 + math.log2(20_991) + 3)


def test_the_figure_is_over_all_hanzi_of_all_poems(toy_engine: Engine) -> None:
    result = measure(toy_engine, VOCABULARY, ["月。", "月月月"])
    assert (result.poems, result.hanzi) == (2, 4)
    assert result.bits_per_hanzi == pytest.approx((6 + 3 + 3) / 4)


def test_space_and_line_breaks_say_nothing(toy_engine: Engine) -> None:
    assert measure(toy_engine, VOCABULARY, [" 月\r\n\u3000。\t"]) == measure(toy_engine, VOCABULARY, ["月。"])


def test_no_hanzi_at_all_is_undefined(toy_engine: Engine) -> None:
    with pytest.raises(ValueError, match="without hanzi"):
        measure(toy_engine, VOCABULARY, ["。"])


def test_nothing_is_truncated(toy_engine: Engine) -> None:
    assert measure(toy_engine, VOCABULARY, ["月" * 3000]).token_bits == pytest.approx(3003, rel=1e-5)


def test_batches_of_mixed_lengths_give_what_each_poem_gives_alone(random_engine: Engine) -> None:
    rng = np.random.default_rng(2)
    poems = [rng.integers(2, 9, length, dtype=np.int32) for length in rng.integers(0, 30, 300)]
    together = token_bits(random_engine, poems)
    for poem, bits in zip(poems, together, strict=True):
        assert bits == pytest.approx(_slow_bits(random_engine, poem.tolist()), rel=1e-4)


def _slow_bits(engine: Engine, poem: list[int]) -> float:
    bits, state = 0.0, engine.start(1)
    for token, target in zip([START, *poem], [*poem, END], strict=True):
        state = engine.step(np.array([token], np.int32), state)
        logits = engine.logits(state)[0].astype(np.float64)
        bits -= math.log2(np.exp(logits[target]) / np.exp(logits).sum())
    return bits
