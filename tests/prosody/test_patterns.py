"""Patterns: what the decoder may write is exactly what the rules allow."""

from itertools import product

import numpy as np
import pytest

from poetcore.prosody import FORMS, Form, Pattern, patterns
from poetcore.prosody.patterns import accepted_patterns, line_types

EVERY = [
    pytest.param(form, pattern, id=form.name + pattern.name) for form in FORMS.values() for pattern in patterns(form)
]


def strings(way: str) -> set[str]:
    """Every string of 平 and 仄 that a way allows."""
    return {"".join(signs) for signs in product(*("平仄" if sign == "中" else sign for sign in way))}


def allowed(line_length: int, name: str) -> set[str]:
    return set().union(*(strings(way) for way in line_types(line_length)[name].ways))


def test_the_four_patterns_of_a_form() -> None:
    assert {pattern.name: ["／".join(line.ways) for line in pattern.lines] for pattern in patterns(FORMS["五絕"])} == {
        "仄起首句不入韻": ["中仄中平仄", "平平中仄平／仄平平仄平", "中平平仄仄／中平仄平仄", "中仄仄平平"],
        "仄起首句入韻": ["中仄仄平平", "平平中仄平／仄平平仄平", "中平平仄仄／中平仄平仄", "中仄仄平平"],
        "平起首句不入韻": ["中平平仄仄／中平仄平仄", "中仄仄平平", "中仄中平仄", "平平中仄平／仄平平仄平"],
        "平起首句入韻": ["平平中仄平／仄平平仄平", "中仄仄平平", "中仄中平仄", "平平中仄平／仄平平仄平"],
    }
    assert [line.ways for line in patterns(FORMS["七絕"])[0].lines] == [
        ("中平中仄中平仄",),
        ("中仄平平中仄平", "中仄仄平平仄平"),
        ("中仄中平平仄仄", "中仄中平仄平仄"),
        ("中平中仄仄平平",),
    ]


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_each_form_has_four_patterns_of_its_size(form: Form) -> None:
    assert len({pattern.name for pattern in patterns(form)}) == 4
    for pattern in patterns(form):
        assert [len(way) for line in pattern.lines for way in line.ways[:1]] == [form.line_length] * form.lines


@pytest.mark.parametrize(("form", "pattern"), EVERY)
def test_couplets_are_opposed_and_adhere(form: Form, pattern: Pattern) -> None:
    for position in range(1, form.line_length - 1, 2):
        signs = [line.ways[0][position] for line in pattern.lines]
        second = [line.ways[0][1] for line in pattern.lines]
        assert set(signs) <= {"平", "仄"}
        assert all((sign == other) == (position in (1, 5)) for sign, other in zip(signs, second, strict=True))
        assert all(signs[line] != signs[line + 1] for line in range(0, form.lines, 2))
        assert all(signs[line] == signs[line + 1] for line in range(1, form.lines - 1, 2))


@pytest.mark.parametrize(("form", "pattern"), EVERY)
def test_level_lines_rhyme_and_the_others_do_not(form: Form, pattern: Pattern) -> None:
    rhyming = tuple(range(1, form.lines, 2))
    assert pattern.rhyming_lines == ((0, *rhyming) if pattern.first_line_rhymes else rhyming)
    assert pattern.opening[0] == pattern.lines[0].ways[0][1]
    assert all({way[-1] for way in line.ways} == {"平" if line.rhymes else "仄"} for line in pattern.lines)


@pytest.mark.parametrize("length", [5, 7])
def test_no_line_has_a_lone_level_or_ends_in_three_alike(length: int) -> None:
    for name in "甲乙丙丁":
        assert not any(line.endswith(("平平平", "仄仄仄")) for line in allowed(length, name))
    before_the_rhyme = {line[-5:-1] for line in allowed(length, "乙")}
    assert before_the_rhyme == {"平平仄仄", "平平平仄", "仄平平仄"}
    # Nothing else is ruled out: each type has all the strings that its even positions and its ending leave.
    assert {line[-5:] for line in allowed(length, "甲")} == {"平仄平平仄", "平仄仄平仄", "仄仄平平仄", "仄仄仄平仄"}
    assert {line[-5:] for line in allowed(length, "丙")} == {"平平平仄仄", "仄平平仄仄", "平平仄平仄", "仄平仄平仄"}
    assert {line[-5:] for line in allowed(length, "丁")} == {"平仄仄平平", "仄仄仄平平"}


@pytest.mark.parametrize("length", [5, 7])
def test_masks_and_needs_say_what_the_ways_say(length: int) -> None:
    for line in line_types(length).values():
        assert line.masks.dtype == np.uint8
        assert ["".join("?平仄中"[mask] for mask in way) for way in line.masks] == list(line.ways)
        for way, (level, oblique) in zip(line.ways, line.needs, strict=True):
            assert [level >> place & 1 for place in range(length)] == [sign == "平" for sign in way]
            assert [oblique >> place & 1 for place in range(length)] == [sign == "仄" for sign in way]


@pytest.mark.parametrize(("name", "number"), [("五絕", 7), ("七絕", 7), ("五律", 14), ("七律", 14)])
def test_scanning_also_accepts_couplets_that_make_up_for_themselves(name: str, number: int) -> None:
    accepted = accepted_patterns(FORMS[name])
    assert accepted[:4] == patterns(FORMS[name])
    assert len(accepted) == len(set(accepted)) == number
    for pattern in accepted[4:]:
        names = [line.name for line in pattern.lines]
        assert "甲拗" in names
        assert all((odd == "甲拗") == (even == "乙救") for odd, even in zip(names[::2], names[1::2], strict=True))
