"""The sampler, the rules, and the batched decoder against one that decodes a candidate at a time."""

from collections.abc import Callable

import numpy as np
import pytest

from poetcore.corpus.vocabulary import END, START, UNKNOWN
from poetcore.generation import Poet
from poetcore.generation.decoding import FORBIDDEN, FormRules, FreeRules, Rules, decode, sample
from poetcore.generation.engine import Array


def penalty_leaving(poet: Poet, *tokens: int) -> Array:
    penalty = np.full(len(poet.vocabulary), FORBIDDEN)
    penalty[list(tokens)] = 0
    return penalty


def form_rules(poet: Poet) -> FormRules:
    comma, stop = poet.vocabulary.encode("，。").tolist()
    hanzi = penalty_leaving(poet, *range(5, len(poet.vocabulary)))
    return FormRules((10, UNKNOWN, None, comma, None, None, None, stop), hanzi)


def free_rules(poet: Poet) -> FreeRules:
    later = np.zeros(len(poet.vocabulary), np.float32)
    later[[START, UNKNOWN]] = FORBIDDEN
    return FreeRules((10, 20), later, later, length=40)


def slow_candidate(poet: Poet, rules: Rules, uniforms: list[float], temperature: float) -> tuple[list[int], float]:
    """One candidate, read from the start again for every token; full softmax, mask, then the same random numbers."""
    tokens: list[int] = []
    likelihood = 0.0
    while len(tokens) < rules.length and tokens[-1:] != [END]:
        state = poet.engine.start(1)
        for token in (START, *tokens):
            state = poet.engine.step(np.array([token], np.int32), state)
        logits = poet.engine.logits(state)[0].astype(np.float64)
        forced = rules.forced(len(tokens))
        if forced is None:
            mask = np.isfinite(rules.penalty(np.array([tokens], np.int32).reshape(1, -1))).reshape(-1)
            weights = np.where(mask, np.exp(logits / temperature), 0)
            chosen = int((np.cumsum(weights) <= uniforms.pop(0) * weights.sum()).sum())
        else:
            chosen = forced
        likelihood += float(logits[chosen] - np.log(np.exp(logits).sum()))
        tokens.append(chosen)
    return [token for token in tokens if token != END], likelihood


@pytest.mark.parametrize("rules_for", [form_rules, free_rules])
@pytest.mark.parametrize("temperature", [0.5, 1.0, 1.7])
def test_a_batch_gives_what_one_candidate_at_a_time_gives(
    toy_poet: Poet, rules_for: Callable[[Poet], Rules], temperature: float
) -> None:
    rules = rules_for(toy_poet)
    fast = decode(toy_poet.engine, rules, 5, temperature, np.random.default_rng(5))
    uniforms = np.random.default_rng(5).random((rules.length, 5))
    for number, candidate in enumerate(fast):
        tokens, likelihood = slow_candidate(toy_poet, rules, uniforms[:, number].tolist(), temperature)
        assert list(candidate.tokens) == tokens
        assert candidate.log_likelihood == pytest.approx(likelihood, abs=1e-3)


def test_sampling_inverts_the_cumulative_distribution() -> None:
    logits = np.log(np.array([[0.25, 0.5, 0.25]] * 5, np.float32))
    drawn = sample(logits, 1.0, np.array([0.0, 0.2, 0.3, 0.7, 0.8]))
    assert drawn.tolist() == [0, 0, 1, 1, 2]


def test_a_forbidden_token_is_never_drawn_even_if_the_model_wants_nothing_else() -> None:
    logits = np.array([[FORBIDDEN, -900.0, FORBIDDEN, -900.0, FORBIDDEN]] * 2, np.float32)
    assert sample(logits, 0.1, np.array([0.0, np.nextafter(1, 0)])).tolist() == [1, 3]


def test_low_temperature_takes_the_likeliest() -> None:
    logits = np.array([[1.0, 2.0, 1.5]], np.float32)
    assert sample(logits, 0.1, np.array([0.5])).tolist() == [1]


def test_a_hanzi_may_follow_itself_once_and_come_no_other_way(toy_poet: Poet) -> None:
    rules = FormRules((None,) * 6, penalty_leaving(toy_poet, *range(10, 20)))

    def allowed(*history: int) -> set[int]:
        return set(np.flatnonzero(np.isfinite(rules.penalty(np.array([history], np.int32))[0])).tolist())

    assert allowed(10) == set(range(10, 20))
    assert allowed(10, 11) == set(range(11, 20))
    assert allowed(10, 10) == set(range(11, 20))
    assert allowed(10, 11, 3) == set(range(12, 20))


def test_too_few_hanzi_are_repeated_rather_than_running_out(toy_poet: Poet) -> None:
    rules = FormRules((None,) * 6, penalty_leaving(toy_poet, 10, 11))
    (candidate,) = decode(toy_poet.engine, rules, 1, 1.0, np.random.default_rng(0))
    assert len(candidate.tokens) == 6
    assert set(candidate.tokens) <= {10, 11}


def test_rules_without_a_choice_give_one_candidate(toy_poet: Poet) -> None:
    rules = FormRules((10, 11, 12), penalty_leaving(toy_poet, 10, 11))
    candidates = decode(toy_poet.engine, rules, 16, 1.0, np.random.default_rng(0))
    assert [candidate.tokens for candidate in candidates] == [(10, 11, 12)]
