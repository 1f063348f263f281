"""Files and folders written whole or not at all."""

from pathlib import Path

import pytest

from poetcore.errors import StorageError
from poetcore.files import refuse_foreign_folder, whole_folder, write_whole


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    write_whole(tmp_path / "new" / "file", "one")
    write_whole(tmp_path / "new" / "file", b"two")
    assert (tmp_path / "new" / "file").read_text() == "two"
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["file"]


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_whole(tmp_path / "file", "old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StorageError, match="No space left on device"):
        write_whole(tmp_path / "file", "new")
    assert (tmp_path / "file").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot write"):
        write_whole(tmp_path / "file" / "below", "x")
    with pytest.raises(StorageError, match="cannot write"), whole_folder(tmp_path / "file" / "below"):
        pass


def test_a_folder_takes_its_place_when_the_block_ends_well(tmp_path: Path) -> None:
    for content in ("one", "two"):
        with whole_folder(tmp_path / "target") as folder:
            (folder / content).write_text(content)
    assert [path.name for path in (tmp_path / "target").iterdir()] == ["two"]
    with pytest.raises(ZeroDivisionError), whole_folder(tmp_path / "target") as folder:
        (folder / "three").write_text(str(1 // 0))
    assert [path.name for path in (tmp_path / "target").iterdir()] == ["two"]
    assert [path.name for path in tmp_path.iterdir()] == ["target"]


def test_a_folder_may_be_the_one_we_are_in_or_stand_behind_a_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "link").symlink_to("here")
    monkeypatch.chdir(tmp_path / "here")
    for number, target in enumerate((Path(), tmp_path / "link")):
        with whole_folder(target) as folder:
            (folder / "file").write_text(str(number))
        assert (tmp_path / "here" / "file").read_text() == str(number)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["here", "link"]


@pytest.mark.parametrize("inside", [["ours"], ["ours", "also ours", "letter"], ["letter"]])
def test_only_an_empty_folder_or_one_of_our_own_may_be_replaced(tmp_path: Path, inside: list[str]) -> None:
    own = ("ours", "also ours")
    refuse_foreign_folder(tmp_path / "nothing", own, "parcel")
    refuse_foreign_folder(tmp_path, own, "parcel")
    for name in inside:
        (tmp_path / name).write_text("")
    with pytest.raises(StorageError, match="is no parcel"):
        refuse_foreign_folder(tmp_path, own, "parcel")
    with pytest.raises(StorageError, match="is no parcel"):
        refuse_foreign_folder(tmp_path / inside[0], own, "parcel")
