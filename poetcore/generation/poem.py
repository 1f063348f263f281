"""A finished poem."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Poem:
    """A poem and where it came from."""

    text: str
    """One string with its punctuation and no line breaks, in the script that was asked for."""
    traditional: str
    """The text as the poet wrote it; simplified script cannot be turned back without guessing."""
    lines: tuple[str, ...]
    """The lines of `text`, without punctuation."""
    form: str | None
    """None where the text fits no form (only possible without constraints)."""
    rhyme_group: str | None
    title: str | None
    prefix: str
    """What stands in `text` where the reader's beginning belongs: that, unless `relaxed` names it; empty if none."""
    seed: int
    poet: str
    """Version of the poet."""
    score: float
    """Mean natural-log likelihood a hanzi under the unmasked model: −ln 2 times the poem's bits per hanzi."""
    candidates: int
    """How many candidates were written. A poem may stand among them several times, see `generation/candidates.py`."""
    relaxed: tuple[str, ...]
    """Fields of the request that could not be met in full."""

    def as_dict(self) -> dict[str, Any]:
        """The JSON object that `poet compose --json` prints."""
        shown = asdict(self) | {"lines": list(self.lines), "relaxed": list(self.relaxed)}
        return {key: value for key, value in shown.items() if key != "traditional"}
