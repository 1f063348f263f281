"""Checkpoints: tensors in safetensors, the rest in JSON, written whole, checked when read, the last two kept.

`checkpoint.json` names a tensor file and its SHA-256 and carries one of itself. It is replaced only after the tensor
file is on disk, so a run that dies at any moment has a whole checkpoint. Nothing is pickled.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import safetensors.torch
import torch
from torch import Tensor

from poetcore.errors import CheckpointError
from poetcore.files import sha256_of, write_whole

CURRENT: Final = "checkpoint.json"
PREVIOUS: Final = "checkpoint.previous.json"


@dataclass(frozen=True)
class Checkpoint:
    """What training needs to go on: named tensors and a JSON-able state."""

    tensors: dict[str, Tensor]
    state: dict[str, Any]


def save_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Write `checkpoint` to `folder` and retire the one before the last; raises `StorageError`."""
    name = f"update-{checkpoint.state['updates']:08d}.safetensors"
    content = safetensors.torch.save({key: tensor.contiguous() for key, tensor in checkpoint.tensors.items()})
    write_whole(folder / name, content)
    body = {"tensors": {"file": name, "sha256": hashlib.sha256(content).hexdigest()}, "state": checkpoint.state}
    # Saved twice at one update, or over one that is damaged: the checkpoint before that is still the one before.
    if _tensor_file(folder / CURRENT) not in (None, name):
        write_whole(folder / PREVIOUS, (folder / CURRENT).read_bytes())
    write_whole(folder / CURRENT, json.dumps(body | {"sha256": _digest(body)}))
    _remove_retired(folder)


def has_checkpoint(folder: Path) -> bool:
    """Whether `folder` holds a checkpoint, whole or not."""
    return (folder / CURRENT).exists() or (folder / PREVIOUS).exists()


def load_checkpoint(folder: Path) -> Checkpoint:
    """The last checkpoint, verified; raises `CheckpointError` that says how to go on from the one before it."""
    path = folder / CURRENT if (folder / CURRENT).exists() else folder / PREVIOUS
    try:
        return _read(path)
    except CheckpointError as error:
        raise CheckpointError(f"{error}{_way_out(path)}") from error


def _read(path: Path) -> Checkpoint:
    try:
        body = json.loads(path.read_bytes())
        digest = body.pop("sha256")
        whole = digest == _digest(body)
        tensor_path = path.parent / Path(body["tensors"]["file"]).name
        whole = whole and sha256_of(tensor_path) == body["tensors"]["sha256"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(f"{path} is damaged ({type(error).__name__}: {error})") from error
    if not whole:
        raise CheckpointError(f"{path} or its tensor file was changed or torn: the checksum differs")
    return Checkpoint(safetensors.torch.load(tensor_path.read_bytes()), body["state"])


def _way_out(path: Path) -> str:
    previous = path.parent / PREVIOUS
    if path.name == CURRENT and previous.exists():
        try:
            updates = _read(previous).state["updates"]
        except CheckpointError:
            return "; the one before it is damaged too: start the run anew in another folder"
        return f"; the one before it is whole: delete {path.name} to resume from update {updates}"
    return "; there is none before it: start the run anew in another folder"


def _digest(body: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def _remove_retired(folder: Path) -> None:
    """Delete the tensor files that neither JSON names any more, and what a killed run had half written."""
    named = {_tensor_file(folder / name) for name in (CURRENT, PREVIOUS)}
    for path in (*folder.glob("update-*.safetensors"), *folder.glob(".*.partial-*")):
        if path.name not in named:
            path.unlink(missing_ok=True)


def _tensor_file(path: Path) -> str | None:
    """The tensor file that a checkpoint names; None where there is no checkpoint, or a damaged one."""
    try:
        return str(json.loads(path.read_bytes())["tensors"]["file"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def optimiser_tensors(optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """What an optimiser remembers, by names that `restore_optimiser` understands below "optimiser."."""
    state = optimiser.state_dict()["state"]
    return {
        f"optimiser.{index}.{name}": torch.as_tensor(value)
        for index, values in state.items()
        for name, value in values.items()
    }


def restore_optimiser(optimiser: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    """Give back what `optimiser_tensors` took, the names without "optimiser."; raises ValueError if it does not fit."""
    state: dict[int, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        index, name = key.split(".", 1)
        state.setdefault(int(index), {})[name] = tensor
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})


def under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors whose names begin with `prefix`, without it."""
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
