"""Matrix products of the sizes that training has: the ceiling that a training loop is measured against."""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import torch

from benchmarks.costs import Sizes
from benchmarks.timing import Work

_MOST_REPEATS: Final = 2_000
# What a card's peak is measured with; the products of a step are too small to fill one.
_LARGE: Final = (8_192, 8_192, 8_192)
_CHUNK_ROWS: Final = 512
_INPUT_ROWS: Final = 4_096


@dataclass(frozen=True)
class Product:
    """[m, k] times [k, n]."""

    m: int
    k: int
    n: int

    @property
    def flop(self) -> int:
        """Two a multiply-add."""
        return 2 * self.m * self.k * self.n

    def __str__(self) -> str:
        """As it is written: m x k x n."""
        return f"{self.m}x{self.k}x{self.n}"


def training_products(sizes: Sizes, batch_poems: int, device: torch.device) -> tuple[Product, ...]:
    """The products of an update: a recurrent step and its backward, inputs of many steps, the output in chunks."""
    gates, hidden, vocabulary = 4 * sizes.hidden, sizes.hidden, sizes.vocabulary
    products = (
        Product(batch_poems, hidden, gates),
        Product(batch_poems, gates, hidden),
        Product(_INPUT_ROWS, sizes.embedding, gates),
        Product(gates, _INPUT_ROWS, hidden),
        Product(_CHUNK_ROWS, hidden, vocabulary),
        Product(_CHUNK_ROWS, vocabulary, hidden),
        Product(vocabulary, _CHUNK_ROWS, hidden),
    )
    return (*products, Product(*_LARGE)) if device.type == "cuda" else products


def product_arms(
    products: Sequence[Product], dtype: torch.dtype, flop: float, device: torch.device
) -> Iterator[tuple[str, Work]]:
    """An arm of `interleaved_rates` for each product, repeated to about `flop`; its work is FLOP."""
    for product in products:
        yield arm_name(product, dtype), _arm(product, dtype, flop, device)


def arm_name(product: Product, dtype: torch.dtype) -> str:
    """The name of a product's arm."""
    return f"{str(dtype).removeprefix('torch.')} {product}"


def ceiling_by_round(
    rates: Mapping[str, Sequence[float]], products: Sequence[Product], dtype: torch.dtype, device: torch.device
) -> list[float]:
    """FLOP/s that products reach, round by round: the median of the sizes on a CPU, the best of them on a GPU."""
    by_size = [rates[arm_name(product, dtype)] for product in products]
    middle = max if device.type == "cuda" else statistics.median
    return [middle(rates_of_round) for rates_of_round in zip(*by_size, strict=True)]


def _arm(product: Product, dtype: torch.dtype, flop: float, device: torch.device) -> Work:
    left = torch.randn(product.m, product.k, device=device).to(dtype)
    # As nn.Linear keeps a weight: [out, in], read transposed.
    right = torch.randn(product.n, product.k, device=device).to(dtype).t()
    result = torch.empty(product.m, product.n, dtype=dtype, device=device)
    repeats = min(_MOST_REPEATS, max(1, round(flop / product.flop)))

    def work() -> float:
        for _ in range(repeats):
            torch.mm(left, right, out=result)
        return float(repeats * product.flop)

    return work
