import json

import numpy as np
import pytest

from poetcore.generation.templates import USAGE, drawn_group
from poetcore.prosody import FORMS, rhyme_group_named, rhyme_groups
from poetcore.prosody.readings import LEVEL, LEVEL_GROUPS


def bit_of(name: str) -> int:
    return 1 << rhyme_group_named(name).index


@pytest.mark.parametrize("form", FORMS)
def test_groups_are_drawn_as_often_as_poets_rhymed_in_them(form: str) -> None:
    shares = json.loads(USAGE.read_text(encoding="utf-8"))["rhymes"][form]
    coins = (np.arange(20_000) + 0.5) / 20_000
    drawn = [drawn_group(FORMS[form], LEVEL, coin) for coin in coins]
    total = sum(shares.values())
    for name in ("陽", "刪", "青", "江"):
        assert drawn.count(bit_of(name)) / len(coins) == pytest.approx(shares[name] / total, abs=1e-4)


def test_only_a_group_that_is_possible_is_drawn() -> None:
    possible = bit_of("咸") | bit_of("江") | bit_of("文")
    drawn = {drawn_group(FORMS["七律"], possible, coin) for coin in np.linspace(0, 1, 500, endpoint=False)}
    assert drawn == {bit_of("咸"), bit_of("江"), bit_of("文")}


def test_usage_knows_every_level_group() -> None:
    names = {group.name for group in rhyme_groups()[:LEVEL_GROUPS]}
    for shares in json.loads(USAGE.read_text(encoding="utf-8"))["rhymes"].values():
        assert shares.keys() == names
        assert sum(shares.values()) == pytest.approx(1, abs=0.01)
        assert min(shares.values()) > 0
