"""The C kernels against torch's operations, and what happens where there is no compiler."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor

from poetcore.compiling import compiled
from poetcore.nn import kernels
from poetcore.nn.kernels import Kernels, NativeKernels, TorchKernels, kernels_for
from poetcore.nn.lookup import Steps
from poetcore.nn.lstm_own import recurrence

DTYPES = [torch.float32, torch.bfloat16]


@pytest.fixture
def native() -> NativeKernels:
    library = compiled(kernels._SOURCE, kernels._FLAGS)
    if library is None:
        pytest.skip("no C compiler here")
    return NativeKernels(library)


def near(ours: Tensor, theirs: Tensor) -> bool:
    # One unit in the last place of bfloat16, where the two sum in another order.
    tolerance = 1e-2 if ours.dtype == torch.bfloat16 else 1e-5
    return torch.allclose(ours.float(), theirs.float(), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("dtype", DTYPES)
# 17 is no multiple of any vector's width; 300 x 64 is more than one thread's share.
@pytest.mark.parametrize(("rows", "size"), [(1, 1), (3, 17), (300, 64)])
def test_a_step_of_the_cell_forth_and_back(native: NativeKernels, dtype: torch.dtype, rows: int, size: int) -> None:
    torch.manual_seed(1)
    gates, bias = 3 * torch.randn(rows, 4 * size), torch.randn(4 * size)
    before, d_hidden = torch.randn(rows, size), torch.randn(rows, size)

    def step(by: Kernels) -> list[Tensor]:
        activations, cell = gates.to(dtype, copy=True), torch.empty(rows, size)
        hidden, d_cell = torch.empty(rows, size, dtype=dtype), torch.ones(rows, size)
        by.cell_forward(activations, bias, before, cell, hidden)
        kept = activations.clone()
        by.cell_backward(activations, before, cell, d_hidden.to(dtype), d_cell)
        return [kept, cell, hidden, activations, d_cell]

    assert all(near(ours, theirs) for ours, theirs in zip(step(native), step(TorchKernels()), strict=True))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("rows", "width"), [(1, 3), (70, 129)])
def test_softmax_and_loss(native: NativeKernels, dtype: torch.dtype, rows: int, width: int) -> None:
    torch.manual_seed(2)
    logits, bias, targets = 5 * torch.randn(rows, width), torch.randn(width), torch.randint(0, width, (rows,))

    def loss(by: Kernels) -> list[Tensor]:
        derivative, d_bias = logits.to(dtype, copy=True), torch.full((width,), 0.5)
        return [by.softmax_loss(derivative, bias, targets, d_bias), derivative, d_bias]

    assert all(near(ours, theirs) for ours, theirs in zip(loss(native), loss(TorchKernels()), strict=True))


@pytest.mark.parametrize("by", ["native", "torch"])
def test_numbers_that_are_none_are_seen_and_huge_ones_are_borne(by: str, request: pytest.FixtureRequest) -> None:
    chosen: Kernels = TorchKernels() if by == "torch" else request.getfixturevalue("native")
    bias, targets = torch.zeros(3), torch.tensor([0, 0])
    logits = torch.tensor([[1e4, -1e4, 0.0], [float("nan"), 0.0, 0.0]])
    losses = chosen.softmax_loss(logits, bias, targets, torch.zeros(3))
    assert losses[0] == 0
    assert losses[1].isnan()
    gates, cell, hidden = torch.full((1, 4), 1e4), torch.empty(1, 1), torch.empty(1, 1)
    chosen.cell_forward(gates, torch.zeros(4), torch.zeros(1, 1), cell, hidden)
    assert cell.item() == pytest.approx(1.0)
    gates = torch.full((1, 4), float("nan"))
    chosen.cell_forward(gates, torch.zeros(4), torch.zeros(1, 1), cell, hidden)
    assert hidden.isnan().all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_gathering_and_scattering(native: NativeKernels, dtype: torch.dtype) -> None:
    torch.manual_seed(3)
    tables = [torch.randn(length, 130).to(dtype) for length in (7, 2)]
    indices = torch.stack((torch.randint(0, 7, (50,)), torch.randint(0, 2, (50,))), dim=1)

    def both(by: Kernels) -> list[Tensor]:
        out, table = torch.empty(50, 130, dtype=dtype), torch.ones(7, 130)
        by.gather_sum(tables, indices, out)
        by.scatter_sum(out, indices[:, 0], table)
        return [out, table]

    assert all(near(ours, theirs) for ours, theirs in zip(both(native), both(TorchKernels()), strict=True))


def test_the_same_numbers_give_the_same_sums(native: NativeKernels) -> None:
    """An exact resume needs it, whichever thread ends first."""
    torch.manual_seed(4)
    logits, bias, targets = torch.randn(512, 301), torch.randn(301), torch.randint(0, 301, (512,))
    sums = []
    for _ in range(20):
        d_bias = torch.randn(301, generator=torch.Generator().manual_seed(1))
        native.softmax_loss(logits.clone(), bias, targets, d_bias)
        sums.append(d_bias)
    assert all(torch.equal(one, sums[0]) for one in sums)


def test_a_layer_is_the_same_with_either(native: NativeKernels) -> None:
    torch.manual_seed(5)
    steps = Steps.of([5, 5, 3, 1])
    gates, weight, bias = torch.randn(14, 24), torch.randn(24, 6), torch.randn(24)
    d_hidden = torch.randn(14, 6)

    def gradients(by: Kernels) -> list[Tensor]:
        leaves = [tensor.clone().requires_grad_() for tensor in (gates, weight, bias)]
        hidden = recurrence(leaves[0] * 1, leaves[1], leaves[2], steps, by)
        return [hidden, *torch.autograd.grad(hidden, leaves, d_hidden)]

    for ours, theirs in zip(gradients(native), gradients(TorchKernels()), strict=True):
        assert torch.allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def test_without_a_compiler_torch_does_the_work(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    compiled.cache_clear()
    with monkeypatch.context() as patch:
        patch.setenv("PATH", str(tmp_path))
        patch.setenv("CC", "")
        assert kernels_for(torch.zeros(1)).name == "torch"
    compiled.cache_clear()
    with monkeypatch.context() as patch:

        def broken(*_: object, **__: object) -> None:
            raise subprocess.CalledProcessError(1, "cc")

        patch.setattr(subprocess, "run", broken)
        assert kernels_for(torch.zeros(1)).name == "torch"
    compiled.cache_clear()
    assert list(tmp_path.rglob("*.so")) == []


GRANTED_ONE = """
import torch
from poetcore.nn.kernels import NativeKernels, _FLAGS, _SOURCE
from poetcore.compiling import compiled
torch.set_num_threads(2)
logits, bias, targets = torch.randn(64, 5_000), torch.zeros(5_000), torch.zeros(64, dtype=torch.long)
expected = logits.softmax(dim=1).sum(dim=0)
expected[0] -= 64
# What the next buffer of this size finds in its memory.
poison = torch.full((2, 2, 5_000), 1e6)
del poison
d_bias = torch.zeros(5_000)
NativeKernels(compiled(_SOURCE, _FLAGS)).softmax_loss(logits, bias, targets, d_bias)
assert torch.allclose(d_bias, expected, atol=1e-4), (d_bias - expected).abs().max()
"""


def test_fewer_threads_than_were_asked_for_are_enough(native: NativeKernels) -> None:
    subprocess.run([sys.executable, "-c", GRANTED_ONE], check=True, env=os.environ | {"OMP_THREAD_LIMIT": "1"})
