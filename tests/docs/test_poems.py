"""The poems that the documents show are those that the poet writes now.

Where two candidates are as good to the last digit, another machine may write another poem: one in ten may differ.
"""

import re
from pathlib import Path

import pytest

from benchmarks.scoreboard.table import poems_page
from docs.model_card import PAGE, between, poems
from poetcore.evaluation.scoreboard.verses import Verse
from poetcore.generation import ComposeRequest, Poet
from poetcore.prosody import FORMS
from tests.docs.documents import ROOT
from tests.docs.test_commands import BLOCKS, run

SHOWN = 5
TEN = "poet compose --form 五絕 --count 5 "


def same(one: list[str], other: list[str]) -> bool:
    """Whether at most a tenth of the poems, or of their couplets, differ."""
    return len(one) == len(other) > 0 and sum(a != b for a, b in zip(one, other, strict=True)) <= len(one) / 10


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What the README's commands print, couplet by couplet."""
    (block,) = (block for block in BLOCKS if TEN in block.commands)
    return run(block, tmp_path_factory.mktemp("ten")).split()


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_the_readme_s_ten(name: str, printed: list[str]) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    shown = re.search(r"^```text\n(.*?)^```$", text[text.index(TEN) :], re.DOTALL | re.MULTILINE)
    assert shown is not None
    assert same(shown[1].split(), printed)


def test_the_model_card_s() -> None:
    written = between(PAGE.read_text(encoding="utf-8"), "poems")
    assert same(written.splitlines(), poems(Poet.load()).splitlines()), "run `make model-card`"


@pytest.mark.parametrize("form", FORMS)
def test_the_first_of_a_hundred(form: str) -> None:
    poet, shape = Poet.load(), FORMS[form]
    verses = [
        Verse.of(poet.compose(ComposeRequest(form=shape, seed=seed)).traditional, None) for seed in range(1, SHOWN + 1)
    ]
    # The page has more of them: what stands above the first, and they.
    page = poems_page(form, verses, poet.version).split("\n\n")[2:]
    path = Path(f"docs/poems/{shape.lines}x{shape.line_length}.md")
    written = (ROOT / path).read_text(encoding="utf-8")
    assert poet.version in written
    assert same([each.strip() for each in written.split("\n\n")[2 : 2 + SHOWN]], [each.strip() for each in page])
