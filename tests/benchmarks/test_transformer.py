"""The Transformer sees no later token, has the size asked for, and is charged for whole poems."""

import json
import math
from itertools import pairwise
from pathlib import Path

import pytest
import torch

from benchmarks.corpora import plan_course
from benchmarks.transformer.__main__ import main, run
from benchmarks.transformer.model import CausalTransformer, Shape, shape_for
from benchmarks.transformer.scoring import token_bits, windows
from benchmarks.transformer.training import (
    Trained,
    alike,
    by_clock,
    by_updates,
    endless_batches,
    optimiser_for,
    scheduled_rate,
    train_transformer,
)
from poetcore.corpus import END, START, PreparedCorpus
from poetcore.errors import SettingsError
from poetcore.training.presets import settings_for

SMALL = Shape(vocabulary=50, positions=12, width=32, layers=2, feed_forward=64)


@pytest.mark.parametrize("training", [True, False])
def test_a_later_token_does_not_change_earlier_logits(training: bool) -> None:
    torch.manual_seed(1)
    model = CausalTransformer(SMALL).train(training)
    tokens = torch.randint(50, (3, 12))
    changed = tokens.clone()
    changed[:, 7] = (changed[:, 7] + 1) % 50
    with torch.no_grad():
        before, after = model(tokens), model(changed)
    assert before.shape == (3, 12, 50)
    torch.testing.assert_close(before[:, :7], after[:, :7])
    assert (before[:, 7:] - after[:, 7:]).abs().amax(dim=(0, 2)).min() > 1e-4


def test_parameters_are_counted_as_torch_counts_them() -> None:
    assert SMALL.parameters == sum(parameter.numel() for parameter in CausalTransformer(SMALL).parameters())


@pytest.mark.parametrize(("parameters", "vocabulary"), [(1_741_740, 3_500), (7_789_400, 7_000), (30_000_000, 8_192)])
def test_the_shape_has_as_many_parameters_as_asked_for(parameters: int, vocabulary: int) -> None:
    shape = shape_for(parameters, vocabulary, 127)
    assert shape.parameters == pytest.approx(parameters, rel=0.005)
    assert shape.width % shape.heads == 0
    assert 24 <= shape.width / shape.layers <= 100
    assert 3 * shape.width <= shape.feed_forward <= 5 * shape.width


def test_a_shape_that_cannot_be_is_a_sentence() -> None:
    with pytest.raises(SettingsError, match="no Transformer of vocabulary 3500"):
        shape_for(60_000, 3_500, 127)


def test_a_poem_goes_through_in_windows_that_charge_each_token_once() -> None:
    stop = 9
    short = list(windows([3, 4, 5], 8, stop))
    assert [(piece.inputs, piece.targets, piece.charged_from) for piece in short] == [
        ([START, 3, 4, 5], [3, 4, 5, END], 0)
    ]
    poem = [11, 12, 13, 14, 15, stop, 17, 18, 19, 20, 21, 22, 23, 24]
    first, second, third = windows(poem, 8, stop)
    assert (first.inputs, first.targets, first.charged_from) == ([START, *poem[:7]], poem[:8], 0)
    # The second begins after the full stop, with two tokens that were charged before.
    assert (second.inputs, second.targets, second.charged_from) == ([START, *poem[6:13]], poem[6:14], 2)
    # No full stop near enough: half a window before the first token to charge.
    assert (third.inputs, third.targets, third.charged_from) == ([START, *poem[10:14]], [*poem[10:14], END], 4)


def test_a_model_without_opinions_is_charged_log2_v_a_token() -> None:
    model = CausalTransformer(Shape(vocabulary=64, positions=8, width=32, layers=1, feed_forward=64))
    torch.nn.init.zeros_(model.embedding.weight)
    poems = [[5, 6, 7], list(range(10, 40))]
    assert token_bits(model, poems, full_stop=4) == pytest.approx(6 * (4 + 31))


def test_a_poem_of_one_window_is_charged_what_the_model_says() -> None:
    torch.manual_seed(1)
    model = CausalTransformer(SMALL)
    poem = [7, 8, 9, 10]
    with torch.no_grad():
        logs = model.eval()(torch.tensor([[START, *poem]])).log_softmax(dim=2)[0]
    by_hand = -sum(logs[step, token].item() for step, token in enumerate([*poem, END])) / math.log(2)
    # Beside a longer poem it is padded, which changes nothing.
    other = list(range(3, 14))
    assert token_bits(model, [poem, other], 49) - token_bits(model, [other], 49) == pytest.approx(by_hand, rel=1e-5)


def test_a_batch_is_split_where_padding_would_cost_more_than_another_group() -> None:
    lengths = [34] * 30 + [128] * 10 + [66] * 20 + [126] * 4 + [36]
    groups = alike([torch.zeros(length) for length in lengths])
    # Padding four poems by 2 is cheaper than a group more, twenty by 62 or thirty by 30 is not; the one of 36 costs 30
    # beside those of 66, but would lengthen thirty by 2.
    assert [sorted(map(len, group)) for group in groups] == [[126] * 4 + [128] * 10, [36] + [66] * 20, [34] * 30]
    assert [len(group) for group in alike([torch.zeros(5)])] == [1]


def test_a_training_is_as_long_as_asked_for() -> None:
    state = Trained(updates=30, tokens=9, seconds=15.0, loss=1.0)
    assert by_clock(60)(state) == 0.25
    assert by_updates(40)(state) == 0.75


def test_the_schedule_ends_with_the_clock() -> None:
    settings = settings_for("base", ["learning_rate=0.003", "warmup_updates=200", "decay=true"])
    assert scheduled_rate(0, 0.0, settings) == pytest.approx(0.003 / 200)
    # Updates 200 to 1,000 fall along the cosine: in the middle of them half is left.
    assert scheduled_rate(600, 0.6, settings) == pytest.approx(0.003 * 0.505, rel=0.001)
    assert scheduled_rate(1000, 1.0, settings) == pytest.approx(0.00003, rel=0.02)
    rates = [scheduled_rate(update, update / 1_000, settings) for update in range(200, 1_001, 50)]
    assert all(later < earlier for earlier, later in pairwise(rates))


@pytest.mark.parametrize("optimiser", ["adam", "muon"])
@pytest.mark.parametrize("arithmetic", ["float32", "bfloat16"])
def test_it_learns_in_either_arithmetic(corpus: PreparedCorpus, arithmetic: str, optimiser: str) -> None:
    torch.manual_seed(1)
    how = (f"arithmetic={arithmetic}", f"optimiser={optimiser}")
    sizes = ("vocabulary_size=50", "batch_poems=8", "learning_rate=0.003", *how)
    course = plan_course(corpus, settings_for("seed", sizes), 1)
    model = CausalTransformer(Shape(50, 49, 32, 1, 64))
    states: list[Trained] = []
    last = train_transformer(model, endless_batches(course), course.settings, by_updates(10), states.append)
    assert (len(states), states[-1], last.updates) == (10, last, 10)
    losses = [state.loss for state in states]
    assert losses[0] == pytest.approx(math.log(50), rel=0.05)
    assert losses[-1] < losses[0] - 0.2


def test_muon_makes_the_steps_of_its_matrices_orthogonal_and_of_nothing_else() -> None:
    torch.manual_seed(2)
    model = CausalTransformer(SMALL)
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    for parameter in model.parameters():
        parameter.grad = torch.randn(parameter.shape)
    settings = settings_for("base", ["weight_decay=0", "arithmetic=float32"])
    optimiser_for(model, settings).step()
    orthogonal = {
        name
        for name, parameter in model.named_parameters()
        if parameter.dim() == 2
        for third in ((parameter.detach() - before[name]).chunk(3 if "in_proj" in name else 1)[0],)
        if torch.linalg.matrix_norm(third, 2) < 2 * torch.linalg.matrix_norm(third, -2)
    }
    layers = ("self_attn.in_proj_weight", "self_attn.out_proj.weight", "linear1.weight", "linear2.weight")
    assert orthogonal == {f"layers.layers.{number}.{name}" for number in range(SMALL.layers) for name in layers}


def test_a_run_says_size_speed_and_bits(corpus: PreparedCorpus) -> None:
    sizes = ("embedding_size=64", "hidden_size=80", "batch_poems=4", "warmup_updates=2", "decay=true")
    result = run(corpus, settings_for("seed", sizes), by_updates(1))
    assert result["parameters"] == pytest.approx(result["lstm_parameters"], rel=0.01)
    assert result["updates"] == 1
    assert result["poems"] > 0
    assert 0 < result["bits_per_hanzi"] < 20
    json.dumps(result)


def test_bad_input_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--data", str(tmp_path), "--out", str(tmp_path / "out"), "--minutes", "1"]
    assert main(words) == 1
    assert "no prepared corpus" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("option", "value"),
    [*(("--minutes", value) for value in ("nan", "inf", "0", "many")), ("--updates", "0"), ("--updates", "many")],
)
def test_a_training_that_never_ends_or_never_begins_is_wrong_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, value: str
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--data", str(tmp_path), "--out", str(tmp_path / "out"), option, value])
    assert caught.value.code == 2
    assert f"argument {option}" in capsys.readouterr().err
