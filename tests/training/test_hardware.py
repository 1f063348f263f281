"""What a machine is given to train with."""

import ctypes
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from poetcore.errors import SettingsError
from poetcore.nn import kernels
from poetcore.nn.loss import Sampling
from poetcore.training import hardware
from poetcore.training.hardware import Hardware
from poetcore.training.presets import PRESETS

AUTO = replace(PRESETS["base"], arithmetic="auto", lstm="auto")


@pytest.fixture
def processor(monkeypatch: pytest.MonkeyPatch) -> dict[str, bool]:
    """A machine without a GPU; what its processor is able to do, to be filled in."""
    able: dict[str, bool] = {}
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: able)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    return able


@pytest.fixture
def cards(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """A machine with GPUs; their compute capabilities, to be filled in."""
    there: list[tuple[int, int]] = []
    empty = torch.empty

    def without_memory(*size: int, dtype: torch.dtype, device: torch.device) -> Tensor:
        assert device.type == "cuda"
        return empty(*size, dtype=dtype, device="meta")

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: there[device.index])
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"Card {device.index}")
    monkeypatch.setattr(torch, "empty", without_memory)
    return there


@pytest.mark.parametrize(
    ("able", "arithmetic"),
    [
        ({"avx512_bf16": True, "amx_bf16": False}, "bfloat16"),
        ({"avx512_bf16": False, "amx_bf16": True}, "bfloat16"),
        ({"avx512_bf16": False, "amx_bf16": False, "avx512_f": True}, "float32"),
        # Of an ARM processor other things are told.
        ({}, "float32"),
    ],
)
def test_a_processor_gets_our_own_layer_and_bfloat16_where_it_has_instructions_for_it(
    able: dict[str, bool], arithmetic: str, processor: dict[str, bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernels, "compiled", lambda source, flags: ctypes.CDLL(None))
    processor.update(able)
    chosen = Hardware.chosen(AUTO)
    assert chosen == Hardware(torch.device("cpu"), getattr(torch, arithmetic), "own")
    assert str(chosen) == f"2 CPU threads, {arithmetic} products, own LSTM (C kernels)"


@pytest.mark.parametrize(
    ("capability", "arithmetic"),
    [((7, 0), "float16"), ((7, 5), "float16"), ((8, 0), "bfloat16"), ((8, 9), "bfloat16"), ((12, 0), "bfloat16")],
)
def test_a_gpu_gets_torchs_layer_and_bfloat16_from_compute_capability_8_on(
    capability: tuple[int, int], arithmetic: str, cards: list[tuple[int, int]]
) -> None:
    cards.append(capability)
    chosen = Hardware.chosen(AUTO)
    assert chosen == Hardware(torch.device("cuda", 0), getattr(torch, arithmetic), "torch")
    assert str(chosen) == f"Card 0, {arithmetic} products, torch's LSTM"


@pytest.mark.parametrize(
    ("quota", "threads"),
    [("max 100000", 4), ("800000 100000", 4), ("250000 100000", 2), ("50000 100000", 1), (None, 4), ("", 4)],
)
def test_there_are_no_more_threads_than_a_container_has_cores_time(
    quota: str | None, threads: int, processor: dict[str, bool], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    processor["avx512_bf16"] = True
    chosen = [4]
    monkeypatch.setattr(torch, "get_num_threads", lambda: chosen[-1])
    monkeypatch.setattr(torch, "set_num_threads", chosen.append)
    monkeypatch.setattr(hardware, "_QUOTA", tmp_path / "cpu.max")
    if quota is not None:
        (tmp_path / "cpu.max").write_text(quota + "\n")
    assert str(Hardware.chosen(AUTO)).startswith(f"{threads} CPU threads")


def test_each_rank_asks_its_own_gpu(cards: list[tuple[int, int]]) -> None:
    cards += [(8, 0), (7, 5)]
    chosen = Hardware.chosen(AUTO, local_rank=1)
    assert chosen == Hardware(torch.device("cuda", 1), torch.float16, "torch")
    assert str(chosen) == "Card 1, float16 products, torch's LSTM"


def test_a_processor_gets_what_is_asked_for_but_float16(
    processor: dict[str, bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without a compiler.
    monkeypatch.setattr(kernels, "compiled", lambda source, flags: None)
    processor["avx512_bf16"] = True
    exact = Hardware.chosen(replace(AUTO, arithmetic="float32"))
    assert str(exact) == "2 CPU threads, float32 products, own LSTM (torch kernels)"
    judge = Hardware.chosen(replace(AUTO, lstm="torch"))
    assert str(judge) == "2 CPU threads, bfloat16 products, torch's LSTM"
    with pytest.raises(SettingsError, match="arithmetic=float16 needs a GPU"):
        Hardware.chosen(replace(AUTO, arithmetic="float16"))


def test_a_gpu_gets_what_is_asked_for(cards: list[tuple[int, int]]) -> None:
    cards.append((8, 0))
    chosen = Hardware.chosen(replace(AUTO, arithmetic="float16", lstm="own"))
    assert chosen == Hardware(torch.device("cuda", 0), torch.float16, "own")
    assert str(chosen) == "Card 0, float16 products, own LSTM (torch kernels)"


def test_a_part_of_the_vocabulary_is_seen_where_it_is_asked_for_and_no_gpu_is_there() -> None:
    processor, card = (Hardware(torch.device(device), torch.float32, "own") for device in ("cpu", "cuda"))
    drawing = replace(PRESETS["base"], frequent_tokens=50, sampled_tokens=100)
    assert processor.sampling(drawing) == Sampling(50, 100)
    assert processor.sampling(replace(drawing, sampled_tokens=0)) is None
    assert card.sampling(drawing) is None
