"""Several processes that train one model: `torchrun --nproc-per-node N … poet train …`.

Every rank takes its share of each batch, torch's DistributedDataParallel adds up the gradients, rank 0 writes.
"""

import gc
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Final, TypeVar

import torch
from torch import Tensor, distributed, nn

Result = TypeVar("Result")

# What torchrun tells each process.
_TORCHRUNS: Final = frozenset({"RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"})


@dataclass(frozen=True)
class Ranks:
    """This process among those that train together; alone, everything here is a plain call."""

    rank: int = 0
    count: int = 1
    local_rank: int = 0
    """Among the processes of this machine: which GPU is ours."""

    @property
    def leads(self) -> bool:
        """Whether this one writes files and speaks to the person."""
        return self.rank == 0

    def wrapped(self, model: nn.Module) -> nn.Module:
        """`model` such that its backward leaves the mean of all ranks' gradients."""
        return model if self.count == 1 else nn.parallel.DistributedDataParallel(model)

    def total(self, value: Tensor) -> Tensor:
        """The sum of all ranks' `value`."""
        if self.count > 1:
            distributed.all_reduce(value)
        return value

    def agreed(self, flag: bool) -> bool:
        """What rank 0 thinks: a clock that one rank reads must not part the ranks."""
        if self.count == 1:
            return flag
        word = torch.tensor([float(flag)])
        device = torch.device("cuda", self.local_rank) if distributed.get_backend() == "nccl" else torch.device("cpu")
        word = word.to(device)
        distributed.broadcast(word, src=0)
        return bool(word.item())

    def wait(self) -> None:
        """Until all ranks are here."""
        if self.count > 1:
            distributed.barrier()

    def in_turn(self, first: Callable[[], Result], then: Callable[[], Result]) -> Result:
        """`first` by rank 0, and when it is done `then` by the others: who makes a folder, and who opens it."""
        if self.leads:
            result = first()
        self.wait()
        return result if self.leads else then()


ALONE: Final = Ranks()


@contextmanager
def joined() -> Iterator[Ranks]:
    """The ranks that torchrun started, or one alone. When rank 0 ends early, the others end and leave it the word."""
    if not os.environ.keys() >= _TORCHRUNS:
        yield Ranks()
        return
    ranks = Ranks(int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"]), int(os.environ.get("LOCAL_RANK", "0")))
    if torch.cuda.is_available():
        torch.cuda.set_device(ranks.local_rank)
    # DistributedDataParallel imports these functions, and the group that there is by then becomes their default, which
    # keeps it for ever.
    import_module("torch.distributed.nn")
    try:
        distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
        yield ranks
    except RuntimeError as error:
        if ranks.leads or not _is_parting(error):
            raise
        raise SystemExit(1) from error
    finally:
        if distributed.is_initialized():
            distributed.destroy_process_group()
            # Gloo's threads end with the last reference to their group. One that lets go of a tensor while the
            # interpreter ends would abort the process, whose work is done.
            gc.collect()


def _is_parting(error: RuntimeError) -> bool:
    """Whether it says that another rank is gone; gloo has no class of error for it."""
    return isinstance(error, distributed.DistError) or "gloo" in str(error).lower()
