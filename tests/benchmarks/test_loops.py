"""The plain loop learns, and both loops are given the same."""

import math

import pytest
import torch

from benchmarks.corpora import RARE, Course, is_synthetic, plan_course, synthetic_corpus
from benchmarks.costs import Sizes
from benchmarks.ours import OurLoop, parameter_count
from benchmarks.plain_loop import PlainLoop, PlainModel, mean_cross_entropy
from benchmarks.train import Plan, loss_figure, speed_figures
from poetcore.corpus import END, START, PreparedCorpus
from poetcore.errors import PreparedCorpusError
from poetcore.training.presets import PRESETS, settings_for

CPU = torch.device("cpu")


def test_the_plain_loop_learns_a_toy_corpus() -> None:
    torch.manual_seed(1)
    # Each poem counts on from its first token, and they differ in length.
    poems = [torch.tensor([START, *range(3 + first, 7 + first + first % 3), END]) for first in range(12)]
    model = PlainModel(Sizes(vocabulary=24, embedding=16, hidden=16, layers=2, tied=True))
    loop = PlainLoop(model, [poems[:6], poems[6:]], CPU, learning_rate=0.02)
    before = mean_cross_entropy(model, poems, CPU, 5)
    assert before == pytest.approx(math.log(24), rel=0.1)
    tokens = [loop.update() for _ in range(150)]
    assert tokens[:2] == [36, 36]
    # Of a poem's six tokens only the first is open, one of twelve, and where it ends: 0.6 nats at best.
    assert mean_cross_entropy(model, poems, CPU, 5) < 1.0


def test_padding_changes_nothing_that_is_measured() -> None:
    model = PlainModel(Sizes(vocabulary=20, embedding=4, hidden=4, layers=1, tied=False))
    poems = [torch.tensor([START, *range(3, length), END]) for length in (5, 9, 19)]
    alone = [mean_cross_entropy(model, [poem], CPU, 1) * (len(poem) - 1) for poem in poems]
    assert mean_cross_entropy(model, poems, CPU, 3) == pytest.approx(sum(alone) / sum(len(p) - 1 for p in poems))


@pytest.mark.parametrize("tied", ["true", "false"])
def test_the_plain_model_has_torchs_second_bias_and_nothing_else_besides(corpus: PreparedCorpus, tied: str) -> None:
    sizes = ("vocabulary_size=30", "embedding_size=6", "hidden_size=6", "layers=2", f"tied={tied}", "batch_poems=4")
    course = plan_course(corpus, settings_for("seed", sizes), 1)
    plain = PlainModel(Sizes.of(course.settings, course.vocabulary_size))
    assert sum(parameter.numel() for parameter in plain.parameters()) == parameter_count(course) + 2 * 4 * 6


def test_both_loops_get_the_same_tokens_update_by_update(course: Course) -> None:
    plain = PlainLoop(PlainModel(Sizes.of(course.settings, course.vocabulary_size)), course.batches(), CPU)
    ours = OurLoop(course)
    expected = [sum(len(poem) - 1 for poem in poems) for poems in course.batches()]
    assert len(expected) == 5
    # Seven updates: what comes after the fifth is the first again.
    assert [plain.update() for _ in range(7)] == expected + expected[:2]
    assert [ours.update() for _ in range(7)] == expected + expected[:2]


def test_from_the_same_weights_both_loops_learn_the_same(corpus: PreparedCorpus) -> None:
    # Seventeen characters, and every other one unknown: there is much to learn in the first updates.
    sizes = ("vocabulary_size=20", "embedding_size=8", "hidden_size=8", "batch_poems=32", "learning_rate=0.05")
    course = plan_course(corpus, settings_for("seed", sizes), 12)
    before, after = (loss_figure(course, Plan(loss_updates=updates, validation_poems=20)) for updates in (0, 12))
    assert before.ours is not None
    assert before.ratio is not None
    assert after.ours is not None
    assert after.ratio is not None
    assert before.ratio.median == pytest.approx(1, abs=1e-6)
    # Were hardly anything learnt, a loop that learns nothing would be near enough too.
    assert after.ours.median < 0.8 * before.ours.median
    assert after.ratio.median == pytest.approx(1, abs=0.01)


def test_but_for_torchs_second_bias_both_loops_learn_exactly_the_same(corpus: PreparedCorpus) -> None:
    sizes = ("vocabulary_size=20", "embedding_size=8", "hidden_size=8", "batch_poems=32", "learning_rate=0.05")
    course = plan_course(corpus, settings_for("seed", [*sizes, "arithmetic=float32"]), 12)
    ours, model = OurLoop(course), PlainModel(Sizes.of(course.settings, course.vocabulary_size))
    model.load_weights(ours.weights())
    # With two biases that learn, their sum moves twice as fast.
    model.lstm.get_parameter("bias_hh_l0").requires_grad_(False)
    plain = PlainLoop(model, course.batches(), CPU, course.settings.learning_rate)
    for _ in range(12):
        plain.update()
        ours.update()
    validation = course.validation(20)
    expected = mean_cross_entropy(model, validation, CPU, 20)
    model.load_weights(ours.weights())
    assert mean_cross_entropy(model, validation, CPU, 20) == pytest.approx(expected, rel=1e-4)


def test_a_course_is_a_function_of_seed_and_data_and_needs_enough_poems(corpus: PreparedCorpus) -> None:
    settings = settings_for("seed", ["batch_poems=16", "sequence_length=20"])
    course = plan_course(corpus, settings, 3)
    assert (course.order == plan_course(corpus, settings, 3).order).all()
    assert [len(batch) for batch in course.batches()] == [16, 16, 16]
    assert all(len(poem) == 20 and poem[0] == START for batch in course.batches() for poem in batch)
    with pytest.raises(PreparedCorpusError, match="too few for batches of 4000"):
        plan_course(corpus, settings_for("seed", ["batch_poems=4000"]), 3)


def test_the_invented_corpus_has_the_measures_of_the_real_one() -> None:
    corpus = synthetic_corpus(20_000)
    assert is_synthetic(corpus)
    lengths = corpus.offsets[1:] - corpus.offsets[:-1]
    assert 59 < lengths.mean() < 63
    assert sorted(lengths)[10_000] == 48
    assert lengths.max() < RARE[1]
    shares = [(corpus.ranks == rank).mean() for rank in (0, 1, 2)]
    assert shares[0] == pytest.approx(1 / 16, rel=0.05)
    assert shares[1] == pytest.approx(1 / 16, rel=0.05)
    assert shares[2] < 0.02
    assert len(corpus.vocabulary(7_000)) == 7_000


def test_smaller_batches_and_the_whole_softmax_have_rows_of_their_own(corpus: PreparedCorpus) -> None:
    sizes = ("vocabulary_size=50", "embedding_size=8", "hidden_size=8", "sequence_length=20", "batch_poems=256")
    settings = settings_for("base", [*sizes, "frequent_tokens=10", "sampled_tokens=10"])
    plan = Plan(rounds=1, updates={"base": 1}, product_flop=1e6)
    figures = speed_figures("base", plan_course(corpus, settings, 2), plan)
    own = PRESETS["base"].batch_poems
    assert own < 256
    assert [figure.name for figure in figures] == [
        "base_tokens_per_s",
        f"base_in_batches_of_{own}_tokens_per_s",
        "base_with_whole_softmax_tokens_per_s",
        "base_gemm_share",
        "base_gemm",
    ]
    # What is not done is not reached: the share is that of the loop that does it all.
    assert figures[3].label == "base with whole softmax: GFLOP/s in training"
    for figure in figures:
        assert figure.ratio is not None
        assert figure.ratio.median > 0
