"""From a plan to the frame of its candidates: tones drawn from templates, rhyme groups that can be kept."""

from typing import Final

import numpy as np
import numpy.typing as npt

from poetcore.corpus.vocabulary import Vocabulary
from poetcore.errors import RequestError
from poetcore.generation.candidates import FREE, Frame
from poetcore.generation.lexicon import EITHER, Lexicon
from poetcore.generation.plan import Plan, hanzi_places
from poetcore.generation.repetition import repetition
from poetcore.generation.templates import Template, Templates, drawn_group, shared_groups
from poetcore.prosody import Form, rhyme_group_named
from poetcore.prosody.readings import LEVEL, LEVEL_BIT, OBLIQUE_BIT, tables
from poetcore.prosody.rhyme import near_groups

_SPARE: Final = 12
"""A group that the poet may choose has so many words more than the poem needs."""


def framed(
    plan: Plan,
    form: Form,
    rhyme: str | None,
    vocabulary: Vocabulary,
    lexicon: Lexicon,
    rng: np.random.Generator,
    rows: int,
    temperature: float = 1.0,
) -> tuple[Frame, tuple[str, ...]]:
    """The frame of `rows` candidates, and what had to be given up for it.

    All of them have one template and one rhyme group, or the model would choose these too, by how easily it fills them.
    `rhyme`: the name of a rhyme group; it is given up if there is none such, or it is not level.
    """
    uniform = rng.random(2 + form.lines)
    given = [plan.places[place] for place in hanzi_places(form)]
    masks = [None if char is None else tables().groups.get(char, 0) for char in given]
    templates = Templates.fitting(form, masks)
    template = templates.drawn(uniform[1:])
    groups, scarce, kept = _groups(rhyme, form, masks, templates.begin_rhyming, lexicon)
    group = drawn_group(form, groups, uniform[0]) if groups else 0
    relaxed = ["rhyme"] * (not kept) + ["tone"] * (templates.conflicts > 0)
    tones = np.zeros(len(plan.places), np.uint8)
    tones[hanzi_places(form)] = template.tones
    if not all(_any(lexicon, bits) for bits in (LEVEL_BIT, OBLIQUE_BIT)):
        # A vocabulary in which a tone is missing altogether.
        tones[:], group, relaxed = EITHER, 0, ["rhyme", "tone"]
    frame = Frame(
        forced=np.array([FREE if char is None else vocabulary.id_of(char) for char in plan.places], np.int32),
        tones=tones,
        rhyming=np.array(_rhyming(template, form)),
        rows=rows,
        line_length=form.line_length,
        group=group,
        repetition=repetition(form, temperature),
        scarce=scarce & group,
    )
    return frame, tuple(relaxed)


def _rhyming(template: Template, form: Form) -> list[bool]:
    ends = {(line + 1) * (form.line_length + 1) - 2 for line in template.pattern.rhyming_lines}
    return [place in ends for place in range(form.hanzi + form.lines)]


def _groups(
    rhyme: str | None, form: Form, masks: list[int | None], begins_rhyming: bool, lexicon: Lexicon
) -> tuple[int, int, bool]:
    """The groups that the poem may rhyme in, those of them with no words to spare, and whether nothing was given up.

    The endings of even lines decide; a first line that rhymes need only be near to them (首句借鄰韻).
    """
    first, *evens = (masks[(line + 1) * form.line_length - 1] for line in (0, *range(1, form.lines, 2)))
    given = [mask for mask in evens if mask is not None]
    shared, agree = shared_groups(given) if given else (LEVEL, True)
    own, near = (first, near_groups(first)) if begins_rhyming and first is not None else (LEVEL, LEVEL)
    wanted = LEVEL if rhyme is None else _named(rhyme)
    # An open first line may rhyme too.
    needed = len(evens) - len(given) + (first is None)
    enough, possible = _bits(lexicon.group_sizes >= needed + _SPARE), _bits(lexicon.group_sizes >= needed)
    wishes = (shared & own & wanted, shared & near & wanted, shared & own, shared & near, shared)
    groups = next((wish for wish in wishes if wish & possible), LEVEL if needed else 0)
    groups = groups & enough or groups & possible
    return groups, groups & ~enough, agree and bool(shared & near & wanted & possible)


def _named(rhyme: str) -> int:
    """The level group of that name, as a bit; 0 if there is none."""
    try:
        return 1 << rhyme_group_named(rhyme).index & LEVEL
    except RequestError:
        return 0


def _any(lexicon: Lexicon, tones: int) -> bool:
    return len(lexicon.columns[lexicon.slice_of(tones)]) > 0


def _bits(groups: npt.NDArray[np.bool_]) -> int:
    return sum(1 << int(group) for group in np.flatnonzero(groups))
