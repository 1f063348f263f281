"""What can be asked of a poet."""

import math
from dataclasses import dataclass
from typing import Final

from poetcore.errors import RequestError
from poetcore.prosody import Form
from poetcore.script import SCRIPTS, Script

MOST_CANDIDATES: Final = 64
TEMPERATURE: Final = 1.0
"""What the model says, as it says it: a classifier of n-grams tells chosen poems from real ones with an AUC of 0.60; at
0.8, where they are likelier than real poems and say less, with 0.80."""
LARGEST_SEED: Final = 2**63 - 1
"""Seeds are stored in databases as 64-bit integers."""


@dataclass(frozen=True)
class ComposeRequest:
    """One poem's order; raises `RequestError` for a value that nothing can be made of, naming the field."""

    prefix: str | None = None
    """What the poem begins with, as the reader typed it; None for any beginning."""
    form: Form | None = None
    """None: the poet chooses."""
    seed: int = 0
    """The same request and seed give the same poem on one machine."""
    best_of: int = 16
    """How many candidates are written; a particle filter makes some of them equal, most at low temperatures."""
    temperature: float = TEMPERATURE
    """Below 1 the likelier characters are favoured, above 1 the rarer ones."""
    script: Script = "hant"
    """The reader's script: of the prefix and of the poem."""
    constrained: bool = True
    """False: the model alone decides, nothing but the prefix is forced; for comparison."""
    title: str | None = None
    """What the poem is about, in the reader's words; None for anything."""
    acrostic: str | None = None
    """The first character of each line: 4 or 8 hanzi; fewer begin the first lines."""
    rhyme: str | None = None
    """Name of a level rhyme group, such as 東; None: the poet chooses."""
    keep: tuple[str | None, ...] | None = None
    """The lines of a poem, without marks, of which those that are None are written anew; None: nothing is kept."""
    recent: tuple[str, ...] = ()
    """Texts of poems served lately, in traditional script: the choice among candidates avoids their words."""

    def __post_init__(self) -> None:
        """Validate."""
        _check_whole("seed", self.seed, 0, LARGEST_SEED)
        _check_whole("best_of", self.best_of, 1, MOST_CANDIDATES)
        if not math.isfinite(self.temperature) or not 0.1 <= self.temperature <= 3:
            raise RequestError(f"temperature must lie between 0.1 and 3, found {self.temperature!r}")
        if self.script not in SCRIPTS:
            raise RequestError(f"script must be one of {', '.join(SCRIPTS)}, found {self.script!r}")


def _check_whole(field: str, value: object, least: int, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise RequestError(f"{field} must be a whole number between {least} and {most}, found {value!r}")
