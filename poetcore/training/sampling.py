"""A plain sample from a model in training: what it writes by itself, no form imposed."""

import numpy as np
import torch

from poetcore.corpus import END, START, UNKNOWN, Vocabulary
from poetcore.nn.language_model import LanguageModel

_LONGEST = 64
_TEMPERATURE = 0.8


@torch.no_grad()
def sample_poem(model: LanguageModel, vocabulary: Vocabulary, beginning: str, seed: tuple[int, int]) -> str:
    """A poem that begins with `beginning`, sampled at temperature 0.8 until the model ends it.

    The randomness is its own, so that sampling leaves the training run as it was.
    """
    random = np.random.default_rng(seed)
    was_training = model.training
    model.eval()
    ids = [START, *vocabulary.encode(beginning).tolist()]
    while len(ids) < _LONGEST and ids[-1] != END:
        logits = (
            model.logits(torch.tensor(ids, device=model.output.bias.device)[:, None])[-1, 0].double().cpu().numpy()
            / _TEMPERATURE
        )
        logits[[START, UNKNOWN]] = -np.inf
        # The Gumbel-max trick: the argmax of logits plus Gumbel noise is a sample from their softmax.
        ids.append(int(np.argmax(logits + random.gumbel(size=len(logits)))))
    model.train(was_training)
    return vocabulary.decode(ids)
