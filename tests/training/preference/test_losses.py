"""The two losses: against numbers worked out by hand, and their gradients against autograd and the paper."""

import math

import pytest
import torch

from poetcore.training.preference.losses import kto_loss, weighted_loss


def test_kto_of_three_poems_worked_out_by_hand() -> None:
    log_ratios = torch.tensor([0.3, 0.1, -0.1])
    loss = kto_loss(log_ratios, torch.tensor([True, False, True]), torch.tensor([1.0, 2.0, 0.5]), beta=10.0)
    # z = 0.1; gains 0.2, 0, -0.2; values σ(2) = 0.880797, σ(0) = 0.5, σ(-2) = 0.119203;
    # (1 · 0.119203 + 2 · 0.5 + 0.5 · 0.880797) / 3
    assert loss.item() == pytest.approx(0.519867, abs=1e-6)


def test_at_the_reference_every_poem_costs_half_its_weight() -> None:
    loss = kto_loss(torch.zeros(2), torch.tensor([True, False]), torch.tensor([1.0, 3.0]), beta=5.0)
    assert loss.item() == pytest.approx(1.0)


def test_the_point_of_reference_is_never_below_zero() -> None:
    loss = kto_loss(torch.tensor([-0.2, -0.4]), torch.tensor([True, False]), torch.ones(2), beta=10.0)
    # z = 0, though the mean is -0.3: values σ(-2) and σ(4).
    assert loss.item() == pytest.approx((1 - 0.119203 + 1 - 0.982014) / 2, abs=1e-6)


def test_the_gradient_of_kto_is_the_paper_s() -> None:
    log_ratios = torch.tensor([0.3, 0.1, -0.1], dtype=torch.float64, requires_grad=True)
    weights = torch.tensor([1.0, 2.0, 0.5], dtype=torch.float64)
    kto_loss(log_ratios, torch.tensor([True, False, True]), weights, beta=10.0).backward()  # type: ignore[no-untyped-call]
    # ∓ w β σ(x) (1 − σ(x)) / 3 at x = 2, 0, -2; z carries none. σ(2) σ(−2) = 0.104994.
    expected = [-10 * 0.1049936 / 3, 2 * 10 * 0.25 / 3, -0.5 * 10 * 0.1049936 / 3]
    assert log_ratios.grad is not None
    assert log_ratios.grad.tolist() == pytest.approx(expected, abs=1e-6)


def test_the_gradient_of_kto_is_that_of_differences() -> None:
    liked, weights = torch.tensor([True, False, False]), torch.tensor([1.0, 1.5, 0.5], dtype=torch.float64)
    # Below zero on average: the point of reference stands still.
    point = torch.tensor([0.1, -0.3, -0.2], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: kto_loss(x, liked, weights, 4.0), (point,))


def test_weighted_likelihood_worked_out_by_hand() -> None:
    log_likelihoods = torch.tensor([-4.0, -6.0])
    loss = weighted_loss(log_likelihoods, torch.tensor([True, False]), torch.ones(2), temperature=1.0)
    # exp(1) and exp(-1) scaled to 2 together: 1.761594 and 0.238406.
    assert loss.item() == pytest.approx((1.761594 * 4 + 0.238406 * 6) / 2, abs=1e-5)


def test_cold_weighting_leaves_out_what_was_disliked() -> None:
    loss = weighted_loss(torch.tensor([-4.0, -6.0]), torch.tensor([True, False]), torch.ones(2), temperature=0.01)
    assert loss.item() == pytest.approx(4.0)
    assert math.isfinite(loss.item())
