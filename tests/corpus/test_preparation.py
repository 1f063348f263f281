"""`poet prepare` from end to end: sources, splits, what is written, what is refused."""

import json
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from poetcore.corpus import TEST, TRAIN, UNKNOWN, VALIDATION, PreparedCorpus
from poetcore.corpus.cleaning import normalised
from poetcore.corpus.preparation import prepare, split_of
from poetcore.errors import CorpusError, PreparedCorpusError, StorageError
from poetcore.files import sha256_of
from poetcore.prosody.text import lines_of

Write = Callable[..., Path]
Poems = list[dict[str, Any]]


def test_every_poem_and_character_is_kept(collection: Write, invented_poems: Poems, tmp_path: Path) -> None:
    manifest = prepare(collection(invented_poems), tmp_path / "data", ("tang",))
    corpus = PreparedCorpus.load(tmp_path / "data")
    assert manifest["poems_read"] == {"tang": 400}
    assert sum(manifest["splits"].values()) + sum(manifest["shared_a_line_with_training"].values()) == 400
    texts = [corpus.text(poem) for poem in range(len(corpus.splits))]
    assert set(texts) <= {"".join(poem["paragraphs"]) for poem in invented_poems}
    assert manifest["hanzi"] == sum(len(normalised(text)) for text in texts)
    assert set(corpus.characters) == set("".join(texts))
    counts = ["".join(texts).count(char) for char in corpus.characters]
    assert counts == sorted(counts, reverse=True)
    by_text = {"".join(poem["paragraphs"]): poem["title"] for poem in invented_poems}
    assert corpus.titles == [by_text[text] for text in texts]
    assert set(corpus.authors) == {"佚名"}


def test_the_vocabulary_cuts_rare_characters(collection: Write, invented_poems: Poems, tmp_path: Path) -> None:
    prepare(collection(invented_poems), tmp_path / "data", ("tang",))
    corpus = PreparedCorpus.load(tmp_path / "data")
    vocabulary = corpus.vocabulary(50)
    assert len(vocabulary) == 50
    assert corpus.tokens(0, 50).tolist() == vocabulary.encode(corpus.text(0)).tolist()
    assert UNKNOWN in corpus.tokens(0, 50)
    assert UNKNOWN not in corpus.tokens(0, len(corpus.characters) + 3)


def test_duplicates_go_whatever_their_punctuation(collection: Write, invented_poems: Poems, tmp_path: Path) -> None:
    double = invented_poems[3] | {"paragraphs": ["".join(invented_poems[3]["paragraphs"]).replace("。", "！")]}
    manifest = prepare(collection([*invented_poems, double]), tmp_path / "data", ("tang",))
    assert manifest["dropped"] == {"duplicate": 1}


def test_a_poem_stays_in_its_split_when_poems_are_added(
    collection: Write, invented_poems: Poems, tmp_path: Path
) -> None:
    def splits(poems: Poems, out: Path) -> dict[str, int]:
        prepare(collection(poems), out, ("tang",))
        corpus = PreparedCorpus.load(out)
        return {corpus.text(poem): int(split) for poem, split in enumerate(corpus.splits)}

    few, many = splits(invented_poems[:200], tmp_path / "few"), splits(invented_poems, tmp_path / "many")
    assert all(many.get(text, split) == split for text, split in few.items())
    shares = [sum(split == wanted for split in many.values()) / len(many) for wanted in (TRAIN, VALIDATION, TEST)]
    assert 0.8 < shares[0] < 0.97
    assert min(shares[1:]) > 0.01
    assert split_of("月下，孤舟。") == split_of("月下孤舟")


def test_validation_and_test_share_no_line_with_training(
    collection: Write, invented_poems: Poems, tmp_path: Path
) -> None:
    held_out = next(p for p in invented_poems if split_of("".join(p["paragraphs"])) == VALIDATION)
    line = "".join(held_out["paragraphs"])[:5]
    # A training poem that quotes the held-out one: found by trying ends until the hash says "train".
    thief = next(
        text
        for text in (f"{line}，一二三四五。六七八九{chr(0x4E00 + k)}，上下左右中。" for k in range(50))
        if split_of(text) == TRAIN
    )
    manifest = prepare(
        collection([*invented_poems, {"title": "", "author": "", "paragraphs": [thief]}]), tmp_path / "d", ("tang",)
    )
    assert manifest["shared_a_line_with_training"]["validation"] >= 1
    corpus = PreparedCorpus.load(tmp_path / "d")
    training = {line for poem in corpus.select(TRAIN) for line in lines_of(corpus.text(int(poem)))}
    held = [*corpus.select(VALIDATION), *corpus.select(TEST)]
    assert held
    assert all(training.isdisjoint(lines_of(corpus.text(int(poem)))) for poem in held)


def test_folder_zip_and_tar_give_the_same(collection: Write, invented_poems: Poems, tmp_path: Path) -> None:
    folder = collection(invented_poems[:200], invented_poems[200:])
    with tarfile.open(tmp_path / "c.tar.xz", "w:xz") as archive:
        archive.add(folder, "chinese-poetry-master")
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as archive:
        for path in folder.rglob("*.json"):
            archive.write(path, f"chinese-poetry-master/{path.relative_to(folder)}")
    manifests = [
        prepare(source, tmp_path / f"out{number}", ("tang", "song"))
        for number, source in enumerate((folder, tmp_path / "c.tar.xz", tmp_path / "c.zip"))
    ]
    assert manifests[0]["outputs"] == manifests[1]["outputs"] == manifests[2]["outputs"]
    assert len({manifest["input"]["sha256"] for manifest in manifests}) == 1
    corpus = PreparedCorpus.load(tmp_path / "out0")
    assert len(corpus.select(TRAIN)) == len(corpus.select(TRAIN, ("tang",))) + len(corpus.select(TRAIN, ("song",)))
    assert manifests[0]["poems_read"] == {"tang": 200, "song": 200}


def test_a_collection_not_prepared_is_named(collection: Write, invented_poems: Poems, tmp_path: Path) -> None:
    prepare(collection(invented_poems), tmp_path / "data", ("tang",))
    with pytest.raises(PreparedCorpusError, match="song"):
        PreparedCorpus.load(tmp_path / "data").select(TRAIN, ("song",))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('[{"paragraphs": ["月', "not valid JSON"),
        ('{"paragraphs": []}', "list of poems"),
        ("[3]", "poem 1 should be an object"),
        ('[{"title": "月"}]', "poem 1 has no list of strings"),
        ('[{"paragraphs": "月"}]', "poem 1 has no list of strings"),
        ('[{"paragraphs": [], "title": 3}]', "not a string"),
        ('[{"paragraphs": [], "title": "\\ud800"}]', "poem 1 has half a character"),
        ("[" * 100_000, "not valid JSON"),
    ],
)
def test_broken_json_is_named_and_nothing_is_written(tmp_path: Path, content: str, message: str) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "poet.tang.0.json").write_text(content, encoding="utf-8")
    with pytest.raises(CorpusError, match=message) as caught:
        prepare(source, tmp_path / "data", ("tang",))
    assert "poet.tang.0.json" in str(caught.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["source"]


def test_what_is_no_corpus_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.zip").write_text("no archive")
    (tmp_path / "blank").mkdir()
    (tmp_path / "blank" / "poet.tang.0.json").write_text("[]")
    for source, message in (
        ("empty", "has no poet.tang"),
        ("text.zip", "neither a folder"),
        ("none", "does not exist"),
        ("blank", "no poem in .* can be used"),
    ):
        with pytest.raises(CorpusError, match=message):
            prepare(tmp_path / source, tmp_path / "data", ("tang",))


@pytest.mark.parametrize("name", ["../poet.tang.0.json", "/poet.tang.0.json", "a/../../poet.tang.0.json", "C:\\x"])
def test_an_archive_that_climbs_out_is_refused(tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as zipped:
        zipped.writestr(name, "[]")
    with tarfile.open(tmp_path / "c.tar", "w") as tarred:
        tarred.addfile(tarfile.TarInfo(name))
    for archive in ("c.zip", "c.tar"):
        with pytest.raises(CorpusError, match="climbs out"):
            prepare(tmp_path / archive, tmp_path / "data", ("tang",))


def test_an_archive_that_swells_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "c.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("poet.tang.0.json", b" " * (8 * 2**20 + 1))
    with pytest.raises(CorpusError, match="far more than a file of poems"):
        prepare(tmp_path / "c.zip", tmp_path / "data", ("tang",))


def test_a_torn_archive_is_refused(collection: Write, invented_poems: Poems, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "c.tar.xz", "w:xz") as archive:
        archive.add(collection(invented_poems))
    whole = (tmp_path / "c.tar.xz").read_bytes()
    (tmp_path / "c.tar.xz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CorpusError, match=r"damaged|neither"):
        prepare(tmp_path / "c.tar.xz", tmp_path / "data", ("tang",))


def test_a_full_disk_leaves_the_old_corpus(
    collection: Write, invented_poems: Poems, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = collection(invented_poems)
    prepare(source, tmp_path / "data", ("tang",))
    before = sha256_of(tmp_path / "data" / "manifest.json")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("poetcore.corpus.preparation.np.save", full)
    with pytest.raises(StorageError, match="No space left on device"):
        prepare(source, tmp_path / "data", ("tang",))
    assert sha256_of(tmp_path / "data" / "manifest.json") == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["chinese-poetry", "data"]


def test_a_folder_with_other_things_is_not_replaced(collection: Write, invented_poems: Poems, tmp_path: Path) -> None:
    out = tmp_path / "home"
    out.mkdir()
    (out / "letter.txt").write_text("dear")
    # Other programs have a manifest.json too.
    (out / "manifest.json").write_text("{}")
    with pytest.raises(StorageError, match="no prepared corpus"):
        prepare(collection(invented_poems), out, ("tang",))
    assert (out / "letter.txt").read_text() == "dear"


def test_a_changed_output_is_noticed(collection: Write, invented_poems: Poems, tmp_path: Path) -> None:
    prepare(collection(invented_poems), tmp_path / "data", ("tang",))
    (tmp_path / "data" / "characters.txt").write_text("月\n")
    with pytest.raises(PreparedCorpusError, match=r"characters\.txt"):
        PreparedCorpus.load(tmp_path / "data")
    manifest = json.loads((tmp_path / "data" / "manifest.json").read_text())
    (tmp_path / "data" / "manifest.json").write_text(json.dumps(manifest | {"outputs": None}))
    with pytest.raises(PreparedCorpusError, match="not as prepared"):
        PreparedCorpus.load(tmp_path / "data")
    (tmp_path / "data" / "manifest.json").write_text(json.dumps(manifest | {"format": 99}))
    with pytest.raises(PreparedCorpusError, match="another format"):
        PreparedCorpus.load(tmp_path / "data")
