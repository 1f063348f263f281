"""Which candidate becomes the poem."""

from collections.abc import Sequence


def best(scores: Sequence[float]) -> int:
    """Index of the poem: the highest score, the first among equals."""
    return max(range(len(scores)), key=scores.__getitem__)
