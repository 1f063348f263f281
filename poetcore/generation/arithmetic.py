"""With which arithmetic a poet computes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from poetcore.generation.lstm import Lstm, NumpyLstm, Stack, tangent
from poetcore.generation.native import NativeLstm, PackedProduct, library
from poetcore.generation.products import Array, ExactProduct, Product, QuantisedProduct


@dataclass(frozen=True)
class Arithmetic:
    """What makes of weights what computes with them."""

    product: Callable[[Array], Product]
    lstm: Callable[[Stack], Lstm]


EXACT: Final = Arithmetic(ExactProduct, lambda stack: NumpyLstm(stack, ExactProduct, np.tanh))
"""float32, for measuring a model."""

QUANTISED_IN_NUMPY: Final = Arithmetic(QuantisedProduct, lambda stack: NumpyLstm(stack, QuantisedProduct, tangent))
"""Eight bits, without a C compiler."""


def quantised_arithmetic() -> Arithmetic:
    """Eight bits, the fastest way that this machine has."""
    compiled = library()
    if compiled is None:
        return QUANTISED_IN_NUMPY
    return Arithmetic(lambda weight: PackedProduct(compiled, weight), lambda stack: NativeLstm(compiled, stack))
