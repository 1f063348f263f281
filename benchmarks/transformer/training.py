"""Training the Transformer as our LSTM is trained: the same poems, batches, optimiser and schedule, by the clock."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from benchmarks.corpora import Course
from benchmarks.ours import Average, Hardware, Muon, Together, build_optimiser, learning_rate, output_loss
from benchmarks.transformer.model import CausalTransformer
from poetcore.corpus import START
from poetcore.training.presets import TrainingSettings

# What another group costs, in tokens: weights are converted and gradients added up once more (0.03 s for 6 M of them).
_GROUP_COST: Final = 400


@dataclass(frozen=True)
class Trained:
    """What training came to."""

    updates: int
    tokens: int
    """Real tokens, padding not counted."""
    seconds: float
    loss: float
    """Mean cross-entropy in nats a token of the last update."""


Share = Callable[[Trained], float]
"""Says which share of the training is done, from 0 to 1; at 1 it ends, and so does its schedule."""


def by_clock(seconds: float) -> Share:
    """A training of so many seconds."""
    return lambda state: state.seconds / seconds


def by_updates(updates: int) -> Share:
    """A training of so many updates, whatever else the machine does."""
    return lambda state: state.updates / updates


def train_transformer(
    model: CausalTransformer,
    batches: Iterator[Sequence[Tensor]],
    settings: TrainingSettings,
    done: Share,
    observe: Callable[[Trained], None] = lambda _: None,
) -> Trained:
    """Train until all is `done`; the model is left with the averaged weights, if the settings have an average.

    `batches` are poems as token ids int64 from START; products are in the arithmetic that our LSTM would have here.
    """
    optimiser = optimiser_for(model, settings)
    average = Average(lambda: dict(model.named_parameters()), settings.average)
    began = time.monotonic()
    state = Trained(0, 0, 0.0, float("nan"))
    model.train()
    while (share := done(state)) < 1:
        for group in optimiser.param_groups:
            group["lr"] = scheduled_rate(state.updates, share, settings)
        poems = next(batches)
        optimiser.zero_grad(set_to_none=True)
        tokens = sum(len(poem) - 1 for poem in poems)
        nats = sum(_backward(model, group, tokens, settings) for group in alike(poems))
        if settings.clip_norm:
            torch.nn.utils.clip_grad_norm_(model.parameters(), settings.clip_norm)
        optimiser.step()
        average.update()
        state = Trained(state.updates + 1, state.tokens + tokens, time.monotonic() - began, nats / tokens)
        observe(state)
    for name, parameter in model.named_parameters():
        if name in average.tensors:
            parameter.data.copy_(average.tensors[name])
    return state


def optimiser_for(model: CausalTransformer, settings: TrainingSettings) -> torch.optim.Optimizer:
    """The settings' optimiser; Muon is for the matrices of the layers, as it is for those of the gates in our LSTM."""
    if settings.optimiser != "muon":
        return build_optimiser(model.parameters(), settings)
    matrices = {name: weight for name, weight in model.layers.named_parameters() if weight.dim() == 2}
    # Queries, keys and values lie one below the other.
    groups = [{"params": [weight], "stacked": 3 if "in_proj" in name else 1} for name, weight in matrices.items()]
    apart = {id(weight) for weight in matrices.values()}
    others = [parameter for parameter in model.parameters() if id(parameter) not in apart]
    rate, decay = settings.learning_rate, settings.weight_decay
    muon = Muon(groups, rate, decay, Hardware.chosen(settings).arithmetic)
    return Together((muon, torch.optim.AdamW(others, lr=rate, weight_decay=decay, fused=True)))


def scheduled_rate(update: int, share: float, settings: TrainingSettings) -> float:
    """The learning rate of `update` when `share` of the time is over, by the schedule our LSTM has."""
    total = round(update / share) if share > 0 else 1_000_000
    return learning_rate(update, max(update + 1, total), settings)


def endless_batches(course: Course) -> Iterator[list[Tensor]]:
    """All training poems of the course's corpus in batches, in another random order every epoch."""
    poems, size = course.training_poems, course.settings.batch_poems
    random = np.random.default_rng(course.settings.seed)
    while True:
        order = random.permutation(poems)
        for start in range(0, len(order) - size + 1, size):
            yield course.encoded(order[start : start + size])


def alike(poems: Sequence[Tensor]) -> list[list[Tensor]]:
    """The poems of one batch in groups, each padded by itself, that together make one update in the least time."""
    poems = sorted(poems, key=len)
    # A group never ends within poems of one length.
    ends = [
        place for place in range(1, len(poems) + 1) if place == len(poems) or len(poems[place]) > len(poems[place - 1])
    ]
    # For each end, what all up to there cost at least, and where the last of their groups begins.
    best: dict[int, tuple[int, int]] = {0: (0, 0)}
    for end in ends:
        longest = len(poems[end - 1]) - 1
        best[end] = min((cost + (end - begin) * longest + _GROUP_COST, begin) for begin, (cost, _) in best.items())
    groups: list[list[Tensor]] = []
    end = len(poems)
    while end:
        begin = best[end][1]
        groups.append(poems[begin:end])
        end = begin
    return groups


def _backward(
    model: CausalTransformer, poems: Sequence[Tensor], batch_tokens: int, settings: TrainingSettings
) -> float:
    """Add the group's share to the gradients; returns its summed cross-entropy in nats."""
    device = model.bias.device
    tokens = pad_sequence(list(poems), batch_first=True, padding_value=START).to(device)
    # START is never predicted: it stands for padding.
    live = tokens[:, 1:] != START
    # float16 would need its gradients scaled; where it is all that a GPU has, this is float32.
    dtype = torch.bfloat16 if Hardware.chosen(settings).arithmetic == torch.bfloat16 else torch.float32
    with torch.autocast(device.type, torch.bfloat16, enabled=dtype == torch.bfloat16):
        hidden = model.hidden(tokens[:, :-1])[live].to(dtype)
    loss = output_loss(hidden, model.embedding.weight, model.bias, tokens[:, 1:][live], settings)
    (loss / batch_tokens).backward()  # type: ignore[no-untyped-call]
    return float(loss.item())
