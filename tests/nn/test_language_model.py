"""The language model and its chunked loss against the plain way."""

import math

import pytest
import torch

from poetcore.nn import loss as loss_module
from poetcore.nn.language_model import Architecture, LanguageModel
from poetcore.nn.loss import linear_cross_entropy


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


def test_the_loss_survives_huge_logits() -> None:
    hidden = torch.tensor([[1e4]])
    loss = linear_cross_entropy(hidden, torch.tensor([[1.0], [-1.0]]), torch.zeros(2), torch.tensor([0]))
    assert loss.item() == 0.0


@pytest.mark.parametrize("lstm", ["own", "torch"])
@pytest.mark.parametrize("tied", [True, False])
def test_padding_is_not_predicted_and_changes_nothing(lstm: str, tied: bool) -> None:
    torch.manual_seed(2)
    model = LanguageModel(Architecture(9, 6, 6, 2, tied), lstm).double()
    short, long = torch.tensor([0, 3, 4, 1]), torch.tensor([0, 5, 6, 7, 8, 1])
    together = torch.zeros(6, 2, dtype=torch.int64)
    together[:, 0] = long
    together[:4, 1] = short
    loss, tokens = model.loss(together, torch.tensor([6, 4]))
    alone = [model.loss(s[:, None], torch.tensor([len(s)])) for s in (short, long)]
    assert tokens == 5 + 3
    assert math.isclose(loss.item(), sum(part.item() for part, _ in alone), rel_tol=1e-12)
    # Input drops the last token, target the first.
    logits = model(long[:-1, None])[:, 0]
    assert math.isclose(
        alone[1][0].item(), torch.nn.functional.cross_entropy(logits, long[1:], reduction="sum").item(), rel_tol=1e-12
    )


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
