"""The real collection, where there is one: what is read, what is kept, and that nothing dirty is left."""

import os
from pathlib import Path

import pytest

from poetcore.corpus import TRAIN, PreparedCorpus
from poetcore.corpus.preparation import prepare
from poetcore.prosody.text import MARKS, is_hanzi, lines_of

BESIDE_THE_CHECKOUT = Path(__file__).parents[3] / "shared" / "corpus" / "chinese-poetry.tar.xz"


@pytest.fixture(scope="module")
def collection_source() -> Path:
    source = Path(os.environ.get("YUEXIA_CORPUS") or BESIDE_THE_CHECKOUT)
    if not source.exists():
        pytest.skip("no chinese-poetry collection: set YUEXIA_CORPUS to its folder or archive")
    return source


@pytest.fixture(scope="module")
def tang(collection_source: Path, tmp_path_factory: pytest.TempPathFactory) -> PreparedCorpus:
    folder = tmp_path_factory.mktemp("collection") / "tang"
    prepare(collection_source, folder, ("tang",))
    return PreparedCorpus.load(folder)


@pytest.mark.corpus
def test_nearly_all_of_tang_is_kept_and_every_loss_has_a_reason(tang: PreparedCorpus) -> None:
    manifest = tang.manifest
    read, kept = manifest["poems_read"]["tang"], sum(manifest["splits"].values())
    lost = sum(manifest["dropped"].values()) + sum(manifest["shared_a_line_with_training"].values())
    assert read > 50_000
    assert kept + lost == read
    assert kept > 0.92 * read
    assert set(manifest["dropped"]) <= {
        "duplicate",
        "empty",
        "foreign_text",
        "fragment",
        "missing_character",
        "unbalanced_brackets",
    }
    assert len(tang.select(TRAIN)) > 0.88 * kept


@pytest.mark.corpus
def test_tang_is_clean(tang: PreparedCorpus) -> None:
    others = [char for char in tang.characters if not is_hanzi(char) and char not in MARKS]
    # Rarer characters of the CJK extensions are text; brackets, quotation marks, digits and Latin are not.
    assert all(char >= "\u3400" for char in others)
    assert tang.characters[:2] == ("，", "。")
    lengths = [len(line) for poem in range(0, len(tang.splits), 10) for line in lines_of(tang.text(poem))]
    # 全唐詩 is verse in lines of five and seven.
    assert sum(length in (5, 7) for length in lengths) > 0.95 * len(lengths)
