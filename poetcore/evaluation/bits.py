"""Bits per hanzi and perplexity: how well a poet foretells given poems.

bits per hanzi = −log2 P(the whole text, punctuation and end included) ÷ its count of hanzi. A character outside the
vocabulary is charged P(unknown) spread evenly over those of the CJK Unified block that the vocabulary lacks, so that
models with different vocabularies compare. Nothing is truncated.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from poetcore.corpus.vocabulary import END, START, UNKNOWN, Vocabulary
from poetcore.generation.engine import Condition, Engine, log_normaliser
from poetcore.generation.products import Tokens
from poetcore.prosody.text import is_hanzi

BLOCK: Final = 0x9FFF - 0x4E00 + 1
"""Characters of the CJK Unified block, assigned or not: 20,992."""

# 128 rows keep the products efficient; their logits are 1.8 MB at V 3,500, near the cache.
_ROWS: Final = 128


@dataclass(frozen=True)
class Measure:
    """The figures for a list of poems."""

    poems: int
    hanzi: int
    unknown_hanzi: int
    """Hanzi that the vocabulary lacks."""
    predicted_tokens: int
    """Every character and one END a poem."""
    token_bits: float
    """−log2 of the product of the predicted tokens' probabilities, UNKNOWN being one token."""
    spread_bits: float
    """What unknown characters are charged beyond P(unknown)."""

    @property
    def bits_per_hanzi(self) -> float:
        """The whole charge over the count of hanzi."""
        return (self.token_bits + self.spread_bits) / self.hanzi

    @property
    def perplexity(self) -> float:
        """2 to the bits per predicted token."""
        return math.exp2(self.token_bits / self.predicted_tokens)


def without_space(text: str) -> str:
    """`text` as it is measured: line breaks and other space say nothing about a poem."""
    return "".join(text.split())


def measure(
    engine: Engine, vocabulary: Vocabulary, texts: Sequence[str], titles: Sequence[str] | None = None
) -> Measure:
    """Measure `texts`, the model being told `titles` if they are given and nothing otherwise.

    Raises `ValueError` if there is no hanzi in all of the texts.
    """
    texts = [without_space(text) for text in texts]
    hanzi = [char for text in texts for char in text if is_hanzi(char)]
    if not hanzi:
        raise ValueError("bits per hanzi of texts without hanzi are not defined")
    encoded = [vocabulary.encode(text) for text in texts]
    conditions = None if titles is None else [Condition(title=known_ids(vocabulary, title)) for title in titles]
    unknown = sum(int((tokens == UNKNOWN).sum()) for tokens in encoded)
    return Measure(
        poems=len(texts),
        hanzi=len(hanzi),
        unknown_hanzi=sum(char not in vocabulary for char in hanzi),
        predicted_tokens=sum(len(tokens) + 1 for tokens in encoded),
        token_bits=float(token_bits(engine, encoded, conditions).sum()),
        spread_bits=unknown * math.log2(max(1, BLOCK - sum(map(is_hanzi, vocabulary.characters)))),
    )


def known_ids(vocabulary: Vocabulary, title: str) -> tuple[int, ...]:
    """The token ids of a title's characters, without those that the vocabulary lacks."""
    return tuple(token for token in vocabulary.encode(title).tolist() if token != UNKNOWN)


def token_bits(
    engine: Engine,
    poems: Sequence[Tokens],
    conditions: Sequence[Condition] | None = None,
    temperature: float = 1.0,
) -> npt.NDArray[np.float64]:
    """−log2 P(tokens, END | START, condition) of each poem, float64 [len(poems)].

    `poems`: token ids without START and END; `conditions`: one a poem, None tells nothing; `temperature`: that
    which logits are divided by.
    """
    longest_first = sorted(range(len(poems)), key=lambda number: -len(poems[number]))
    bits = np.zeros(len(poems))
    for begin in range(0, len(poems), _ROWS):
        batch = longest_first[begin : begin + _ROWS]
        told = None if conditions is None else [conditions[number] for number in batch]
        bits[batch] = _batch_bits(engine, [poems[number] for number in batch], told, temperature)
    return bits


def _batch_bits(
    engine: Engine, poems: Sequence[Tokens], conditions: Sequence[Condition] | None, temperature: float
) -> npt.NDArray[np.float64]:
    """As `token_bits`, for poems sorted longest first: step t runs only the rows that have a token t."""
    # One flat array and each row's place in it: a padded one would be as wide as the longest text for all rows.
    flat = np.concatenate([np.concatenate(([START], poem, [END])).astype(np.int32) for poem in poems])
    predictions = np.array([len(poem) + 1 for poem in poems])
    place = np.concatenate(([0], np.cumsum(predictions + 1)[:-1]))
    nats = np.zeros(len(poems))
    state = engine.start(len(poems), conditions)
    for step in range(int(predictions[0])):
        alive = int((predictions > step).sum())
        now = place[:alive] + step
        state = engine.step(flat[now], state.first(alive))
        logits = engine.logits(state) / np.float32(temperature)
        nats[:alive] += log_normaliser(logits) - logits[np.arange(alive), flat[now + 1]]
    return nats / math.log(2)
