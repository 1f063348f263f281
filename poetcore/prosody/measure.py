"""The figures of `docs/prosody.md`: how many characters have readings, and how often poets keep the rules.

    python -m poetcore.prosody.measure DATA

where DATA is a corpus made by `poet prepare`. A tool like `derive.py`: nothing else needs this file.
"""

import sys
import time
from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from functools import reduce
from operator import and_
from pathlib import Path
from typing import Final

from poetcore.prosody.derive import CORRECTIONS
from poetcore.prosody.forms import FORMS
from poetcore.prosody.readings import LEVEL, LEVEL_BIT, OBLIQUE_BIT, readings, rhyme_groups, rows, tables, tone_bits
from poetcore.prosody.scansion import Scansion, scan
from poetcore.prosody.text import is_hanzi

_SWAPPED: Final = "平仄平仄"
_FIGURES: Final[dict[str, Callable[[Scansion], bool]]] = {
    "tone": lambda poem: poem.tone_ok,
    "rhyme": lambda poem: poem.rhyme_ok,
    "both": lambda poem: poem.tone_ok and poem.rhyme_ok,
    "strict tone": lambda poem: poem.strict.tone_ok,
    "strict rhyme": lambda poem: poem.strict.rhyme_ok,
    "strict both": lambda poem: poem.strict.tone_ok and poem.strict.rhyme_ok,
}
_RULES: Final[dict[str, Callable[[Scansion], bool]]] = {
    "fit the pattern": lambda poem: poem.tone_ok,
    "fit thanks to 特拗 (中平仄平仄)": lambda poem: poem.tone_ok and any(map(_swapped, poem.wanted)),
    "fit thanks to 對句相救 (甲拗 乙救)": lambda poem: poem.tone_ok and _names(poem, "甲拗"),
    "would fit too if 三仄尾 were allowed": lambda poem: _only(poem, {"three_oblique"}),
    "would fit too if 三平尾 were allowed": lambda poem: _only(poem, {"three_level"}),
    "would fit too if 孤平 were allowed": lambda poem: _only(poem, {"lone_level"}),
    "would fit too if 失粘 and 失對 were allowed at position 2": lambda poem: _only(poem, {"adhesion", "opposition"}),
    "have an unknown character that counts": lambda poem: any(p.rule == "unknown" for p in poem.problems),
    "rhyme": lambda poem: poem.rhyme_ok,
    "would rhyme if a character might repeat": lambda poem: _only_rhyme(poem, {"repeated_rhyme"}),
    "have an oblique ending at every even line": lambda poem: poem.rhyme_group is None,
}


def coverage(texts: Iterable[str]) -> float:
    """The share of running hanzi in `texts` that have a reading."""
    counts = Counter(char for text in texts for char in text if is_hanzi(char))
    return sum(count for char, count in counts.items() if readings(char)) / counts.total()


def rates(poems: Sequence[Scansion]) -> dict[str, float]:
    """The share of `poems` that keep the rules of tone, of rhyme and both, also judged strictly."""
    return {name: _share(poems, holds) for name, holds in _FIGURES.items()}


def by_rule(poems: Sequence[Scansion]) -> dict[str, float]:
    """What single rules cost or gain, as a share of `poems`."""
    return {name: _share(poems, holds) for name, holds in _RULES.items()}


def rough_rates(poems: Sequence[Scansion], known: Container[str]) -> dict[str, float]:
    """What a rougher scansion finds that has readings of the characters `known` only.

    Of tones only every second position counts (二四六分明); the last characters of even lines share a level group; an
    unknown character has every tone and no rhyme.
    """
    tone = [_roughly_regulated(poem.lines, known) for poem in poems]
    rhyme = [_roughly_rhymed(poem.lines, known) for poem in poems]
    return {
        "tone": sum(tone) / len(poems),
        "rhyme": sum(rhyme) / len(poems),
        "both": sum(map(min, tone, rhyme)) / len(poems),
    }


def uses(poems: Iterable[Scansion], corrections: Mapping[str, str]) -> dict[str, tuple[int, int]]:
    """How often poems whose tones fit want the tone of each added reading, of all the times that they want one."""
    level = {group.name for group in rhyme_groups() if group.level}
    wanted = Counter(
        (char, sign)
        for poem in poems
        if poem.tone_ok
        for line, signs in zip(poem.lines, poem.wanted, strict=True)
        for char, sign in zip(line, signs, strict=True)
        if char in corrections
    )
    return {
        char: (wanted[char, "平" if group in level else "仄"], wanted[char, "平"] + wanted[char, "仄"])
        for char, group in corrections.items()
    }


def in_pingshui() -> set[str]:
    """The characters that 平水韻 itself has, as they stand."""
    return {char for _, _, characters, *_ in rows("tones.tsv") for char in characters}


def main(folder: Path) -> None:
    """Print the figures for the Tang poems of a prepared corpus, all splits, as Markdown."""
    import numpy as np

    from poetcore.corpus import PreparedCorpus

    corpus = PreparedCorpus.load(folder)
    tang = np.flatnonzero(corpus.collections == corpus.manifest["collections"].index("tang"))
    texts = [corpus.text(int(poem)) for poem in tang]
    started = time.process_time()
    scans = [scan(text) for text in texts]
    seconds = (time.process_time() - started) / len(texts) * 1000
    poems = [poem for poem in scans if poem.format_ok]
    lines = [
        f"{len(texts):,} poems, {coverage(texts):.2%} of running hanzi known, 1,000 poems scanned in {seconds:.2f} s\n",
        "| poems | number | " + " | ".join(_FIGURES) + " |",
        "|---|---|" + "---|" * len(_FIGURES),
        _line(f"four forms | {len(poems):,}", rates(poems)),
        *(_line(f"{name} | {len(group):,}", rates(group)) for name, group in _by_form(poems).items()),
        "\n| of the poems in the four forms | share |\n|---|---|",
        *(f"| {name} | {share:.1%} |" for name, share in by_rule(poems).items()),
        "\n| judged roughly, with the characters of | tone | rhyme | both |\n|---|---|---|---|",
        _line("平水韻 as they stand", rough_rates(poems, in_pingshui())),
        _line("the whole table", rough_rates(poems, tables().groups)),
        "\n| added reading | wanted | of |\n|---|---|---|",
        *(
            f"| {char} {CORRECTIONS[char]} | {used} | {all_} |"
            for char, (used, all_) in uses(poems, CORRECTIONS).items()
        ),
    ]
    sys.stdout.write("\n".join(lines) + "\n")


def _line(name: str, shares: Mapping[str, float]) -> str:
    return f"| {name} | " + " | ".join(f"{share:.1%}" for share in shares.values()) + " |"


def _by_form(poems: Sequence[Scansion]) -> dict[str, list[Scansion]]:
    return {name: [poem for poem in poems if poem.form is form] for name, form in FORMS.items()}


def _share(poems: Sequence[Scansion], holds: Callable[[Scansion], bool]) -> float:
    return sum(map(holds, poems)) / len(poems)


def _swapped(wanted: str) -> bool:
    return wanted.endswith(_SWAPPED)


def _names(poem: Scansion, name: str) -> bool:
    return poem.pattern is not None and any(line.name == name for line in poem.pattern.lines)


def _only(poem: Scansion, rules: set[str]) -> bool:
    broken = {problem.rule for problem in poem.problems} - {"rhyme", "repeated_rhyme"}
    return bool(broken) and broken <= rules


def _only_rhyme(poem: Scansion, rules: set[str]) -> bool:
    broken = {problem.rule for problem in poem.problems} & {"rhyme", "repeated_rhyme"}
    return bool(broken) and broken <= rules


def _roughly_regulated(lines: Sequence[str], known: Container[str]) -> bool:
    tones = [[_tones(char, known) for char in line[1::2]] for line in lines]
    return any(
        all(
            found & (LEVEL_BIT if (number % 4 in (0, 3)) ^ (place % 2) ^ first else OBLIQUE_BIT)
            for number, line in enumerate(tones)
            for place, found in enumerate(line)
        )
        for first in (True, False)
    )


def _roughly_rhymed(lines: Sequence[str], known: Container[str]) -> bool:
    masks = (tables().mask(line[-1]) if line[-1] in known else 0 for line in lines[1::2])
    return bool(reduce(and_, masks, LEVEL))


def _tones(char: str, known: Container[str]) -> int:
    return tone_bits(tables().mask(char)) if char in known else LEVEL_BIT | OBLIQUE_BIT


if __name__ == "__main__":
    main(Path(sys.argv[1]))
