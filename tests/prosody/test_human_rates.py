"""How often Tang poets keep the rules, where the collection is: what the rest of the project is held against."""

import os
from pathlib import Path

import pytest

from poetcore.corpus.cleaning import CleaningReport, clean
from poetcore.corpus.reader import read_source
from poetcore.prosody import Scansion, readings, scan
from poetcore.prosody.measure import by_rule, coverage, in_pingshui, rates, rough_rates

BESIDE_THE_CHECKOUT = Path(__file__).parents[3] / "shared" / "corpus" / "chinese-poetry.tar.xz"
EVERY = 8


@pytest.fixture(scope="module")
def texts() -> list[str]:
    """One in eight Tang poems, cleaned."""
    source = Path(os.environ.get("YUEXIA_CORPUS") or BESIDE_THE_CHECKOUT)
    if not source.exists():
        pytest.skip("no chinese-poetry collection: set YUEXIA_CORPUS to its folder or archive")
    poems = [poem.text for file in read_source(source, ("tang",)) for poem in file.poems()]
    cleaned = (clean(text, CleaningReport()) for text in poems[::EVERY])
    return [text for text in cleaned if text is not None]


@pytest.fixture(scope="module")
def poems(texts: list[str]) -> list[Scansion]:
    """Those of them in one of the four forms."""
    return [found for found in map(scan, texts) if found.format_ok]


@pytest.mark.corpus
def test_nearly_every_running_character_has_a_reading(texts: list[str]) -> None:
    assert coverage(texts) > 0.9995


@pytest.mark.corpus
def test_poets_keep_the_rules_this_often(poems: list[Scansion]) -> None:
    assert len(poems) > 4_000
    found = rates(poems)
    assert found["rhyme"] == pytest.approx(0.894, abs=0.015)
    assert found["tone"] == pytest.approx(0.740, abs=0.02)
    assert found["both"] == pytest.approx(0.722, abs=0.02)
    assert found["strict both"] < 0.03


@pytest.mark.corpus
def test_judged_roughly_they_keep_them_as_often_as_the_design_says(poems: list[Scansion]) -> None:
    found = rough_rates(poems, in_pingshui())
    assert found["rhyme"] == pytest.approx(0.84, abs=0.015)
    assert found["tone"] == pytest.approx(0.68, abs=0.02)
    assert found["both"] == pytest.approx(0.615, abs=0.02)


@pytest.mark.corpus
def test_the_swap_of_third_and_fourth_is_common_and_other_licences_are_rare(poems: list[Scansion]) -> None:
    found = by_rule(poems)
    assert found["fit thanks to 特拗 (中平仄平仄)"] > 0.10
    assert found["fit thanks to 對句相救 (甲拗 乙救)"] < 0.03
    assert found["would fit too if 孤平 were allowed"] < 0.01
    assert found["would fit too if 三平尾 were allowed"] < 0.02
    assert found["would rhyme if a character might repeat"] < 0.01


def test_coverage_counts_running_hanzi_and_nothing_else() -> None:
    assert not readings("龘")
    assert coverage(["山，山。", "龘abc", "山"]) == 0.75
