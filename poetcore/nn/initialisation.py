"""How the weights of a language model begin: Xavier, and the two that the study shows it against."""

from typing import Final

import torch
from torch import nn

INITIALISATIONS: Final = ("xavier", "random", "zero")


@torch.no_grad()
def initialise(model: nn.Module, how: str) -> None:
    """Fill every parameter of `model` in place.

    "xavier": uniform with the variance of Glorot & Bengio (2010), for each gate's matrix by itself, since each is a
    map of its own; biases zero. "random": standard normal numbers everywhere. "zero": zeros everywhere.
    """
    for name, parameter in model.named_parameters():
        # torch's layer has a second bias, which stays zero.
        if how == "zero" or "bias_hh" in name:
            parameter.zero_()
        elif how == "random":
            parameter.normal_()
        elif "bias" in name:
            parameter.zero_()
        else:
            for part in parameter.chunk(4) if "weight_ih" in name or "weight_hh" in name else (parameter,):
                nn.init.xavier_uniform_(part)
