"""Rated poems as batches, and how likely a model thinks each of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from poetcore.corpus import END, START, UNKNOWN, Vocabulary
from poetcore.nn.context import contexts, form_id, mark_ids
from poetcore.nn.language_model import Batch, Conditions, LanguageModel
from poetcore.nn.lookup import Steps, moved
from poetcore.prosody import form_of
from poetcore.prosody.text import is_hanzi
from poetcore.script import prefix_in_traditional
from poetcore.training.preference.selection import Judged

# Poems at once where there is no gradient: 128 x 50 rows of 7,000 logits are 180 MB.
_AT_ONCE: Final = 128


@dataclass(frozen=True)
class EncodedPoem:
    """A rated poem in token ids, and what the poet was told when it wrote it."""

    tokens: npt.NDArray[np.int32]
    """START … END."""
    given: int
    """So many tokens after START are the reader's own: they are no merit of the poet's."""
    title: npt.NDArray[np.int32]
    form: int
    """See `poetcore.nn.context.form_id`."""

    @classmethod
    def of(cls, poem: Judged, vocabulary: Vocabulary) -> "EncodedPoem":
        """A judged poem."""
        # As it was told then, whichever script the reader typed it in.
        hanzi = "".join(filter(is_hanzi, poem.title))
        title = vocabulary.encode(prefix_in_traditional(hanzi, "hant", vocabulary.usual))
        return cls(
            tokens=np.concatenate(([START], vocabulary.encode(poem.text), [END])).astype(np.int32),
            given=_given(poem.text, sum(map(is_hanzi, poem.prefix))),
            title=title[title != UNKNOWN],
            form=form_id(form_of(poem.text)),
        )


def _given(text: str, hanzi: int) -> int:
    """How many characters of `text` its first `hanzi` hanzi take; the marks between them are given too."""
    places = [place for place, char in enumerate(text) if is_hanzi(char)]
    return places[min(hanzi, len(places)) - 1] + 1 if hanzi and places else 0


class RatedPoems:
    """All rated poems of a fine-tune."""

    def __init__(self, poems: Sequence[Judged], vocabulary: Vocabulary, device: torch.device) -> None:
        """The order is kept: indices below are those of `poems`."""
        self._poems = [EncodedPoem.of(poem, vocabulary) for poem in poems]
        self._marks = mark_ids(vocabulary)
        self._device = device
        self.liked: Final = torch.tensor([poem.liked for poem in poems], device=device)
        self.weights: Final = torch.tensor([poem.weight for poem in poems], device=device)

    def __len__(self) -> int:
        """Number of poems."""
        return len(self._poems)

    def log_likelihoods(self, model: LanguageModel, indices: Sequence[int]) -> Tensor:
        """ln P of these poems, nats a token that the poet chose (END included), float32 [len(indices)].

        In the arithmetic of the model's mode; gradients flow.
        """
        longest_first = sorted(range(len(indices)), key=lambda place: -len(self._poems[indices[place]].tokens))
        poems = [self._poems[indices[place]] for place in longest_first]
        batch, counted = packed(poems, self._marks, self._device)
        losses = token_losses(model, batch) * counted
        sums = losses.new_zeros(len(poems)).index_add(0, batch.steps.sequences, losses)
        tokens = counted.new_zeros(len(poems)).index_add(0, batch.steps.sequences, counted)
        back = torch.tensor(longest_first, device=self._device)
        return torch.empty_like(sums).index_copy(0, back, -sums / tokens)

    @torch.no_grad()
    def reference(self, model: LanguageModel) -> Tensor:
        """ln P of all poems as `log_likelihoods`, without gradients."""
        starts = range(0, len(self), _AT_ONCE)
        parts = [self.log_likelihoods(model, range(start, min(start + _AT_ONCE, len(self)))) for start in starts]
        return torch.cat(parts)


def packed(poems: Sequence[EncodedPoem], marks: npt.NDArray[np.int32], device: torch.device) -> tuple[Batch, Tensor]:
    """The poems, longest first, as a batch; and 1 for each of its targets that the poet chose, else 0: float32 [N]."""
    flat = np.concatenate([poem.tokens for poem in poems])
    ends = np.cumsum([len(poem.tokens) for poem in poems])
    begins = np.concatenate(([0], ends[:-1]))
    lengths = ends - begins - 1
    steps = np.arange(lengths[0])[:, None]
    alive = steps < lengths
    # Row-major: all rows of step 0, then all of step 1.
    inputs = (begins + steps)[alive]
    counted = (steps >= np.array([poem.given for poem in poems]))[alive]
    first = np.zeros(len(flat), np.bool_)
    first[begins] = True
    found = contexts(flat, first, marks)
    told = found.stacked()[inputs]
    titles = [poem.title for poem in poems]
    title_begins = np.concatenate(([0], np.cumsum([len(title) for title in titles])[:-1]))
    forms = np.array([poem.form for poem in poems])
    columns = (np.concatenate(titles), title_begins, forms, np.zeros_like(forms))
    batch = Batch(
        steps=Steps.of(alive.sum(axis=1).tolist(), device),
        inputs=_on(flat[inputs], device),
        targets=_on(flat[inputs + 1], device),
        contexts=_on(told, device),
        conditions=Conditions(*(_on(column, device) for column in columns)),
    )
    return batch, moved(torch.from_numpy(counted.astype(np.float32)), device)


def _on(values: npt.NDArray[np.int32] | npt.NDArray[np.int64], device: torch.device) -> Tensor:
    return moved(torch.from_numpy(values.astype(np.int64)), device)


def token_losses(model: LanguageModel, batch: Batch) -> Tensor:
    """−ln P of each target of `batch`, float32 [N].

    The plain, memory-hungry way: a poem's gradient is known only when its last token has been read, so the loss cannot
    be taken chunk by chunk as in training; and a rated batch is small.
    """
    hidden = model.hidden(batch)
    logits = (hidden @ model.output.weight.to(hidden.dtype).t()).float() + model.output.bias
    return nn.functional.cross_entropy(logits, batch.targets, reduction="none")
