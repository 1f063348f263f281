"""How the rows of a batch lie, packed and padded."""

import torch

from poetcore.nn.lookup import Steps

# Three sequences, 10 to 12, 20 to 21 and 30: all of step 0, then all of step 1.
STEPS = Steps.of([3, 2, 1])
PACKED = torch.tensor([[10], [20], [30], [11], [21], [12]])


def test_a_padded_sequence_is_a_column_with_zeros_behind_its_end() -> None:
    assert STEPS.padded(PACKED).tolist() == [[[10], [20], [30]], [[11], [21], [0]], [[12], [0], [0]]]


def test_packing_leaves_out_what_lies_behind_the_ends() -> None:
    # An LSTM that ran on over the padding has hidden states there.
    padded = torch.tensor([[[10], [20], [30]], [[11], [21], [99]], [[12], [99], [99]]])
    assert STEPS.packed(padded).tolist() == PACKED.tolist()
