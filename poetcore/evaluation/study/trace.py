"""The loss of every update, written as it comes, so that a killed arm keeps it."""

from pathlib import Path
from typing import Final, TextIO

from poetcore.files import write_whole

# Enough for a curve over a logarithmic axis.
_KEPT: Final = 240


class LossTrace:
    """`losses.tsv` of an arm: update and mean training cross-entropy a line."""

    def __init__(self, path: Path) -> None:
        """Nothing is read or written before `go_on_from`."""
        self._path = path
        self._file: TextIO | None = None

    def go_on_from(self, updates: int) -> None:
        """Forget what was written after update `updates`: a resumed arm does it again."""
        kept = [(update, loss) for update, loss in self.read() if update <= updates]
        write_whole(self._path, "".join(f"{update}\t{loss}\n" for update, loss in kept))
        # Line by line, since what a killed process had not handed over is lost.
        self._file = self._path.open("a", encoding="utf-8", buffering=1)

    def add(self, update: int, loss: float) -> None:
        """Note the loss of an update."""
        if self._file is not None:
            self._file.write(f"{update}\t{loss:.5f}\n")

    def close(self) -> None:
        """No more is added."""
        if self._file is not None:
            self._file.close()

    def read(self) -> list[tuple[int, float]]:
        """The whole trace; a line that a killed process left torn is left out."""
        if not self._path.exists():
            return []
        rows = []
        for line in self._path.read_text(encoding="utf-8").splitlines(keepends=True):
            update, tab, loss = line.partition("\t")
            if tab and line.endswith("\n"):
                rows.append((int(update), float(loss)))
        return rows


def thinned(losses: list[tuple[int, float]]) -> tuple[tuple[int, float], ...]:
    """About 240 points, evenly over the logarithm of the update, each the mean since the one before."""
    if len(losses) <= _KEPT:
        return tuple(losses)
    ratio = (len(losses)) ** (1 / _KEPT)
    points: list[tuple[int, float]] = []
    begin, edge = 0, 1.0
    while begin < len(losses):
        edge *= ratio
        end = min(max(begin + 1, round(edge)), len(losses))
        chunk = losses[begin:end]
        points.append((chunk[-1][0], round(sum(loss for _, loss in chunk) / len(chunk), 5)))
        begin = end
    return tuple(points)
