"""`python -m benchmarks.first_poem FOLDER`: load a poet, write one poem; prints it and the bytes then resident."""

import resource
import sys
from pathlib import Path

from poetcore.generation import ComposeRequest, Poet


def resident_bytes() -> int:
    """Bytes of this process in memory now; where the system does not say, the most there ever were."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return pages * resource.getpagesize()


if __name__ == "__main__":
    print(Poet.load(Path(sys.argv[1])).compose(ComposeRequest(prefix="月")).text)
    print(resident_bytes())
