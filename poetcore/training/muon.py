"""Muon (Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks"), for the weights of the gates.

Adam's step treats a matrix as so many numbers. Muon takes the momentum of the gradient and makes it orthogonal: a step
is as long in each direction in which the matrix can change, and not only in the few that dominate the gradient.
`torch.optim.Muon` computes in bfloat16 whatever the machine, which takes a hundred times as long without instructions
for it, and knows nothing of gates.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import Any, Final

import torch
from torch import Tensor

_MOMENTUM: Final = 0.95
# The quintic whose slope at zero is steepest, and how often it is applied: singular values end between 0.7 and 1.2.
_QUINTIC: Final = (3.4445, -4.7750, 2.0315)
_STEPS: Final = 5
# With it a step is as long as AdamW's usual one, so both take one learning rate (Liu et al. 2025, arXiv 2502.16982).
_LENGTH: Final = 0.2


class Muon(torch.optim.Optimizer):
    """Nesterov's momentum made orthogonal, each gate for itself, with decoupled weight decay."""

    def __init__(
        self,
        weights: Iterable[Tensor] | Iterable[dict[str, Any]],
        lr: float,
        weight_decay: float = 0.0,
        arithmetic: torch.dtype = torch.float32,
        stacked: int = 4,
    ) -> None:
        """`weights`: [4H, any], four gates one below the other, or groups with a number of `stacked` matrices each.

        `arithmetic`: of the products.
        """
        super().__init__(weights, {"lr": lr, "weight_decay": weight_decay, "stacked": stacked})
        self._arithmetic = arithmetic

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Move every weight that has a gradient."""
        loss = closure() if closure is not None else None
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    self._move(weight, weight.grad, group)
        return loss

    def _move(self, weight: Tensor, gradient: Tensor, group: dict[str, Any]) -> None:
        state = self.state[weight]
        if not state:
            state["momentum"] = torch.zeros_like(weight)
        momentum = state["momentum"].lerp_(gradient, 1 - _MOMENTUM)
        matrices = gradient.lerp(momentum, _MOMENTUM).view(group["stacked"], -1, weight.shape[1])
        step = orthogonal(matrices, self._arithmetic).reshape(weight.shape).to(weight.dtype)
        weight.mul_(1 - group["lr"] * group["weight_decay"])
        weight.add_(step, alpha=-group["lr"] * _LENGTH * math.sqrt(max(matrices.shape[1:])))


def orthogonal(matrices: Tensor, arithmetic: torch.dtype = torch.float32) -> Tensor:
    """For each of `matrices` [n, rows, columns] about the nearest with orthogonal rows or columns, in `arithmetic`.

    Newton and Schulz's iteration: of U S Vᵀ it leaves U S' Vᵀ with S' near 1.
    """
    tall = matrices.shape[1] > matrices.shape[2]
    result = (matrices.mT if tall else matrices).to(arithmetic)
    # The largest singular value is at most the norm.
    result = result / result.norm(dim=(1, 2), keepdim=True).clamp(min=1e-7)
    first, third, fifth = _QUINTIC
    for _ in range(_STEPS):
        square = torch.bmm(result, result.mT)
        square = torch.baddbmm(square, square, square, beta=third, alpha=fifth)
        result = torch.baddbmm(result, square, result, beta=first)
    return result.mT if tall else result


class Together(torch.optim.Optimizer):
    """Optimisers that have parameters of their own each, as one."""

    def __init__(self, optimisers: Sequence[torch.optim.Optimizer]) -> None:
        """From here on they step through this one alone."""
        super().__init__(chain.from_iterable(one.param_groups for one in optimisers), {})
        self._optimisers = optimisers
        self._share()

    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """A step of each."""
        loss = closure() if closure is not None else None
        for optimiser in self._optimisers:
            optimiser.step()
        return loss

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """As `Optimizer`'s."""
        super().load_state_dict(state_dict)
        self._share()

    def _share(self) -> None:
        """Groups and state are one and the same, here and there."""
        groups = iter(self.param_groups)
        for optimiser in self._optimisers:
            optimiser.param_groups = [next(groups) for _ in optimiser.param_groups]
            optimiser.state = self.state
