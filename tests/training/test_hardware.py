"""What a machine is given to train with."""

from dataclasses import replace

import torch

from poetcore.nn.loss import Sampling
from poetcore.training.hardware import Hardware
from poetcore.training.presets import PRESETS


def test_a_part_of_the_vocabulary_is_seen_where_it_is_asked_for_and_no_gpu_is_there() -> None:
    processor, card = (Hardware(torch.device(device), torch.float32, "own") for device in ("cpu", "cuda"))
    drawing = replace(PRESETS["base"], frequent_tokens=50, sampled_tokens=100)
    assert processor.sampling(drawing) == Sampling(50, 100)
    assert processor.sampling(replace(drawing, sampled_tokens=0)) is None
    assert card.sampling(drawing) is None
