"""Writing without a frame: the model alone decides after the prefix, until it ends the poem. For comparison."""

from dataclasses import dataclass

import numpy as np

from poetcore.corpus.vocabulary import END, START
from poetcore.generation.drawing import sample
from poetcore.generation.engine import UNTOLD, Condition, Engine, log_normaliser
from poetcore.generation.products import Array


@dataclass(frozen=True)
class Candidate:
    """One sampled poem."""

    tokens: tuple[int, ...]
    """Without START and END."""
    log_likelihood: float
    """Natural log of its probability, END included where it was reached."""


@dataclass(frozen=True)
class FreeRules:
    """The prefix, and what may follow it."""

    prefix: tuple[int, ...]
    opening: Array
    """Penalty [V] of the very first token: a poem begins with a hanzi."""
    later: Array
    """Penalty [V] of every other token: START and UNKNOWN are no text."""
    length: int = 128
    """Most tokens, END included."""


def write_freely(
    engine: Engine,
    rules: FreeRules,
    count: int,
    temperature: float,
    rng: np.random.Generator,
    condition: Condition = UNTOLD,
) -> list[Candidate]:
    """Sample `count` poems of which the model is told `condition`; one uniform number a row at each position."""
    state = engine.step(np.full(1, START, np.int32), engine.start(1, [condition])).repeated(count)
    tokens = np.zeros((count, rules.length), np.int32)
    likelihood = np.zeros(count)
    ended = np.zeros(count, np.bool_)
    for position in range(rules.length):
        logits = engine.logits(state)
        if position < len(rules.prefix):
            tokens[:, position] = rules.prefix[position]
        else:
            allowed = logits + (rules.later if position else rules.opening)
            tokens[:, position], _ = sample(allowed, np.float32(temperature), rng.random(count))
        taken = tokens[:, position]
        likelihood += np.where(ended, 0, logits[np.arange(count), taken] - log_normaliser(logits))
        ended |= taken == END
        if ended.all():
            break
        state = engine.step(taken, state)
    return [
        Candidate(_until_end(row.tolist()), float(log_likelihood))
        for row, log_likelihood in zip(tokens, likelihood, strict=True)
    ]


def _until_end(tokens: list[int]) -> tuple[int, ...]:
    return tuple(tokens[: tokens.index(END)] if END in tokens else tokens)
