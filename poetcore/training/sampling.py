"""A plain sample from a model in training: what it writes by itself, no form imposed."""

from typing import Final

import numpy as np
import numpy.typing as npt
import torch

from poetcore.corpus import END, START, UNKNOWN, Vocabulary
from poetcore.nn.context import Tokens, contexts, mark_ids
from poetcore.nn.language_model import LanguageModel

_LONGEST: Final = 64
TEMPERATURE: Final = 0.8


@torch.no_grad()
def sample_poem(model: LanguageModel, vocabulary: Vocabulary, beginning: str, seed: tuple[int, int]) -> str:
    """A poem that begins with `beginning`, sampled at temperature 0.8 until the model ends it.

    The randomness is its own, so that sampling leaves the training run as it was.
    """
    random = np.random.default_rng(seed)
    was_training = model.training
    model.eval()
    marks = mark_ids(vocabulary)
    tokens = np.array([START, *vocabulary.encode(beginning)], np.int32)
    while len(tokens) < _LONGEST and tokens[-1] != END:
        logits = _next_logits(model, tokens, marks) / TEMPERATURE
        logits[[START, UNKNOWN]] = -np.inf
        # The Gumbel-max trick: the argmax of logits plus Gumbel noise is a sample from their softmax.
        tokens = np.append(tokens, np.argmax(logits + random.gumbel(size=len(logits))).astype(np.int32))
    model.train(was_training)
    return vocabulary.decode(tokens.tolist())


def _next_logits(model: LanguageModel, tokens: Tokens, marks: Tokens) -> npt.NDArray[np.float64]:
    """Logits [V] of the token after `tokens` [T], the first of which is START."""
    device = model.output.bias.device
    told = contexts(tokens, np.arange(len(tokens)) == 0, marks).stacked()
    inputs, told_ids = (torch.from_numpy(x).long().to(device)[:, None] for x in (tokens, told))
    logits: npt.NDArray[np.float64] = model.logits(inputs, told_ids)[-1, 0].double().cpu().numpy()
    return logits
