"""Which candidate becomes the poem."""

from collections.abc import Sequence

from poetcore.generation.decoding import Candidate


def score(candidate: Candidate, hanzi: int) -> float:
    """Mean natural-log likelihood a hanzi under the unmasked model; higher is likelier."""
    return candidate.log_likelihood / max(hanzi, 1)


def best(scores: Sequence[float]) -> int:
    """Index of the poem: the likeliest candidate, the first among equals.

    Likelihood alone prefers the bland. Two things hold it off: candidates are sampled, never searched for, so the
    choice is among things the model really says; and no hanzi comes twice, which is how bland verse runs on.
    """
    return max(range(len(scores)), key=scores.__getitem__)
