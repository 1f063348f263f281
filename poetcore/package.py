"""The poet package: a folder with a card (`poet.json`) and weights (`weights.safetensors`), the one thing that
training hands to serving.

Nothing in it is executed when it is read: JSON, and tensors in the safetensors layout. Every file carries its
SHA-256 in the card, so a torn copy or a changed byte is found before a poem is written with it.
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import numpy as np
import numpy.typing as npt
import safetensors.numpy
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator
from safetensors import SafetensorError

from poetcore.corpus.vocabulary import Vocabulary
from poetcore.errors import PackageError
from poetcore.files import sha256_of, whole_folder, write_whole
from poetcore.nn.context import ERA_IDS, FORM_IDS, PLACES

CARD: Final = "poet.json"
WEIGHTS: Final = "weights.safetensors"
FORMAT: Final = 1

# What is easily kept in a git repository and sent by a bot; more goes into weights-2.safetensors and so on.
_LARGEST_FILE: Final = 15 * 2**20

Tensors = dict[str, npt.NDArray[Any]]

# A version names folders in the model store, so it must be a harmless file name.
Version = Annotated[str, StringConstraints(pattern=r"^\w[\w.+-]{0,63}$")]
_Size = Annotated[int, Field(ge=1, le=16_384)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True)


class Architecture(_Part):
    """The sizes that the tensors' shapes follow from."""

    embedding_size: _Size
    hidden_size: _Size
    layers: Annotated[int, Field(ge=1, le=64)]
    tied: bool
    """Whether the embedding is the output matrix too."""
    context_size: Annotated[int, Field(ge=0, le=16_384)] = 0
    """Width of each embedding of place and of the characters above; 0: the model is not told."""
    condition_size: Annotated[int, Field(ge=0, le=16_384)] = 0
    """Width of the vector for title, form and era; 0: the model is not told."""

    @property
    def input_widths(self) -> tuple[int, ...]:
        """What the first layer reads, in this order: character, place, above, second above, conditions."""
        return (self.embedding_size, *(self.context_size,) * 3, self.condition_size)


class Characters(_Part):
    """The vocabulary as it stands in the card."""

    characters: str
    """Every character in the order of its token id, after the three specials."""


class FileEntry(_Part):
    """What the card says of one file beside it."""

    sha256: Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]
    bytes: Annotated[int, Field(ge=0)]


class PoetCard(_Part):
    """What a poet is: everything but the weights."""

    format: Literal[1] = 1
    version: Version
    created: AwareDatetime
    """When the package was exported, UTC."""
    parent: Version | None = None
    """The version this one was fine-tuned from."""
    architecture: Architecture
    vocabulary: Characters
    forms: tuple[str, ...]
    conditions: tuple[str, ...] = ()
    """What the model can be told besides the text (form, title, author); none for a plain language model."""
    training: dict[str, Any]
    """Preset, settings, fingerprint of the data, collections, epochs, tokens seen, seconds."""
    metrics: dict[str, Any]
    files: dict[str, FileEntry] = Field(default_factory=dict)
    """Filled in when the package is written."""

    @field_validator("vocabulary")
    @classmethod
    def _characters_once_each(cls, value: Characters) -> Characters:
        Vocabulary(value.characters)
        return value

    @field_validator("training")
    @classmethod
    def _as_shown(cls, value: dict[str, Any]) -> dict[str, Any]:
        """What `poet info` shows has the types it is shown as; the rest is free."""
        settings = value.get("settings", {})
        listed = isinstance(settings, dict) and isinstance(settings.get("collections", []), list)
        if not listed:
            raise ValueError("settings must be an object whose collections are a list")
        named = isinstance(value.get("averaged_with", []), list)
        if not named:
            raise ValueError("averaged_with must be a list")
        words = [name for name in ("epochs", "tokens", "seconds") if not isinstance(value.get(name, 0), int | float)]
        if words:
            raise ValueError(f"{words[0]} must be a number")
        return value

    @field_validator("files")
    @classmethod
    def _plain_names(cls, value: dict[str, FileEntry]) -> dict[str, FileEntry]:
        for name in value:
            if Path(name).name != name or "\\" in name or name == CARD:
                raise ValueError(f"{name!r} is no plain file name")
        return value


def now_utc() -> datetime:
    """The present moment as `PoetCard.created` has it: UTC, whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)


def write_package(
    folder: Path, card: PoetCard, tensors: Tensors, extras: Mapping[str, bytes] | None = None
) -> PoetCard:
    """Write a package whole or not at all; returns the card with `files` filled in.

    `tensors`: float16 or float32, named and shaped as `expected_shapes` says. They are checked first: raises
    `PackageError` if they do not fit the card, `StorageError` when the disk refuses. `extras`: what else a poet takes
    along, by file name, see `read_extras`.
    """
    _check_tensors(folder / WEIGHTS, card, tensors)
    # safetensors takes a transposed view's memory as it lies, in the wrong order: hand it contiguous arrays.
    content = {
        name: safetensors.numpy.save({n: np.ascontiguousarray(t) for n, t in part.items()})
        for name, part in _in_files(tensors).items()
    }
    with whole_folder(folder) as partial:
        files = {}
        for name, data in (content | dict(extras or {})).items():
            (partial / name).write_bytes(data)
            files[name] = FileEntry(sha256=sha256_of(partial / name), bytes=(partial / name).stat().st_size)
        card = card.model_copy(update={"files": files})
        (partial / CARD).write_text(_as_json(card), encoding="utf-8")
    return card


def write_metrics(folder: Path, metrics: Mapping[str, Any]) -> None:
    """Add what was measured of the package in `folder` to its card; raises `PackageError` and `StorageError`."""
    card = read_card(folder)
    write_whole(folder / CARD, _as_json(card.model_copy(update={"metrics": {**card.metrics, **metrics}})))


def _as_json(card: PoetCard) -> str:
    return card.model_dump_json(indent=2) + "\n"


def read_package(folder: Path) -> tuple[PoetCard, Tensors]:
    """The card and the tensors, float32, of the package in `folder`.

    Raises `PackageError` for anything that is missing, broken, changed since it was written, or of another format.
    """
    card = read_card(folder)
    content = {name: _checked_file(folder / name, entry) for name, entry in card.files.items()}
    if WEIGHTS not in content:
        raise PackageError(f"{folder / CARD} does not list {WEIGHTS} among its files; export the poet again")
    stored: Tensors = {}
    try:
        for name in filter(_is_weights, content):
            stored |= safetensors.numpy.load(content[name])
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise PackageError(f"{folder / WEIGHTS} is not readable as safetensors ({error})") from error
    _check_tensors(folder / WEIGHTS, card, stored)
    return card, as_float32(stored)


def read_extras(folder: Path, card: PoetCard) -> dict[str, bytes]:
    """What the package in `folder` holds besides card and weights, by file name; raises `PackageError`."""
    return {name: _checked_file(folder / name, entry) for name, entry in card.files.items() if not _is_weights(name)}


def _is_weights(name: str) -> bool:
    return name == WEIGHTS or (name.startswith("weights-") and name.endswith(".safetensors"))


def as_float32(tensors: Tensors) -> Tensors:
    """The tensors as they are computed with."""
    return {name: tensor.astype(np.float32) for name, tensor in tensors.items()}


def _in_files(tensors: Tensors) -> dict[str, Tensors]:
    """The tensors by file, none larger than `_LARGEST_FILE` unless a tensor is."""
    files: dict[str, Tensors] = {WEIGHTS: {}}
    size = 0
    for name, tensor in tensors.items():
        if size and size + tensor.nbytes > _LARGEST_FILE:
            files[f"weights-{len(files) + 1}.safetensors"], size = {}, 0
        files[list(files)[-1]][name] = tensor
        size += tensor.nbytes
    return files


def read_card(folder: Path) -> PoetCard:
    """The card of the package in `folder` alone; the weights are not read. Raises `PackageError`."""
    if not folder.is_dir():
        raise PackageError(f"{folder} is no poet package: there is no such folder; `poet export` makes one")
    content = _read_bytes(folder / CARD)
    try:
        return PoetCard.model_validate_json(content)
    except ValidationError as error:
        raise PackageError(f"{folder / CARD}: {_first_problem(error)}") from error


def expected_shapes(architecture: Architecture, vocabulary_size: int) -> dict[str, tuple[int, ...]]:
    """Name and shape of every tensor of a package.

    V tokens, embedding E, hidden H; gates stand in the order input, forget, cell, output, as in torch.
    """
    embedding, hidden = architecture.embedding_size, architecture.hidden_size
    shapes: dict[str, tuple[int, ...]] = {"embedding": (vocabulary_size, embedding)}
    if context := architecture.context_size:
        shapes |= {"above": (vocabulary_size, context), "place": (PLACES, context)}
    if condition := architecture.condition_size:
        shapes |= {"title": (condition, embedding), "form": (FORM_IDS, condition), "era": (ERA_IDS, condition)}
    for layer in range(architecture.layers):
        shapes[f"lstm.{layer}.weight_ih"] = (4 * hidden, hidden if layer else sum(architecture.input_widths))
        shapes[f"lstm.{layer}.weight_hh"] = (4 * hidden, hidden)
        shapes[f"lstm.{layer}.bias"] = (4 * hidden,)
    if not architecture.tied:
        shapes["output.weight"] = (vocabulary_size, hidden)
    return shapes | {"output.bias": (vocabulary_size,)}


def _check_tensors(path: Path, card: PoetCard, tensors: Tensors) -> None:
    architecture = card.architecture
    if architecture.tied and architecture.embedding_size != architecture.hidden_size:
        raise PackageError(f"{path.parent / CARD}: a tied output needs embedding_size and hidden_size to be equal")
    expected = expected_shapes(architecture, len(Vocabulary(card.vocabulary.characters)))
    if tensors.keys() != expected.keys():
        name = min(tensors.keys() ^ expected.keys())
        raise PackageError(f"{path} {'lacks' if name in expected else 'has an unexpected'} tensor {name!r}")
    for name, shape in expected.items():
        tensor = tensors[name]
        if tensor.shape != shape:
            raise PackageError(f"{path}: tensor {name!r} has shape {tensor.shape}, the card asks for {shape}")
        if tensor.dtype not in (np.float16, np.float32):
            raise PackageError(f"{path}: tensor {name!r} is {tensor.dtype}; float16 and float32 are read")
        if not np.isfinite(tensor).all():
            raise PackageError(f"{path}: tensor {name!r} holds values that are not finite numbers")


def _checked_file(path: Path, entry: FileEntry) -> bytes:
    content = _read_bytes(path)
    # Hashed and parsed are the same bytes: a file swapped in between would not be noticed otherwise.
    if hashlib.sha256(content).hexdigest() != entry.sha256:
        raise PackageError(f"{path} is not the file that was exported (its sha256 differs); copy or export it again")
    return content


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise PackageError(f"{path} is missing; a poet package has {CARD} and {WEIGHTS}") from None
    except OSError as error:
        raise PackageError(f"cannot read {path}: {error.strerror or error}") from error


def _first_problem(error: ValidationError) -> str:
    problem = error.errors(include_url=False, include_context=False)[0]
    place = ".".join(str(part) for part in problem["loc"])
    if place == "format":
        return f"format {problem['input']!r} is unknown, this version reads format {FORMAT}"
    return f"{place}: {problem['msg']}" if place else f"not valid ({problem['msg']})"
