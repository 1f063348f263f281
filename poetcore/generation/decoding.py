"""Sampling candidates: token ids in, token ids out, all candidates in one batch.

What may stand where is said by `Rules`; how likely it is, by the engine. The likelihood that is reported is the
unmasked model's, so that candidates compare by how well the model likes them and not by how much was forbidden.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from poetcore.corpus.vocabulary import END, START
from poetcore.generation.engine import UNTOLD, Array, Condition, Engine, Tokens, log_normaliser

FORBIDDEN: Final = np.float32(-np.inf)


@dataclass(frozen=True)
class Candidate:
    """One sampled poem."""

    tokens: tuple[int, ...]
    """Without START and END."""
    log_likelihood: float
    """Natural log of its probability under the unmasked model, END included where it was reached."""


class Rules(Protocol):
    """What may stand at each position."""

    @property
    def length(self) -> int:
        """Most tokens a candidate may have, END included."""

    def forced(self, position: int) -> int | None:
        """The token that must stand at `position`, None where there is a choice."""

    def penalty(self, history: Tokens) -> Array:
        """What to add to the logits after `history` [rows, position]: 0 or `FORBIDDEN`; [rows, V] or [V]."""


@dataclass(frozen=True)
class FreeRules:
    """The model alone decides after the prefix, until END or `length` tokens."""

    prefix: tuple[int, ...]
    opening: Array
    """Penalty [V] of the very first token: a poem begins with a hanzi."""
    later: Array
    """Penalty [V] of every other token: START and UNKNOWN are no text."""
    length: int = 128

    def forced(self, position: int) -> int | None:
        """The prefix, nothing else."""
        return self.prefix[position] if position < len(self.prefix) else None

    def penalty(self, history: Tokens) -> Array:
        """As the fields say."""
        return self.later if history.shape[1] else self.opening


@dataclass(frozen=True)
class FormRules:
    """A form's positions: forced marks and prefix, elsewhere hanzi, none of them twice.

    Poets repeat a character on purpose in one way that a simple rule can allow: at once, 疊字 (青青河畔草). So a
    hanzi may follow itself once inside a line, as often as the model wants it; any other repetition is forbidden.
    What the reader's prefix repeats stays, but is not taken up again.
    """

    template: tuple[int | None, ...]
    """A token for each forced position, None for a hanzi of the poet's choice."""
    hanzi: Array
    """Penalty [V] that leaves the hanzi a poem may have."""

    @property
    def length(self) -> int:
        """The template and END."""
        return len(self.template) + 1

    def forced(self, position: int) -> int | None:
        """The template's token, END after it."""
        return self.template[position] if position < len(self.template) else END

    def penalty(self, history: Tokens) -> Array:
        """Every hanzi but those before the last token: it alone may come again, unless it has come twice."""
        if self._must_repeat:
            return self.hanzi
        penalty = np.repeat(self.hanzi[None], len(history), axis=0)
        penalty[np.arange(len(history))[:, None], history[:, :-1]] = FORBIDDEN
        return penalty

    @cached_property
    def _must_repeat(self) -> bool:
        """Whether there are too few hanzi to finish the poem without repeating one."""
        return int(np.isfinite(self.hanzi).sum()) <= len(self.template)


def decode(
    engine: Engine,
    rules: Rules,
    count: int,
    temperature: float,
    rng: np.random.Generator,
    condition: Condition = UNTOLD,
) -> list[Candidate]:
    """Sample `count` candidates of which the model is told `condition`; one where the rules leave no choice.

    The forced beginning is read once for all of them. One uniform number a row is drawn at each position with a choice.
    """
    state = engine.step(np.full(1, START, np.int32), engine.start(1, [condition]))
    tokens = np.zeros((1, rules.length), np.int32)
    likelihood = np.zeros(1)
    ended = np.zeros(1, np.bool_)
    for position in range(rules.length):
        forced = rules.forced(position)
        if forced is None and len(tokens) < count:
            state, tokens = state.repeated(count), np.repeat(tokens, count, axis=0)
            likelihood, ended = np.repeat(likelihood, count), np.repeat(ended, count)
        logits = engine.logits(state)
        if forced is None:
            allowed = logits + rules.penalty(tokens[:, :position])
            tokens[:, position] = sample(allowed, temperature, rng.random(count))
        else:
            tokens[:, position] = forced
        taken = tokens[:, position]
        likelihood += np.where(ended, 0, logits[np.arange(len(taken)), taken] - log_normaliser(logits))
        ended |= taken == END
        if ended.all():
            break
        state = engine.step(taken, state)
    return [
        Candidate(_until_end(row), float(log_likelihood))
        for row, log_likelihood in zip(tokens, likelihood, strict=True)
    ]


def sample(logits: Array, temperature: float, uniform: npt.NDArray[np.float64]) -> Tokens:
    """Draw one token a row by inverting the cumulative distribution.

    `logits`: float32 [rows, V], `FORBIDDEN` where a token must not be drawn; each row must allow one.
    `uniform`: [rows] in [0, 1). Returns int32 [rows].
    """
    # The largest allowed logit becomes 0 before exp, so at least one weight is 1 at any temperature.
    weights = np.exp((logits - logits.max(axis=1, keepdims=True)) / np.float32(temperature))
    cumulative = np.cumsum(weights, axis=1, dtype=np.float32)
    targets = uniform * cumulative[:, -1]
    # side="right": the first sum beyond the target, never that of a token without weight.
    drawn = [np.searchsorted(row, target, side="right") for row, target in zip(cumulative, targets, strict=True)]
    return np.array(drawn, np.int32)


def _until_end(row: Tokens) -> tuple[int, ...]:
    tokens = row.tolist()
    return tuple(tokens[: tokens.index(END)] if END in tokens else tokens)
