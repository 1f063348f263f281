"""What training runs on: device, arithmetic, LSTM layer, softmax. Chosen here, once, and told to whoever watches."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch

from poetcore.errors import SettingsError
from poetcore.nn.kernels import kernels_for
from poetcore.nn.loss import Sampling
from poetcore.training.presets import TrainingSettings

# oneDNN keeps 1,024 compiled products by default. Each batch has products of shapes of its own, and the process grew by
# a gigabyte in a minute and a half; with 32 by half as much, at the same speed.
_PRODUCTS_KEPT: Final = "32"

# torch takes a thread for each core that the process may run on, and does not know that a container may have less time.
_QUOTA: Final = Path("/sys/fs/cgroup/cpu.max")

_DTYPES: Final = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


@dataclass(frozen=True)
class Hardware:
    """The choice for one run on one machine."""

    device: torch.device
    arithmetic: torch.dtype
    """Of the matrix products in training; weights, cell states, sums and evaluation are float32 in any case."""
    lstm: str
    """"own" or "torch"."""

    @classmethod
    def chosen(cls, settings: TrainingSettings, local_rank: int = 0) -> "Hardware":
        """What `settings` ask for, "auto" being the fastest; raises `SettingsError` for what this machine has not."""
        # Read once, before the first product.
        os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", _PRODUCTS_KEPT)
        if (granted := _granted_cores()) is not None and granted < torch.get_num_threads():
            torch.set_num_threads(granted)
        device = torch.device("cuda", local_rank) if torch.cuda.is_available() else torch.device("cpu")
        arithmetic = _fastest(device) if settings.arithmetic == "auto" else _DTYPES[settings.arithmetic]
        lstm = settings.lstm if settings.lstm != "auto" else "own" if device.type == "cpu" else "torch"
        if arithmetic == torch.float16 and device.type == "cpu":
            raise SettingsError("arithmetic=float16 needs a GPU: use bfloat16, float32 or auto")
        return cls(device, arithmetic, lstm)

    def sampling(self, settings: TrainingSettings) -> Sampling | None:
        """Which part of the vocabulary the loss sees in training; None: all of it."""
        # A GPU computes the whole softmax in less time than it takes to choose a part of it.
        if not settings.sampled_tokens or self.device.type != "cpu":
            return None
        return Sampling(settings.frequent_tokens, settings.sampled_tokens)

    @property
    def memory(self) -> int | None:
        """Bytes of the GPU, or of the machine if there is none; None where the system does not say."""
        if self.device.type == "cuda":
            return torch.cuda.get_device_properties(self.device).total_memory
        try:
            return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        except (AttributeError, ValueError, OSError):
            return None

    def __str__(self) -> str:
        """One line for a person: "2 CPU threads, bfloat16 products, own LSTM (C kernels)"."""
        where = f"{torch.get_num_threads()} CPU threads"
        if self.device.type != "cpu":
            where = torch.cuda.get_device_name(self.device)
        layer = "torch's LSTM"
        if self.lstm == "own":
            kernels = kernels_for(torch.empty(0, dtype=self.arithmetic, device=self.device))
            layer = f"own LSTM ({kernels.name} kernels)"
        return f"{where}, {str(self.arithmetic).removeprefix('torch.')} products, {layer}"


def _granted_cores() -> int | None:
    """Whole cores that a container's quota of time comes to (cgroup v2), at least one; None where there is no quota."""
    try:
        time_us, period_us = map(int, _QUOTA.read_text().split())
    except (OSError, ValueError):
        # Where nothing limits it, "max" stands in place of the time.
        return None
    return max(1, time_us // period_us)


def _fastest(device: torch.device) -> torch.dtype:
    if device.type == "cpu":
        # Emulated bfloat16 is slower than float32; with these instructions it is two to four times faster.
        able = torch.cpu.get_capabilities()
        return torch.bfloat16 if able.get("avx512_bf16") or able.get("amx_bf16") else torch.float32
    # Before compute capability 8 there is float16 only.
    return torch.bfloat16 if torch.cuda.get_device_capability(device) >= (8, 0) else torch.float16
