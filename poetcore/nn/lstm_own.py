"""The LSTM layer of our own: packed rows, products in the arithmetic of choice, a backward pass written by hand.

The equations are those of `lstm_numpy`. What is done for speed:

- one product for the inputs of all steps, and one each for the gradients of both weights: only the recurrent product
  has to wait for its step;
- only the rows still alive are stepped, so that nothing is padded;
- everything pointwise of a step is one pass over memory that the product has just written (`kernels`);
- activations are kept where the pre-activations were, and the gradients overwrite them: one buffer of N x 4H.
"""

from collections.abc import Callable
from typing import Any, Final

import torch
from torch import Tensor, nn

from poetcore.nn.kernels import Kernels, kernels_for, state_dtype
from poetcore.nn.lookup import Lookup, Steps

_NAMES: Final = ("weight_ih", "weight_hh", "bias_ih")


class OwnLSTM(nn.Module):
    """Stacked layers; layer l has `weight_ih_l{l}` [4H, D or H], `weight_hh_l{l}` [4H, H] and `bias_ih_l{l}` [4H]."""

    def __init__(self, input_size: int, hidden_size: int, layers: int = 1, weight_drop: float = 0.0) -> None:
        """Gate order i, f, g, o, as in torch; weights are uninitialised.

        `weight_drop`: the share of `weight_hh` that a batch in training does without (Merity, Keskar & Socher 2018).
        """
        super().__init__()
        self.hidden_size, self.layers, self.weight_drop = hidden_size, layers, weight_drop
        for layer in range(layers):
            width = input_size if layer == 0 else hidden_size
            self.register_parameter(f"weight_ih_l{layer}", nn.Parameter(torch.empty(4 * hidden_size, width)))
            self.register_parameter(f"weight_hh_l{layer}", nn.Parameter(torch.empty(4 * hidden_size, hidden_size)))
            self.register_parameter(f"bias_ih_l{layer}", nn.Parameter(torch.empty(4 * hidden_size)))

    def forward(self, inputs: Lookup, steps: Steps, between: Callable[[Tensor], Tensor]) -> Tensor:
        """As `LSTMStack.__call__`."""
        dtype = inputs.tables[0].dtype
        hidden = inputs.indices.new_empty(0)
        for layer in range(self.layers):
            weight_ih, weight_hh, bias = (self.layer_parameter(name, layer) for name in _NAMES)
            weight_ih, weight_hh = weight_ih.to(dtype), self._dropped(weight_hh.to(dtype))
            gates = between(hidden) @ weight_ih.t() if layer else _first_gates(inputs, weight_ih)
            hidden = recurrence(gates, weight_hh, bias, steps)
        return hidden

    def _dropped(self, weight_hh: Tensor) -> Tensor:
        return nn.functional.dropout(weight_hh, self.weight_drop, self.training) if self.weight_drop else weight_hh

    def layer_parameter(self, name: str, layer: int) -> Tensor:
        """The parameter `name` (weight_ih, weight_hh, bias_ih) of a layer."""
        return self.get_parameter(f"{name}_l{layer}")


def _first_gates(inputs: Lookup, weight_ih: Tensor) -> Tensor:
    parts = torch.split(weight_ih, inputs.widths, dim=1)
    products = [table @ part.t() for table, part in zip(inputs.tables, parts, strict=True)]
    return gather_sum(products, inputs.indices)


def recurrence(gates: Tensor, weight_hh: Tensor, bias: Tensor, steps: Steps, kernels: Kernels | None = None) -> Tensor:
    """Hidden states [N, H] of one layer, from the inputs' part of its pre-activations.

    `gates` [N, 4H] (overwritten) and `weight_hh` [4H, H] of one dtype, bfloat16 or float32; `bias` [4H] float32. The
    initial state is zero, the cell's state float32. Backward goes once: it overwrites what forward kept.
    """
    kernels = kernels or kernels_for(gates)
    hidden: Tensor = _Recurrence.apply(gates, weight_hh, bias, steps, kernels)  # type: ignore[no-untyped-call]
    return hidden


class _Recurrence(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, gates: Tensor, weight_hh: Tensor, bias: Tensor, steps: Steps, kernels: Kernels) -> Tensor:
        first, size = steps.sizes[0], weight_hh.shape[1]
        # Rows of zeros in front: the state before step 0.
        cell = gates.new_zeros(first + len(gates), size, dtype=state_dtype(gates))
        hidden = gates.new_empty(len(gates), size)
        transposed = weight_hh.t()
        before = slice(0, 0)
        for rows in steps.slices():
            alive = rows.stop - rows.start
            if before.stop:
                gates[rows].addmm_(hidden[before.start : before.start + alive], transposed)
            cell_before = first + before.start if before.stop else 0
            kernels.cell_forward(
                gates[rows],
                bias,
                cell[cell_before : cell_before + alive],
                cell[first + rows.start : first + rows.stop],
                hidden[rows],
            )
            before = rows
        ctx.save_for_backward(gates, cell, hidden, weight_hh)
        ctx.steps, ctx.kernels = steps, kernels
        return hidden

    @staticmethod
    def backward(ctx: Any, *d_hiddens: Tensor) -> tuple[Tensor, Tensor, Tensor, None, None]:
        gates, cell, hidden, weight_hh = ctx.saved_tensors
        steps: Steps = ctx.steps
        first = steps.sizes[0]
        d_hidden = d_hiddens[0].clone()
        d_cell = cell.new_zeros(first, cell.shape[1])
        slices = list(steps.slices())
        for step in reversed(range(len(slices))):
            rows = slices[step]
            alive = rows.stop - rows.start
            if step + 1 < len(slices):
                later = slices[step + 1]
                d_hidden[rows.start : rows.start + later.stop - later.start].addmm_(gates[later], weight_hh)
            cell_before = first + slices[step - 1].start if step else 0
            ctx.kernels.cell_backward(
                gates[rows],
                cell[cell_before : cell_before + alive],
                cell[first + rows.start : first + rows.stop],
                d_hidden[rows],
                d_cell[:alive],
            )
        d_weight_hh = gates[first:].t() @ steps.before(hidden)
        # A product with ones: torch's sum over rows of bfloat16 is 18 times slower.
        d_bias = (gates.new_ones(1, len(gates)) @ gates)[0].to(state_dtype(gates))
        return gates, d_weight_hh, d_bias, None, None


def gather_sum(tables: list[Tensor], indices: Tensor) -> Tensor:
    """Σ_k tables[k][indices[:, k]], [N, D]; `tables` [·, D] of one dtype, `indices` int64 [N, K]."""
    total: Tensor = _GatherSum.apply(indices, kernels_for(tables[0]), *tables)  # type: ignore[no-untyped-call]
    return total


class _GatherSum(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, indices: Tensor, kernels: Kernels, *tables: Tensor) -> Tensor:
        out = tables[0].new_empty(len(indices), tables[0].shape[1])
        kernels.gather_sum(tables, indices, out)
        ctx.save_for_backward(indices)
        ctx.kernels, ctx.lengths = kernels, [len(table) for table in tables]
        return out

    @staticmethod
    def backward(ctx: Any, *d_outs: Tensor) -> tuple[Tensor | None, ...]:
        (indices,) = ctx.saved_tensors
        d_out = d_outs[0].contiguous()
        d_tables = []
        for k, length in enumerate(ctx.lengths):
            d_table = d_out.new_zeros(length, d_out.shape[1], dtype=state_dtype(d_out))
            ctx.kernels.scatter_sum(d_out, indices[:, k], d_table)
            d_tables.append(d_table.to(d_out.dtype))
        return None, None, *d_tables
