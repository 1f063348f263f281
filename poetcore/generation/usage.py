"""How often poets used the patterns, ways and rhyme groups of regulated verse: makes `usage.json`, to draw them by.

    python -m poetcore.generation.usage DATA

DATA is a prepared corpus of Tang and Song. Every fifth of its training poems is looked at, in two minutes, and counted
if it scans without a problem: shares are then known to half a percent.
"""

import json
import sys
from collections import Counter
from pathlib import Path

from poetcore.corpus import TRAIN, PreparedCorpus
from poetcore.files import write_whole
from poetcore.generation.templates import USAGE
from poetcore.prosody import FORMS, patterns, rhyme_groups, scan
from poetcore.prosody.patterns import line_types
from poetcore.prosody.readings import LEVEL_GROUPS

_EVERY = 5
# What no poet of the corpus used is still possible.
_UNSEEN = 1


def main() -> None:
    """Count and write."""
    corpus = PreparedCorpus.load(Path(sys.argv[1]))
    found: Counter[tuple[str, str]] = Counter()
    rhymes: Counter[tuple[str, str | None]] = Counter()
    ways: Counter[str] = Counter()
    for poem in corpus.select(TRAIN)[::_EVERY]:
        scansion = scan(corpus.text(int(poem)))
        if scansion.form is None or scansion.pattern is None or not (scansion.tone_ok and scansion.rhyme_ok):
            continue
        found[scansion.form.name, scansion.pattern.name] += 1
        rhymes[scansion.form.name, scansion.rhyme_group] += 1
        ways.update(scansion.wanted)
    usage = {
        "patterns": {
            form.name: _shares({pattern.name: found[form.name, pattern.name] for pattern in patterns(form)})
            for form in FORMS.values()
        },
        "rhymes": {
            form.name: _shares({group.name: rhymes[form.name, group.name] for group in rhyme_groups()[:LEVEL_GROUPS]})
            for form in FORMS.values()
        },
        "ways": {
            way: share
            for length in (5, 7)
            for line_type in line_types(length).values()
            for way, share in _shares({way: ways[way] for way in line_type.ways}).items()
        },
    }
    write_whole(USAGE, json.dumps(usage, ensure_ascii=False, indent=1) + "\n")


def _shares(counts: dict[str, int]) -> dict[str, float]:
    total = sum(counts.values()) + _UNSEEN * len(counts)
    return {name: round((count + _UNSEEN) / total, 4) for name, count in counts.items()}


if __name__ == "__main__":
    main()
