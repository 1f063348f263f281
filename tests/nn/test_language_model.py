"""The language model and its chunked loss against the plain way."""

import math
from collections.abc import Sequence

import pytest
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from poetcore.nn import language_model as model_module
from poetcore.nn import loss as loss_module
from poetcore.nn.context import ERA_IDS, FORM_IDS, PLACES
from poetcore.nn.language_model import Architecture, Batch, Conditions, Dropout, LanguageModel
from poetcore.nn.lookup import Steps
from poetcore.nn.loss import Sampling, linear_cross_entropy


@pytest.mark.parametrize("rows", [1, 7, 8, 20])
def test_chunked_loss_and_gradients_equal_torch(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loss_module, "CHUNK_ROWS", 8)
    torch.manual_seed(1)
    hidden, weight, bias = (
        torch.randn(shape, dtype=torch.float64, requires_grad=True) for shape in ((rows, 5), (11, 5), (11,))
    )
    targets = torch.randint(0, 11, (rows,))
    plain = torch.nn.functional.cross_entropy(hidden @ weight.t() + bias, targets, reduction="sum")
    expected = torch.autograd.grad(2.5 * plain, (hidden, weight, bias))
    chunked = linear_cross_entropy(hidden, weight, bias, targets)
    found = torch.autograd.grad(2.5 * chunked, (hidden, weight, bias))
    assert math.isclose(plain.item(), chunked.item(), rel_tol=1e-12)
    for ours, theirs in zip(found, expected, strict=True):
        assert torch.allclose(ours, theirs, rtol=1e-10, atol=1e-12)


def test_a_loss_that_nothing_learns_from_costs_no_gradient() -> None:
    rows, size, vocabulary = 700, 16, 50
    output, targets = torch.nn.Linear(size, vocabulary), torch.zeros(rows, dtype=torch.int64)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        linear_cross_entropy(torch.randn(rows, size), output.weight, output.bias, targets)
    assert counter.get_total_flops() == 2 * rows * size * vocabulary


def test_the_loss_survives_huge_logits() -> None:
    hidden = torch.tensor([[1e4]])
    loss = linear_cross_entropy(hidden, torch.tensor([[1.0], [-1.0]]), torch.zeros(2), torch.tensor([0]))
    assert loss.item() == 0.0


@pytest.mark.parametrize("lstm", ["own", "torch"])
@pytest.mark.parametrize("tied", [True, False])
def test_padding_is_not_predicted_and_changes_nothing(lstm: str, tied: bool) -> None:
    torch.manual_seed(2)
    model = LanguageModel(Architecture(9, 6, 6, 2, tied), lstm).double().eval()
    short, long = torch.tensor([0, 3, 4, 1]), torch.tensor([0, 5, 6, 7, 8, 1])
    # Step by step, the longer one first: its two last steps are alone.
    packed = Batch(
        Steps.of([2, 2, 2, 1, 1]), torch.tensor([0, 0, 5, 3, 6, 4, 7, 8]), torch.tensor([5, 3, 6, 4, 7, 1, 8, 1])
    )
    alone = [model(Batch(Steps.of([1] * (len(s) - 1)), s[:-1], s[1:])).item() for s in (short, long)]
    assert math.isclose(model(packed).item(), sum(alone), rel_tol=1e-12)
    # Input drops the last token, target the first.
    logits = model.logits(long[:-1, None])[:, 0]
    plain = torch.nn.functional.cross_entropy(logits, long[1:], reduction="sum").item()
    assert math.isclose(alone[1], plain, rel_tol=1e-12)


def test_a_tied_model_has_one_matrix_for_both_ends() -> None:
    tied = LanguageModel(Architecture(9, 6, 6, 1, True))
    assert tied.output.weight is tied.embedding.weight
    assert "output.weight" not in tied.package_tensors()
    assert set(LanguageModel(Architecture(9, 4, 6, 1, False)).package_tensors()) == {
        "embedding",
        "lstm.0.weight_ih",
        "lstm.0.weight_hh",
        "lstm.0.bias",
        "output.weight",
        "output.bias",
    }


def test_the_loss_in_parts_is_right_on_average() -> None:
    torch.manual_seed(3)
    hidden, weight, bias = torch.randn(40, 8), 0.3 * torch.randn(300, 8), torch.randn(300)
    targets = torch.randint(0, 300, (40,))
    exact = linear_cross_entropy(hidden, weight, bias, targets).item()
    sampling = Sampling(frequent=50, sampled=100, rows=16)
    drawn = [linear_cross_entropy(hidden, weight, bias, targets, sampling).item() for _ in range(200)]
    # The sum under the logarithm is unbiased, so the loss is at most a little too small.
    assert 0.99 * exact < sum(drawn) / len(drawn) <= 1.003 * exact
    assert max(drawn) != min(drawn)
    whole = Sampling(frequent=50, sampled=1_000, rows=16)
    assert math.isclose(linear_cross_entropy(hidden, weight, bias, targets, whole).item(), exact, rel_tol=1e-5)


def test_the_gradient_in_parts_points_where_the_whole_one_does() -> None:
    torch.manual_seed(4)
    hidden, weight = torch.randn(64, 8, requires_grad=True), torch.randn(300, 8, requires_grad=True)
    bias, targets = torch.zeros(300, requires_grad=True), torch.randint(0, 300, (64,))
    inputs = (hidden, weight, bias)
    exact = torch.autograd.grad(linear_cross_entropy(*inputs, targets), inputs)
    sampling = Sampling(frequent=50, sampled=100, rows=32)
    drawn = [torch.autograd.grad(linear_cross_entropy(*inputs, targets, sampling), inputs) for _ in range(100)]
    for part, whole in enumerate(exact):
        mean = torch.stack([gradients[part] for gradients in drawn]).mean(dim=0)
        assert torch.cosine_similarity(mean.flatten(), whole.flatten(), dim=0) > 0.98


@pytest.mark.parametrize("lstm", ["own", "torch"])
def test_a_told_model_hears_each_thing_that_it_is_told(lstm: str) -> None:
    torch.manual_seed(5)
    model = LanguageModel(Architecture(9, 6, 6, 2, True, context_size=3, condition_size=4), lstm).eval()
    tokens, zeros = torch.tensor([0, 4, 5, 6]), torch.zeros(1, dtype=torch.int64)

    def loss(places: list[int], above: int = 0, second: int = 0, **told: int) -> float:
        contexts = torch.tensor([[place, above, second] for place in places])
        titles = torch.tensor([told["title"]]) if "title" in told else zeros[:0]
        conditions = Conditions(titles, zeros, zeros + told.get("form", 0), zeros + told.get("era", 0))
        batch = Batch(Steps.of([1, 1, 1]), tokens[:-1], tokens[1:], contexts, conditions)
        return float(model(batch).detach())

    told = [
        loss([0, 1, 2]),
        loss([0, 1, 3]),
        loss([0, 1, 2], above=7),
        loss([0, 1, 2], second=7),
        loss([0, 1, 2], title=7),
        loss([0, 1, 2], form=1),
        loss([0, 1, 2], era=1),
    ]
    assert len(set(told)) == len(told)


def told_batch(vocabulary: int, sizes: Sequence[int]) -> Batch:
    """Random poems, a title of two tokens each, of which everything is told."""
    steps, poems = Steps.of(sizes), sizes[0]
    inputs, targets, above, second = torch.randint(vocabulary, (4, len(steps.sequences))).unbind()
    contexts = torch.stack((torch.randint(PLACES, inputs.shape), above, second), dim=1)
    titles, begins = torch.randint(vocabulary, (2 * poems,)), torch.arange(0, 2 * poems, 2)
    conditions = Conditions(titles, begins, torch.randint(FORM_IDS, (poems,)), torch.randint(ERA_IDS, (poems,)))
    return Batch(steps, inputs, targets, contexts, conditions)


@pytest.mark.parametrize("lstm", ["own", "torch"])
def test_whole_tables_as_on_a_gpu_give_the_loss_and_gradients_of_the_rows_that_occur(
    lstm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(9)
    model = LanguageModel(Architecture(20, 6, 6, 2, False, context_size=3, condition_size=4), lstm).double().eval()
    batch, rows_of = told_batch(20, [4, 3, 3, 1]), model_module._rows_of

    def on_a_gpu(weight: Tensor, indices: Sequence[Tensor]) -> tuple[Tensor, list[Tensor]]:
        # A meta tensor is no CPU's, which chooses the way, and has no numbers, which come from the weight itself.
        elsewhere = weight.to("meta")
        table, places = rows_of(elsewhere, indices)
        assert table is elsewhere
        return weight, places

    learning = [parameter for parameter in model.parameters() if parameter.requires_grad]
    outcomes = []
    for way in (rows_of, on_a_gpu):
        monkeypatch.setattr(model_module, "_rows_of", way)
        loss = model(batch)
        outcomes.append([loss, *torch.autograd.grad(loss, learning)])
    for rows, whole in zip(*outcomes, strict=True):
        assert torch.allclose(whole, rows, rtol=1e-10, atol=1e-12)


def test_dropout_is_the_same_at_every_step_of_a_sequence_and_off_in_evaluation() -> None:
    torch.manual_seed(6)
    dropout = Dropout(0.5)
    steps = Steps.of([3, 3, 2])
    rows = dropout(torch.ones(8, 50), steps)
    assert set(rows.unique().tolist()) == {0.0, 2.0}
    assert torch.equal(rows[0], rows[3])
    assert torch.equal(rows[0], rows[6])
    assert not torch.equal(rows[0], rows[1])
    assert torch.equal(dropout.eval()(torch.ones(8, 50), steps), torch.ones(8, 50))


@pytest.mark.parametrize("how", ["xavier", "random", "zero"])
def test_initialisations(how: str) -> None:
    torch.manual_seed(7)
    model = LanguageModel(Architecture(50, 20, 30, 1, False), initialisation=how)
    spread = model.lstm.layer_parameter("weight_hh", 0).std().item()
    expected = {"xavier": (2 / (30 + 30)) ** 0.5, "random": 1.0, "zero": 0.0}[how]
    assert math.isclose(spread, expected, rel_tol=0.05, abs_tol=1e-9)


def test_training_in_bfloat16_is_near_the_exact_loss_and_evaluation_is_exact() -> None:
    torch.manual_seed(8)
    rough = LanguageModel(Architecture(40, 16, 16, 2, True), arithmetic=torch.bfloat16)
    exact = LanguageModel(Architecture(40, 16, 16, 2, True))
    exact.load_state_dict(rough.state_dict())
    tokens = torch.randint(0, 40, (41,))
    batch = Batch(Steps.of([4] * 10), tokens[:-1], tokens[1:])
    assert 0 < abs(rough(batch).item() - exact(batch).item()) < 0.02 * exact(batch).item()
    assert rough.eval()(batch).item() == exact.eval()(batch).item()


@pytest.mark.parametrize("chunk_rows", [16, 512])
def test_training_in_bfloat16_has_the_gradient_of_every_parameter_as_in_float32(
    chunk_rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loss_module, "CHUNK_ROWS", chunk_rows)
    torch.manual_seed(10)
    sizes = Architecture(40, 16, 16, 2, False, context_size=8, condition_size=8)
    rough, exact = LanguageModel(sizes, arithmetic=torch.bfloat16), LanguageModel(sizes)
    exact.load_state_dict(rough.state_dict())
    batch = told_batch(40, [8] * 6 + [5] * 4 + [1] * 3)
    for model in (rough, exact):
        torch.autograd.backward(model(batch))
    for name, parameter in exact.named_parameters():
        found, expected = rough.get_parameter(name).grad, parameter.grad
        assert found is not None, name
        assert expected is not None, name
        assert torch.cosine_similarity(found.flatten(), expected.flatten(), dim=0) > 0.99, name
        assert math.isclose(found.norm().item(), expected.norm().item(), rel_tol=0.03), name
