"""The package: written whole, read with every byte checked, refused with a sentence otherwise."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from poetcore import package as package_module
from poetcore.errors import PackageError
from poetcore.files import sha256_of
from poetcore.package import Architecture, PoetCard, Tensors, expected_shapes, read_card, read_package, write_package


@pytest.fixture
def package(toy_package: Path, tmp_path: Path) -> Path:
    """A copy that may be damaged."""
    return Path(shutil.copytree(toy_package, tmp_path / "poet"))


def change_card(package: Path, change: Callable[[dict[str, Any]], object]) -> None:
    card = json.loads((package / "poet.json").read_text(encoding="utf-8"))
    change(card)
    (package / "poet.json").write_text(json.dumps(card), encoding="utf-8")


def change_weights(package: Path, tensors: Tensors) -> None:
    """Other weights with the right checksum: what a careless tool would leave."""
    path = package / "weights.safetensors"
    path.write_bytes(safetensors.numpy.save(tensors))
    entry = {"sha256": sha256_of(path), "bytes": path.stat().st_size}
    change_card(package, lambda card: card["files"].update({"weights.safetensors": entry}))


def test_what_is_written_is_read(tmp_path: Path, toy_card: PoetCard, toy_tensors: Tensors) -> None:
    written = write_package(tmp_path / "poet", toy_card, toy_tensors)
    card, tensors = read_package(tmp_path / "poet")
    assert card == written == read_card(tmp_path / "poet")
    assert card.model_copy(update={"files": {}}) == toy_card
    assert tensors.keys() == toy_tensors.keys()
    for name, tensor in tensors.items():
        assert tensor.dtype == np.float32
        np.testing.assert_array_equal(tensor, toy_tensors[name].astype(np.float32))


def test_the_card_on_disk(package: Path) -> None:
    card = json.loads((package / "poet.json").read_text(encoding="utf-8"))
    weights = package / "weights.safetensors"
    assert card["format"] == 1
    assert card["version"] == "toy-1"
    assert card["created"] == "2024-09-17T12:00:00Z"
    assert card["parent"] is None
    assert card["architecture"] == {"embedding_size": 8, "hidden_size": 16, "layers": 2, "tied": False} | {
        "context_size": 0,
        "condition_size": 0,
    }
    assert card["vocabulary"]["characters"].startswith("，。紅不")
    assert card["forms"] == ["五絕", "七絕", "五律", "七律"]
    assert card["files"] == {"weights.safetensors": {"sha256": sha256_of(weights), "bytes": weights.stat().st_size}}
    assert sorted(path.name for path in package.iterdir()) == ["poet.json", "weights.safetensors"]


def test_a_transposed_view_is_stored_as_it_reads(tmp_path: Path, toy_card: PoetCard, toy_tensors: Tensors) -> None:
    name = "lstm.0.weight_hh"
    view = np.ascontiguousarray(toy_tensors[name].T).T
    write_package(tmp_path / "poet", toy_card, toy_tensors | {name: view})
    np.testing.assert_array_equal(read_package(tmp_path / "poet")[1][name], toy_tensors[name].astype(np.float32))


def test_shapes_of_a_tied_poet() -> None:
    tied = Architecture(embedding_size=6, hidden_size=6, layers=1, tied=True)
    assert expected_shapes(tied, 10) == {
        "embedding": (10, 6),
        "lstm.0.weight_ih": (24, 6),
        "lstm.0.weight_hh": (24, 6),
        "lstm.0.bias": (24,),
        "output.bias": (10,),
    }


def test_unfit_tensors_are_not_written(tmp_path: Path, toy_card: PoetCard, toy_tensors: Tensors) -> None:
    with pytest.raises(PackageError, match="has an unexpected tensor 'extra'"):
        write_package(tmp_path / "poet", toy_card, toy_tensors | {"extra": np.zeros(1, np.float32)})
    assert list(tmp_path.iterdir()) == []


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match="there is no such folder; `poet export` makes one"):
        read_package(tmp_path / "nothing")


@pytest.mark.parametrize("name", ["poet.json", "weights.safetensors"])
def test_a_missing_file_is_named(package: Path, name: str) -> None:
    (package / name).unlink()
    with pytest.raises(PackageError, match=f"{name} is missing"):
        read_package(package)


@pytest.mark.parametrize("position", [0, 100, -1])
def test_a_changed_byte_is_found(package: Path, position: int) -> None:
    path = package / "weights.safetensors"
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)
    with pytest.raises(PackageError, match="sha256 differs"):
        read_package(package)


def test_a_torn_file_is_found(package: Path) -> None:
    path = package / "weights.safetensors"
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(PackageError, match="sha256 differs"):
        read_package(package)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"null", b'{"format": 1}'])
def test_a_broken_card_is_refused(package: Path, content: bytes) -> None:
    (package / "poet.json").write_bytes(content)
    with pytest.raises(PackageError, match=r"poet\.json"):
        read_package(package)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda card: card.update(format=2), "format 2 is unknown, this version reads format 1"),
        (lambda card: card.update(version="../up"), "version: "),
        (lambda card: card.update(created="yesterday"), "created: "),
        (lambda card: card.update(created="2024-09-17T12:00:00"), "created: .*timezone"),
        (lambda card: card["architecture"].update(layers=0), "architecture.layers: "),
        (lambda card: card["architecture"].update(hidden_size="256"), "architecture.hidden_size: "),
        (lambda card: card["architecture"].update(tied=True), "a tied output needs"),
        (lambda card: card["vocabulary"].update(characters="月月"), "vocabulary: .*each once"),
        (lambda card: card["files"].clear(), "does not list weights.safetensors"),
        (lambda card: card["files"].update({"../x": {"sha256": "0" * 64, "bytes": 1}}), "is no plain file name"),
        (lambda card: card.pop("metrics"), "metrics: "),
        (lambda card: card["training"].update(tokens="many"), "training: .*tokens must be a number"),
        (lambda card: card["training"].update(averaged_with=5), "training: .*averaged_with must be a list"),
        (lambda card: card["training"].update(settings=[]), "training: .*settings must be an object"),
    ],
)
def test_a_senseless_card_says_where(package: Path, change: Callable[[dict[str, Any]], object], message: str) -> None:
    change_card(package, change)
    with pytest.raises(PackageError, match=message):
        read_package(package)


def test_more_keys_may_be_added_later(package: Path) -> None:
    change_card(package, lambda card: card.update(praise="many"))
    assert read_card(package).version == "toy-1"


@pytest.mark.parametrize(
    ("name", "tensor", "message"),
    [
        ("lstm.0.bias", np.zeros(63, np.float32), r"has shape \(63,\), the card asks for \(64,\)"),
        ("lstm.0.bias", np.zeros(64, np.float64), "is float64; float16 and float32 are read"),
        ("lstm.0.bias", np.zeros(64, np.int32), "is int32; float16 and float32 are read"),
        ("lstm.0.bias", np.full(64, np.nan, np.float32), "holds values that are not finite"),
        ("lstm.0.bias", np.full(64, np.inf, np.float16), "holds values that are not finite"),
        ("lstm.9.bias", np.zeros(64, np.float32), "has an unexpected tensor 'lstm.9.bias'"),
    ],
)
def test_unfit_weights_are_refused(
    package: Path, toy_tensors: Tensors, name: str, tensor: np.ndarray[Any, Any], message: str
) -> None:
    change_weights(package, toy_tensors | {name: tensor})
    with pytest.raises(PackageError, match=message):
        read_package(package)


def test_a_lacking_tensor_is_named(package: Path, toy_tensors: Tensors) -> None:
    change_weights(package, {name: tensor for name, tensor in toy_tensors.items() if name != "output.bias"})
    with pytest.raises(PackageError, match=r"lacks tensor 'output\.bias'"):
        read_package(package)


def test_something_else_with_the_right_checksum_is_refused(package: Path) -> None:
    path = package / "weights.safetensors"
    path.write_bytes(b"no tensors here")
    entry = {"sha256": sha256_of(path), "bytes": 15}
    change_card(package, lambda card: card["files"].update({"weights.safetensors": entry}))
    with pytest.raises(PackageError, match="not readable as safetensors"):
        read_package(package)


def test_large_weights_are_spread_over_files(
    tmp_path: Path, toy_card: PoetCard, toy_tensors: Tensors, monkeypatch: pytest.MonkeyPatch
) -> None:
    largest = max(tensor.nbytes for tensor in toy_tensors.values())
    monkeypatch.setattr(package_module, "_LARGEST_FILE", largest)
    card = write_package(tmp_path / "poet", toy_card, toy_tensors)
    assert len(card.files) > 1
    assert set(card.files) == {path.name for path in (tmp_path / "poet").iterdir()} - {"poet.json"}
    _, tensors = read_package(tmp_path / "poet")
    assert tensors.keys() == toy_tensors.keys()
    (tmp_path / "poet" / "weights-2.safetensors").unlink()
    with pytest.raises(PackageError, match=r"weights-2\.safetensors is missing"):
        read_package(tmp_path / "poet")
