"""Scansion: what fits, what does not and where, for poems and for anything else."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poetcore.prosody import FORMS, Form, Pattern, Problem, Scansion, Strict, patterns, readings, scan
from poetcore.prosody.patterns import accepted_patterns
from poetcore.prosody.rhyme import NEIGHBOURS
from poetcore.script import to_simplified

# Each has readings of one tone only, and the rhymes of one group only.
LEVEL = "山天花春秋江雲人明時心情家門"
OBLIQUE = "月水日雨夜雪鳥玉竹白綠酒客路"
RHYMES = "東風紅通翁"

TOWER = "白日依山盡，黃河入海流。欲窮千里目，更上一層樓。"
GRASS = "離離原上草，一歲一枯榮。野火燒不盡，春風吹又生。遠芳侵古道，晴翠接荒城。又送王孫去，萋萋滿別情。"
ANCIENT = "千山鳥飛絕，萬徑人蹤滅。孤舟蓑笠翁，獨釣寒江雪。"


def problems(text: str) -> list[tuple[int, int, str]]:
    return [(problem.line, problem.position, problem.rule) for problem in scan(text).problems]


def written(form: Form, pattern: Pattern, draw: st.DataObject) -> str:
    """A poem of plain characters in one of the ways of `pattern`."""
    lines, rhymes = [], iter(RHYMES)
    for line in pattern.lines:
        way = draw.draw(st.sampled_from(line.ways))
        signs = [draw.draw(st.sampled_from("平仄")) if sign == "中" else sign for sign in way]
        text = "".join(draw.draw(st.sampled_from(LEVEL if sign == "平" else OBLIQUE)) for sign in signs)
        lines.append(text[:-1] + next(rhymes) if line.rhymes else text)
    return form.punctuate(lines)


def test_the_plain_characters_of_these_tests_are_plain() -> None:
    assert all(reading.level for char in LEVEL for reading in readings(char))
    assert all(not reading.level for char in OBLIQUE for reading in readings(char))
    assert {reading.name for char in RHYMES for reading in readings(char)} == {"東"}


def test_a_poem_that_keeps_every_rule() -> None:
    found = scan(TOWER)
    assert found == Scansion(
        text=TOWER,
        form=FORMS["五絕"],
        tone_ok=True,
        rhyme_ok=True,
        strict=Strict(tone_ok=True, rhyme_ok=True),
        problems=(),
        rhyme_group="尤",
        pattern=patterns(FORMS["五絕"])[0],
        lines=("白日依山盡", "黃河入海流", "欲窮千里目", "更上一層樓"),
        tones=("仄仄平平仄", "平平仄仄平", "仄平平仄仄", "中仄仄平平"),
        wanted=("中仄中平仄", "平平中仄平", "中平平仄仄", "中仄仄平平"),
    )
    assert found.format_ok


@given(st.sampled_from(sorted(FORMS)), st.integers(0, 3), st.data())
@settings(deadline=None)
def test_whatever_a_pattern_allows_scans_strictly(name: str, number: int, data: st.DataObject) -> None:
    form = FORMS[name]
    pattern = patterns(form)[number]
    found = scan(written(form, pattern, data))
    assert (found.form, found.problems, found.rhyme_group) == (form, (), "東")
    assert (found.tone_ok, found.rhyme_ok, found.strict) == (True, True, Strict(tone_ok=True, rhyme_ok=True))
    assert found.pattern == pattern


@given(st.sampled_from(sorted(FORMS)), st.data())
@settings(deadline=None)
def test_no_problems_is_what_a_search_through_all_patterns_and_readings_says(name: str, data: st.DataObject) -> None:
    form = FORMS[name]
    text = list(written(form, data.draw(st.sampled_from(accepted_patterns(form))), data))
    for _ in range(data.draw(st.integers(0, 3))):
        place = data.draw(st.integers(0, len(text) - 1).filter(lambda place: text[place] not in "，。"))
        text[place] = data.draw(st.sampled_from(LEVEL + OBLIQUE + RHYMES + "看中長冬鐘不爲龘"))
    found = scan("".join(text))
    assert (not found.problems) == any(searched(found.lines, pattern) for pattern in accepted_patterns(form))
    assert (not found.problems) == (found.tone_ok and found.rhyme_ok)
    assert found.tone_ok >= found.strict.tone_ok
    assert found.rhyme_ok >= found.strict.rhyme_ok


def searched(lines: tuple[str, ...], pattern: Pattern) -> bool:
    """Whether `lines` fit `pattern`, slowly: every way of a line, every reading of a character, every group."""
    ends = [lines[number][-1] for number in pattern.rhyming_lines]
    tones = [{"".join(signs) for signs in product(*map(signs_of, line))} for line in lines]
    fits = all(
        any(
            all(w in ("中", s) for w, s in zip(way, signs, strict=True)) for way in line.ways for signs in tones[number]
        )
        for number, line in enumerate(pattern.lines)
    )
    return (
        fits
        and len(set(ends)) == len(ends)
        and any(rhymes_in(group, ends, pattern) for group in "東冬江陽寒尤支侵真文")
    )


def signs_of(char: str) -> set[str]:
    return {"平" if reading.level else "仄" for reading in readings(char)} or {"？"}


def rhymes_in(group: str, ends: list[str], pattern: Pattern) -> bool:
    near = {group, *(name for names in NEIGHBOURS if group in names for name in names)}
    wanted = [near if number == 0 and pattern.first_line_rhymes else {group} for number in range(len(ends))]
    return all(groups & {reading.name for reading in readings(end)} for end, groups in zip(ends, wanted, strict=True))


def test_a_wrong_tone_is_named_by_line_and_position() -> None:
    assert scan(TOWER.replace("海", "山")).problems == (
        Problem(2, 4, "tone", "山 is level where the pattern wants an oblique tone."),
    )


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("黃河入海流", "白河入海流", (2, 1, "lone_level")),
        ("更上一層樓", "更上高層樓", (4, 3, "three_level")),
        ("欲窮千里目", "欲窮萬里目", (3, 3, "three_oblique")),
        ("黃河入海流", "黃水入海流", (2, 2, "opposition")),
        ("欲窮千里目", "欲望千里目", (3, 2, "tone")),
        ("欲窮千里目", "欲見千里目", (3, 2, "adhesion")),
        ("更上一層樓", "更上一層山", (4, 5, "rhyme")),
        ("更上一層樓", "更上一層流", (4, 5, "repeated_rhyme")),
        ("更上一層樓", "更上一層龘", (4, 5, "unknown")),
    ],
)
def test_each_rule_has_a_name(before: str, after: str, expected: tuple[int, int, str]) -> None:
    found = problems(TOWER.replace(before, after))
    if expected[2] == "tone":
        # 望 is level too, so nothing is wrong.
        assert found == []
    elif expected[2] == "unknown":
        assert found == [expected, (4, 5, "rhyme")]
    else:
        assert found == [expected]


@pytest.mark.parametrize(
    "line", ["平平平仄平", "仄平平仄平", "平平仄仄平"], ids=["free third", "saved from a lone level", "plain"]
)
def test_a_rhyming_line_has_two_levels_side_by_side(line: str) -> None:
    text = "".join("花" if sign == "平" else "月" for sign in line[:-1]) + "流"
    assert problems(TOWER.replace("黃河入海流", text)) == []


def test_the_third_and_fourth_may_swap() -> None:
    found = scan(TOWER.replace("欲窮千里目", "欲窮月明目"))
    assert found.problems == ()
    assert found.wanted[2] == "中平仄平仄"


def test_a_couplet_may_make_up_for_itself() -> None:
    saved = scan(TOWER.replace("白日依山盡，黃河入海流", "白日依月盡，黃河山海流"))
    assert saved.problems == ()
    assert saved.pattern is not None
    assert [line.name for line in saved.pattern.lines] == ["甲拗", "乙救", "丙", "丁"]
    # Without the level third in its second line nothing makes up for the first.
    assert problems(TOWER.replace("白日依山盡", "白日依月盡")) == [(1, 4, "tone")]
    assert scan(GRASS).problems == ()


@pytest.mark.parametrize(("first", "rhyme_ok"), [("風", True), ("鐘", True), ("心", False)])
def test_a_first_line_may_rhyme_with_a_neighbouring_group(first: str, rhyme_ok: bool) -> None:
    found = scan(f"月落雪花{first}，春風日夜通。江山明月夜，白鳥玉雲翁。")
    assert found.pattern is not None
    assert found.pattern.name == "仄起首句入韻"
    assert (found.tone_ok, found.rhyme_ok, found.rhyme_group) == (True, rhyme_ok, "東")
    assert [(problem.line, problem.message) for problem in found.problems] == (
        [] if rhyme_ok else [(1, "心 is not of rhyme group 東.")]
    )


def test_a_poem_that_rhymes_in_an_oblique_tone_is_not_regulated() -> None:
    found = scan(ANCIENT)
    assert (found.format_ok, found.tone_ok, found.rhyme_ok, found.rhyme_group) == (True, False, False, None)
    messages = [problem.message for problem in found.problems if problem.rule == "rhyme"]
    assert messages == [
        "滅 is of the oblique group 屑, and regulated verse rhymes in level tones.",
        "雪 is of the oblique group 屑, and regulated verse rhymes in level tones.",
    ]


def test_some_reading_is_enough_but_for_strict() -> None:
    found = scan(TOWER.replace("流", "看").replace("樓", "寒"))
    assert (found.tone_ok, found.rhyme_ok, found.rhyme_group) == (True, True, "寒")
    assert found.strict == Strict(tone_ok=False, rhyme_ok=False)
    assert found.tones[1] == "平平仄仄平"


def test_simplified_and_traditional_scan_the_same() -> None:
    for text in (TOWER, GRASS, ANCIENT):
        before, after = scan(text), scan(to_simplified(text))
        assert after.text != before.text
        assert (after.tone_ok, after.rhyme_ok, after.rhyme_group) == (
            before.tone_ok,
            before.rhyme_ok,
            before.rhyme_group,
        )
    # 几 is level here, as 幾 can be and the 几 of traditional texts cannot.
    assert scan("红豆生南国，春来发几枝。愿君多采撷，此物最相思。").problems == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", (1, 1, "The text has no line where regulated verse has 4 or 8.")),
        ("hello", (1, 1, "The poem has 1 line where regulated verse has 4 or 8.")),
        ("白日依山盡，黃河入海流。欲窮千里目。", (3, 1, "The poem has 3 lines where regulated verse has 4 or 8.")),
        (TOWER.replace("流", ""), (2, 4, "The line has 4 hanzi instead of 5.")),
        (TOWER.replace("流", "流水"), (2, 6, "The line has 6 hanzi instead of 5.")),
        (TOWER.replace("流", "a"), (2, 5, "a is no hanzi (U+4E00 to U+9FFF).")),
        (TOWER.replace("流", "\ud800"), (2, 5, "U+D800 is no hanzi (U+4E00 to U+9FFF).")),
    ],
)
def test_a_text_without_a_form_says_why(text: str, expected: tuple[int, int, str]) -> None:
    found = scan(text)
    assert (found.form, found.format_ok, found.tone_ok, found.rhyme_ok) == (None, False, False, False)
    assert found.strict == Strict(tone_ok=False, rhyme_ok=False)
    assert [(problem.line, problem.position, problem.message) for problem in found.problems] == [expected]
    assert {problem.rule for problem in found.problems} == {"format"}


def test_the_length_of_most_lines_is_the_one_that_counts() -> None:
    found = scan("春風日夜，春風日夜通，春風日夜通，七個字在這一行。")
    assert [(problem.line, problem.message) for problem in found.problems] == [
        (1, "The line has 4 hanzi instead of 5."),
        (4, "The line has 7 hanzi instead of 5."),
    ]


def test_line_breaks_and_other_marks_do_as_well() -> None:
    plain = scan(TOWER)
    for text in (TOWER.replace("，", ",").replace("。", "."), TOWER.replace("，", "\n").replace("。", "\n\n")):
        assert (scan(text).lines, scan(text).problems) == (plain.lines, ())


def test_the_printed_keys_are_those_that_others_read() -> None:
    shown = scan(TOWER.replace("海", "山")).as_dict()
    assert list(shown)[:7] == ["text", "form", "format_ok", "tone_ok", "rhyme_ok", "strict", "problems"]
    assert shown["form"] == "五絕"
    assert shown["strict"] == {"tone_ok": False, "rhyme_ok": True}
    assert [list(problem) for problem in shown["problems"]] == [["line", "position", "rule", "message"]]
    assert scan("x").as_dict()["form"] is None


def test_a_huge_text_is_scanned_too() -> None:
    assert len(scan("月" * 200_000).problems) == 1
    assert len(scan("月，" * 100_000).problems) == 1


@given(st.one_of(st.text(st.characters()), st.text("東風月，。\n a看龘\ud800几发", max_size=80)))
@settings(deadline=None)
def test_any_text_has_a_scansion(text: str) -> None:
    found = scan(text)
    assert found.text == text
    assert [len(tones) for tones in found.tones] == [len(line) for line in found.lines]
    assert found.format_ok == (found.form is not None) == (found.pattern is not None)
    assert bool(found.problems) == (not (found.tone_ok and found.rhyme_ok))
    assert all(problem.line >= 1 and problem.position >= 1 for problem in found.problems)
    assert set("".join(found.tones)) <= set("平仄中？")
