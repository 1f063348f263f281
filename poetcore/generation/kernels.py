"""`decoding.c`, compiled where it runs; what it does, `products`, `layers` and `drawing` do in numpy too."""

import ctypes
from pathlib import Path
from typing import Final

from poetcore.compiling import compiled

SOURCE: Final = Path(__file__).with_name("decoding.c")
# Without contraction a multiplication and an addition round twice, as numpy's do: the results are the same.
FLAGS: Final = ("-O3", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math")


def library() -> ctypes.CDLL | None:
    """None without a C compiler."""
    return compiled(SOURCE, FLAGS)
