"""The sampler, and the batched decoders against ones that decode a candidate at a time over the whole softmax."""

import numpy as np
import numpy.typing as npt
import pytest

from poetcore.corpus.vocabulary import END, START, UNKNOWN
from poetcore.generation import ComposeRequest, Poet
from poetcore.generation.candidates import FREE, Frame, drawn_by_weight
from poetcore.generation.decoding import decode
from poetcore.generation.drawing import FORBIDDEN
from poetcore.generation.frames import framed
from poetcore.generation.freely import FreeRules, write_freely
from poetcore.generation.plan import plan
from poetcore.generation.products import Tokens
from poetcore.prosody import FORMS, sounds_of


def nothing(lines: Tokens) -> npt.NDArray[np.bool_]:
    return np.zeros(len(lines), np.bool_)


def logits_after(poet: Poet, tokens: list[int]) -> npt.NDArray[np.float64]:
    state = poet.engine.start(1)
    for token in (START, *tokens):
        state = poet.engine.step(np.array([token], np.int32), state)
    logits: npt.NDArray[np.float64] = poet.engine.logits(state)[0].astype(np.float64)
    return logits


def drawn(weights: npt.NDArray[np.float64], uniform: float) -> int:
    return int((np.cumsum(weights) <= uniform * weights.sum()).sum())


def slow_drafts(
    poet: Poet, frame: Frame, rng: np.random.Generator, temperature: float
) -> list[tuple[list[int], float]]:
    """All candidates, each read from the start again for every token: whole softmax, mask, the same random numbers."""
    drafts: list[list[int]] = [[] for _ in range(frame.rows)]
    begin = frame.forced.tolist().index(FREE)
    log_weights = np.zeros(frame.rows)
    for position, forced in enumerate(frame.forced.tolist()):
        uniforms = rng.random(frame.rows) if forced == FREE else np.zeros(frame.rows)
        for row, tokens in enumerate(drafts):
            weights = slow_weights(poet, frame, tokens, temperature)
            # In the order of the columns: by it the distribution is inverted.
            order = poet.lexicon.order
            tokens.append(forced if forced != FREE else int(order[drawn(weights[order], uniforms[row])]))
            log_weights[row] += np.log(weights.sum())
        if position >= begin and position % (frame.line_length + 1) == frame.line_length - 1:
            ends, uniform = np.cumsum(np.exp(log_weights)), rng.random()
            parents = [int((ends <= (uniform + row) / frame.rows * ends[-1]).sum()) for row in range(frame.rows)]
            drafts = [list(drafts[parent]) for parent in parents]
            log_weights[:] = 0
    return [(tokens, slow_likelihood(poet, tokens)) for tokens in drafts]


def slow_weights(poet: Poet, frame: Frame, tokens: list[int], temperature: float) -> npt.NDArray[np.float64]:
    """The share of each token in the model's chances after `tokens`, 0 where it must not stand."""
    sounds, position = sounds_of(poet.vocabulary.characters), len(tokens)
    logits = logits_after(poet, tokens)
    shares: npt.NDArray[np.float64] = np.exp(logits / temperature)
    shares /= shares.sum()
    if frame.forced[position] != FREE:
        return np.where(np.arange(len(shares)) == frame.forced[position], shares, 0)
    rhymes_here = bool(frame.rhyming[position])
    for token in range(len(shares)):
        rhymes = int(sounds.rhymes[token - 3]) if token >= 3 else 0
        shares[token] *= (
            token in poet.lexicon.columns
            and bool(sounds.tones[token - 3] & frame.tones[position])
            and token not in frame.forced[position:]
            and (not rhymes_here or bool(rhymes & frame.group))
            and (rhymes_here or not rhymes & frame.scarce)
        )
    for at, token in enumerate(tokens):
        follows = at == position - 1
        never = at > 0 and token == tokens[at - 1] if follows else rhymes_here
        shares[token] *= 0 if never else np.exp(frame.repetition[position, at] / temperature)
    return shares


def slow_likelihood(poet: Poet, tokens: list[int]) -> float:
    """ln P under the model, END included."""
    total = 0.0
    for place, token in enumerate([*tokens, END]):
        logits = logits_after(poet, tokens[:place])
        total += float(logits[token] - np.log(np.exp(logits).sum()))
    return total


@pytest.mark.parametrize("form", ["五絕", "七律"])
@pytest.mark.parametrize("temperature", [0.5, 1.0, 1.7])
def test_a_batch_gives_what_one_candidate_at_a_time_gives(toy_poet: Poet, form: str, temperature: float) -> None:
    request = ComposeRequest(prefix="月", form=FORMS[form], acrostic="月夜秋山")
    planned = plan(request, lambda _typed, _converted: True, 0.0)
    rng = np.random.default_rng(4)
    frame, relaxed = framed(planned, FORMS[form], None, toy_poet.vocabulary, toy_poet.lexicon, rng, 4)
    assert relaxed == ()
    fast = decode(toy_poet.engine, toy_poet.lexicon, frame, nothing, temperature, np.random.default_rng(5))
    likelihoods = fast.log_likelihoods(toy_poet.engine, np.arange(4))
    for row, (tokens, likelihood) in enumerate(slow_drafts(toy_poet, frame, np.random.default_rng(5), temperature)):
        assert fast.tokens[row].tolist() == tokens
        assert likelihoods[row] == pytest.approx(likelihood, abs=1e-3)


def free_rules(poet: Poet) -> FreeRules:
    later = np.zeros(len(poet.vocabulary), np.float32)
    later[[START, UNKNOWN]] = FORBIDDEN
    return FreeRules((10, 20), later, later, length=40)


@pytest.mark.parametrize("temperature", [0.5, 1.7])
def test_writing_freely_gives_what_one_poem_at_a_time_gives(toy_poet: Poet, temperature: float) -> None:
    rules = free_rules(toy_poet)
    uniforms = np.random.default_rng(5).random((rules.length, 5))
    for number, candidate in enumerate(write_freely(toy_poet.engine, rules, 5, temperature, np.random.default_rng(5))):
        tokens = list(rules.prefix)
        likelihood = 0.0
        own = uniforms[:, number].tolist()
        for position in range(rules.length):
            logits = logits_after(toy_poet, tokens[:position])
            if position >= len(tokens):
                weights = np.where(np.isfinite(rules.later), np.exp(logits / temperature), 0)
                tokens.append(drawn(weights, own[position - 2]))
            likelihood += float(logits[tokens[position]] - np.log(np.exp(logits).sum()))
            if tokens[-1] == END:
                tokens.pop()
                break
        assert list(candidate.tokens) == tokens
        assert candidate.log_likelihood == pytest.approx(likelihood, abs=1e-3)


def frame_of(forced: list[int], tones: int = 3, group: int = 0, rhyming: tuple[int, ...] = ()) -> Frame:
    length = len(forced)
    where = np.array([place in rhyming for place in range(length)])
    return Frame(
        np.array(forced, np.int32),
        np.full(length, tones, np.uint8),
        where,
        2,
        5,
        group,
        np.full((length, length), FORBIDDEN),
    )


def test_a_frame_without_a_choice_is_what_it_forces(toy_poet: Poet) -> None:
    frame = frame_of([10, 11, 12])
    drafts = decode(toy_poet.engine, toy_poet.lexicon, frame, nothing, 1.0, np.random.default_rng(0))
    assert drafts.tokens.tolist() == [[10, 11, 12]] * 2
    assert np.isfinite(drafts.log_likelihoods(toy_poet.engine, np.arange(2))).all()


def test_a_line_is_completed_anew_until_the_corpus_lacks_it(toy_poet: Poet) -> None:
    frame = frame_of([10, 11, 12, 13, FREE])
    drafts = decode(toy_poet.engine, toy_poet.lexicon, frame, nothing, 1.0, np.random.default_rng(0))
    first = drafts.tokens[:, 4].tolist()

    def those(lines: Tokens) -> npt.NDArray[np.bool_]:
        known: npt.NDArray[np.bool_] = np.isin(lines[:, -1], first)
        return known

    anew = decode(toy_poet.engine, toy_poet.lexicon, frame, those, 1.0, np.random.default_rng(0)).tokens[:, 4]
    assert not set(anew.tolist()) & set(first)
    # A corpus that had every line would not stop the poem.
    everything = decode(
        toy_poet.engine, toy_poet.lexicon, frame, lambda lines: ~nothing(lines), 1.0, np.random.default_rng(0)
    )
    assert everything.tokens.shape == (2, 5)


@pytest.mark.parametrize("group", [1 << 21, 1])
def test_rhymes_are_of_the_group(toy_poet: Poet, group: int) -> None:
    frame = frame_of([FREE] * 5, tones=1, group=group, rhyming=(0, 2, 4))
    sounds = sounds_of(toy_poet.vocabulary.characters)
    for seed in range(20):
        drafts = decode(toy_poet.engine, toy_poet.lexicon, frame, nothing, 1.0, np.random.default_rng(seed))
        for tokens in drafts.tokens:
            assert (sounds.rhymes[tokens[[0, 2, 4]] - 3] & group).all()
            assert len(set(tokens.tolist())) >= 4


@pytest.mark.parametrize(
    ("weights", "counts"), [([1, 1, 1, 1], [1, 1, 1, 1]), ([0, 3, 0, 1], [0, 3, 0, 1]), ([5], [1])]
)
@pytest.mark.parametrize("uniform", [0.0, 0.5, 0.999])
def test_whole_shares_are_drawn_exactly(weights: list[int], counts: list[int], uniform: float) -> None:
    drawn = drawn_by_weight(np.array(weights, np.float64), uniform)
    assert np.bincount(drawn, minlength=len(weights)).tolist() == counts
    assert (np.diff(drawn) >= 0).all()


def test_other_shares_are_rounded_up_or_down_and_right_on_average() -> None:
    weights = np.random.default_rng(1).random(16) ** 4
    counts = np.array(
        [np.bincount(drawn_by_weight(weights, uniform), minlength=16) for uniform in np.linspace(0, 1, 500, False)]
    )
    expected = 16 * weights / weights.sum()
    assert (np.abs(counts - expected) < 1).all()
    assert counts.mean(axis=0) == pytest.approx(expected, abs=0.01)


def test_many_candidates_are_distributed_as_the_models_poems_that_keep_to_the_frame(toy_poet: Poet) -> None:
    # A line of two: level, then oblique, which is rare after some first characters and usual after others.
    rows = 4_000
    tones, repetition = np.array([1, 2], np.uint8), np.zeros((2, 2), np.float32)
    frame = Frame(np.full(2, FREE, np.int32), tones, np.zeros(2, np.bool_), rows, 2, 0, repetition)
    level = toy_poet.lexicon.columns[toy_poet.lexicon.slice_of(1)].tolist()
    oblique = toy_poet.lexicon.columns[toy_poet.lexicon.slice_of(2)].tolist()
    first = softmax(logits_after(toy_poet, []))
    after = np.array([softmax(logits_after(toy_poet, [token]))[oblique].sum() for token in level])
    assert after.std() > 0.02 * after.mean()
    wanted = first[level] * after
    shortsighted = first[level] / first[level].sum()
    found = np.zeros(len(first))
    for seed in range(5):
        tokens = decode(toy_poet.engine, toy_poet.lexicon, frame, nothing, 1.0, np.random.default_rng(seed)).tokens
        found += np.bincount(tokens[:, 0], minlength=len(first))
    shares = found[level] / found.sum()
    assert np.abs(shares - wanted / wanted.sum()).sum() < np.abs(shares - shortsighted).sum()
    assert np.abs(shares - wanted / wanted.sum()).max() < 0.01


def softmax(logits: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    shares: npt.NDArray[np.float64] = np.exp(logits - logits.max())
    shares /= shares.sum()
    return shares
