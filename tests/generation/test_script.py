"""Scripts: conversion keeps every position, and a reader's words are taken for what they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poetcore.prosody.text import is_hanzi
from poetcore.script import Script, is_simplified_only, prefix_in_traditional, to_simplified, to_traditional

CORPUS_FORMS = frozenset("黄却烟荆")


def usual(typed: str, converted: str) -> bool:
    return typed in CORPUS_FORMS


def test_conversion_reads_phrases() -> None:
    assert to_traditional("头发") == "頭髮"
    assert to_traditional("皇后") == "皇后"
    assert to_simplified("紅雲，後來。") == "红云，后来。"
    assert to_simplified("乾坤") == "乾坤"


def test_a_hanzi_without_simplified_form_in_the_block_stays() -> None:
    assert to_simplified("俓儭") == "俓儭"


def test_a_lone_surrogate_passes_through() -> None:
    assert to_traditional("红\ud800云") == "紅\ud800雲"


@given(st.text(max_size=40))
def test_conversion_keeps_length_and_places_of_hanzi(text: str) -> None:
    for converted in (to_traditional(text), to_simplified(text)):
        assert len(converted) == len(text)
        assert all(is_hanzi(after) for before, after in zip(text, converted, strict=True) if is_hanzi(before))


@pytest.mark.parametrize(
    ("typed", "script", "meant"),
    [
        ("云", "hant", "云"),
        ("后里余", "hant", "后里余"),
        ("红", "hant", "紅"),
        ("红云", "hant", "紅雲"),
        ("云", "hans", "雲"),
        ("白发三千丈", "hans", "白髮三千丈"),
        ("雲", "hans", "雲"),
        ("黄", "hant", "黄"),
        ("却话", "hant", "却話"),
        ("却", "hans", "却"),
    ],
)
def test_what_a_reader_means(typed: str, script: Script, meant: str) -> None:
    assert prefix_in_traditional(typed, script, usual) == meant


def test_simplified_only_is_what_traditional_texts_do_not_write() -> None:
    assert is_simplified_only("红", usual)
    assert not is_simplified_only("紅", usual)
    assert not is_simplified_only("云", usual)
    assert not is_simplified_only("黄", usual)
