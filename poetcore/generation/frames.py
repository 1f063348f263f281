"""From a plan to the frame of its candidates: tones drawn from templates, rhyme groups that can be kept."""

from typing import Final

import numpy as np
import numpy.typing as npt

from poetcore.corpus.vocabulary import Vocabulary
from poetcore.errors import RequestError
from poetcore.generation.candidates import FREE, Frame
from poetcore.generation.lexicon import EITHER, Lexicon
from poetcore.generation.plan import Plan
from poetcore.generation.templates import Template, Templates, shared_groups
from poetcore.prosody import Form, rhyme_group_named, rhyme_groups
from poetcore.prosody.readings import LEVEL_BIT, LEVEL_GROUPS, OBLIQUE_BIT, tables

_SPARE: Final = 12
"""A group that the poet may choose has so many words more than the poem needs."""
_SCARCE: Final = 80
"""Groups of fewer words are kept for the rhymes: a poem of 56 hanzi could use them up elsewhere."""


def framed(
    plan: Plan,
    form: Form,
    rhyme: str | None,
    vocabulary: Vocabulary,
    lexicon: Lexicon,
    uniform: npt.NDArray[np.float64],
) -> tuple[Frame, tuple[str, ...]]:
    """The frame of N candidates, and what had to be given up for it.

    `uniform`: [N, 1 + lines] numbers in [0, 1).
    `rhyme`: the name of a rhyme group; raises `RequestError` if there is none such, or it is not level.
    """
    given = [plan.places[place] for place in hanzi_places(form)]
    masks = [None if char is None else tables().groups.get(char, 0) for char in given]
    templates = Templates.fitting(form, masks)
    drawn = [templates.drawn(row) for row in uniform]
    relaxed = ["tone"] if templates.conflicts else []
    groups, kept = _groups(rhyme, form, masks, drawn[0], lexicon)
    if not kept:
        relaxed.append("rhyme")
    tones = np.zeros((len(drawn), len(plan.places)), np.uint8)
    tones[:, hanzi_places(form)] = [template.tones for template in drawn]
    if not all(_any(lexicon, bits) for bits in (LEVEL_BIT, OBLIQUE_BIT)):
        # A vocabulary in which a tone is missing altogether.
        tones[:], groups, relaxed = EITHER, 0, ["rhyme", "tone"]
    frame = Frame(
        forced=np.array([FREE if char is None else vocabulary.id_of(char) for char in plan.places], np.int32),
        tones=tones,
        rhyming=np.array([_rhyming(template, form) for template in drawn]),
        line_length=form.line_length,
        groups=groups,
        scarce=_bits(lexicon.group_sizes < _SCARCE),
    )
    return frame, tuple(relaxed)


def hanzi_places(form: Form) -> list[int]:
    """The positions of the hanzi in a text of `form`."""
    return [place for place in range(form.hanzi + form.lines) if place % (form.line_length + 1) != form.line_length]


def _rhyming(template: Template, form: Form) -> list[bool]:
    ends = {(line + 1) * (form.line_length + 1) - 2 for line in template.pattern.rhyming_lines}
    return [place in ends for place in range(form.hanzi + form.lines)]


def _groups(
    rhyme: str | None, form: Form, masks: list[int | None], template: Template, lexicon: Lexicon
) -> tuple[int, bool]:
    """The groups that the poem may rhyme in, as bits, and whether nothing was given up."""
    ends = [(line + 1) * form.line_length - 1 for line in template.pattern.rhyming_lines]
    given = [mask for mask in (masks[end] for end in ends) if mask is not None]
    # Another candidate may rhyme in its first line too.
    needed = 0 if len(given) == len(ends) else form.lines // 2 + 1 - len(given)
    enough = _bits(lexicon.group_sizes >= needed + _SPARE) or _bits(lexicon.group_sizes >= needed)
    possible = _bits(lexicon.group_sizes >= needed)
    groups, agree = shared_groups(given) if given else (enough, True)
    if needed == 0:
        wanted = _wanted(rhyme)
        return groups, agree and not (wanted and not groups & wanted)
    if given:
        groups, agree = (groups & possible, agree) if groups & possible else (enough, False)
    wanted = _wanted(rhyme)
    if not wanted:
        return groups, agree and bool(groups)
    if groups & wanted or (not given and possible & wanted):
        return wanted, agree
    return groups, False


def _wanted(rhyme: str | None) -> int:
    if rhyme is None:
        return 0
    group = rhyme_group_named(rhyme)
    if not group.level:
        level = "".join(each.name for each in rhyme_groups()[:LEVEL_GROUPS])
        raise RequestError(f"{group.name} is no rhyme group of level tone, as regulated verse wants; those are {level}")
    return 1 << group.index


def _any(lexicon: Lexicon, tones: int) -> bool:
    return len(lexicon.columns[lexicon.slice_of(tones)]) > 0


def _bits(groups: npt.NDArray[np.bool_]) -> int:
    return sum(1 << int(group) for group in np.flatnonzero(groups))
