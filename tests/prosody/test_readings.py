"""Readings: every tone and group of a character, in either script, and as arrays for a vocabulary."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from poetcore.errors import RequestError
from poetcore.prosody import readings, rhyme_group_named, rhyme_groups, sounds_of
from poetcore.prosody.readings import LEVEL, groups_of, tables


def read(char: str) -> str:
    """The readings of a character, as 平寒 去翰."""
    return " ".join(reading.tone + reading.name for reading in readings(char))


@pytest.mark.parametrize(
    ("char", "expected"),
    [
        ("東", "平東"),
        ("看", "平寒 去翰"),
        ("不", "平尤 入物"),
        ("長", "平陽 上養 去漾"),
        ("月", "入月"),
    ],
)
def test_every_reading_of_pingshui_is_kept(char: str, expected: str) -> None:
    assert read(char) == expected


@pytest.mark.parametrize(
    ("char", "expected"),
    [
        ("溪", "平齊"),
        ("啼", "平齊"),
        ("跡", "入陌"),
        ("爐", "平虞"),
        ("掃", "上皓 去號"),
        ("遍", "去霰"),
        ("棹", "去效"),
        ("却", "入藥"),
    ],
)
def test_what_pingshui_lacks_comes_from_guangyun(char: str, expected: str) -> None:
    assert read(char) == expected


@pytest.mark.parametrize(
    ("variant", "usual"),
    [("爲", "為"), ("羣", "群"), ("峯", "峰"), ("隣", "鄰"), ("逈", "迥"), ("烟", "煙"), ("鳯", "鳳")],
)
def test_another_form_of_a_character_reads_the_same(variant: str, usual: str) -> None:
    assert readings(variant) == readings(usual) != ()


@pytest.mark.parametrize(
    ("char", "expected"),
    [("先", "平先 去霰"), ("槎", "平麻 上馬"), ("嘆", "平寒 去翰"), ("粗", "平虞 上麌"), ("判", "平寒 去翰")],
)
def test_readings_that_the_sources_lack_are_there(char: str, expected: str) -> None:
    assert read(char) == expected


def test_a_simplified_character_has_the_readings_of_all_that_it_stands_for() -> None:
    assert read("红") == "平東"
    assert read("历") == "入錫"
    assert set(readings("钟")) == {*readings("鐘"), *readings("鍾")}
    # Traditional texts write these too, in their own right.
    assert read("几") == "上紙"
    assert read("云") == "平文"


@pytest.mark.parametrize("char", ["a", "，", "", "龘", "\ud800", "🌙", "東風"])
def test_an_unknown_character_has_no_reading(char: str) -> None:
    assert readings(char) == ()


def test_there_are_106_groups_in_the_order_of_the_book() -> None:
    groups = rhyme_groups()
    assert "".join(group.name for group in groups if group.level) == (
        "東冬江支微魚虞齊佳灰真文元寒刪先蕭肴豪歌麻陽庚青蒸尤侵覃鹽咸"
    )
    tones = [group.tone for group in groups]
    assert [tones.count(tone) for tone in "平上去入"] == [30, 29, 30, 17]
    assert tones == sorted(tones, key="平上去入".index)
    assert [group.index for group in groups] == list(range(106))
    assert len({group.name for group in groups}) == 106


@pytest.mark.parametrize("name", ["東", "东", "一東", "上平聲一東", "上平声一东", " 東 "])
def test_a_group_is_found_however_its_name_is_typed(name: str) -> None:
    assert rhyme_group_named(name) is rhyme_groups()[0]


@pytest.mark.parametrize("name", ["", "月球", "x東", "東東", "火", "\ud800"])
def test_a_group_that_is_none_is_refused_with_those_that_are(name: str) -> None:
    with pytest.raises(RequestError, match="東冬江支"):
        rhyme_group_named(name)


@given(st.lists(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), max_size=50))
def test_the_arrays_of_a_vocabulary_say_what_the_readings_say(characters: list[str]) -> None:
    sounds = sounds_of(characters)
    assert (sounds.tones.dtype, sounds.rhymes.dtype) == (np.dtype(np.uint8), np.dtype(np.uint32))
    for char, tones, rhymes in zip(characters, sounds.tones, sounds.rhymes, strict=True):
        found = readings(char)
        assert tones == (1 if any(r.level for r in found) else 0) + (2 if any(not r.level for r in found) else 0)
        assert rhymes == sum(1 << reading.index for reading in found if reading.level)


def test_in_a_simplified_text_a_character_may_stand_for_its_traditional_ones() -> None:
    few, what = tables().mask("幾"), tables().mask("几")
    assert groups_of(["春来发几枝"])[0][3] == few | what
    assert groups_of(["春來發几枝"])[0][3] == what


def test_the_tables_are_whole() -> None:
    found = tables()
    assert len(found.groups) > 16_000
    assert all(found.mask(original) for originals in found.simplified.values() for original in originals)
    assert all(found.mask(char) for char in found.simplified)
    assert found.simplified_only.isdisjoint(found.traditional_only)
    assert len(found.simplified_only) > 2_000
    # A level group and an oblique one: both halves of a mask are in use.
    assert found.mask("看") & LEVEL
    assert found.mask("看") & ~LEVEL
