"""Muon: what it makes orthogonal, which parameters it moves, and that it goes on where it stopped."""

import pytest
import torch

from poetcore.nn.language_model import Architecture, LanguageModel
from poetcore.training.muon import Muon, orthogonal
from poetcore.training.optimisers import build_optimiser
from poetcore.training.presets import settings_for

SIZES = Architecture(20, 8, 12, 2, tied=False, context_size=4)
RATE = 0.01


@pytest.mark.parametrize("shape", [(4, 12, 30), (4, 30, 12), (1, 16, 16)])
@pytest.mark.parametrize("arithmetic", [torch.float32, torch.bfloat16])
def test_each_matrix_becomes_about_orthogonal_with_the_same_axes(
    shape: tuple[int, ...], arithmetic: torch.dtype
) -> None:
    matrices = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    result = orthogonal(matrices, arithmetic).float()
    left, values, right = torch.linalg.svd(matrices, full_matrices=False)
    on_the_axes = left.mT @ result @ right.mT
    diagonal = on_the_axes.diagonal(dim1=1, dim2=2)
    # A direction with a hundredth of the largest singular value is still on its way.
    large = values > values[:, :1] / 20
    assert diagonal[large].min() > 0.6
    assert diagonal.max() < 1.3
    assert (on_the_axes - diagonal.diag_embed()).abs().max() < (1e-3 if arithmetic == torch.float32 else 0.05)


def test_a_gradient_of_zeros_moves_nothing() -> None:
    weight = torch.nn.Parameter(torch.ones(8, 3))
    weight.grad = torch.zeros(8, 3)
    Muon([weight], RATE).step()
    assert torch.equal(weight, torch.ones(8, 3))


def test_a_step_of_one_gate_does_not_depend_on_the_others() -> None:
    gradients = torch.randn(8, 6, generator=torch.Generator().manual_seed(2))
    moved = []
    for scale in (1.0, 1e3):
        weight = torch.nn.Parameter(torch.zeros(8, 6))
        weight.grad = gradients.clone()
        weight.grad[2:] *= scale
        Muon([weight], RATE).step()
        moved.append(weight.detach()[:2])
    assert torch.allclose(moved[0], moved[1], atol=1e-6)


def _stepped(optimiser: torch.optim.Optimizer, model: LanguageModel, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    for parameter in model.parameters():
        parameter.grad = torch.randn(parameter.shape, generator=generator)
    optimiser.step()


def test_gates_are_muons_and_all_else_is_adamws() -> None:
    moves = {}
    for name in ("muon", "adamw"):
        torch.manual_seed(3)
        model = LanguageModel(SIZES)
        before = {key: parameter.detach().clone() for key, parameter in model.named_parameters()}
        chosen = settings_for("base", [f"learning_rate={RATE}", "weight_decay=0", f"optimiser={name}"])
        _stepped(build_optimiser(model.parameters(), chosen, model.gate_weights), model, 4)
        moves[name] = {key: parameter.detach() - before[key] for key, parameter in model.named_parameters()}
    for key, move in moves["muon"].items():
        of_a_gate = key.startswith("lstm.weight")
        assert torch.equal(move, moves["adamw"][key]) != of_a_gate, key
        if of_a_gate:
            # About as long as a usual step of AdamW's, a fifth of the rate.
            assert 0.1 * RATE < move.square().mean().sqrt() < 0.3 * RATE


def test_it_goes_on_where_it_stopped_and_obeys_the_rate() -> None:
    settings = settings_for("base", [f"learning_rate={RATE}", "optimiser=muon"])
    torch.manual_seed(5)
    whole, broken = LanguageModel(SIZES), LanguageModel(SIZES)
    broken.load_state_dict(whole.state_dict())
    unbroken = build_optimiser(whole.parameters(), settings, whole.gate_weights)
    first = build_optimiser(broken.parameters(), settings, broken.gate_weights)
    for optimiser, model in ((unbroken, whole), (first, broken)):
        _stepped(optimiser, model, 6)
    resumed = build_optimiser(broken.parameters(), settings, broken.gate_weights)
    resumed.load_state_dict(first.state_dict())
    for optimiser, model in ((unbroken, whole), (resumed, broken)):
        for group in optimiser.param_groups:
            group["lr"] = RATE / 2
        _stepped(optimiser, model, 7)
    for name, parameter in whole.named_parameters():
        assert torch.equal(parameter, broken.get_parameter(name)), name
    for group in resumed.param_groups:
        group["lr"] = 0.0
    before = {name: parameter.detach().clone() for name, parameter in broken.named_parameters()}
    _stepped(resumed, broken, 8)
    assert all(torch.equal(parameter, before[name]) for name, parameter in broken.named_parameters())
