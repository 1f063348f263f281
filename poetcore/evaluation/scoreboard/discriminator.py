"""A two-sample test that reads whole poems: a small Transformer learns to tell generated from real ones. Needs torch.

Every character attends to every other, with the place in the line and the line that each stands in, so that it can see
what n-grams cannot: couplets that have nothing to do with each other, or a poem that forgets what it began.
It learns in epochs, each kept when it is done, so that a run that was cut off goes on.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final

import numpy as np
import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from poetcore.evaluation.scoreboard.auc import Area, Floats
from poetcore.evaluation.scoreboard.reference import Pair
from poetcore.evaluation.scoreboard.verses import Verse, by_form
from poetcore.files import write_whole

_WIDTH: Final = 128
_HEADS: Final = 4
_LAYERS: Final = 2
_CHARACTERS: Final = 6_000
_BATCH: Final = 128
_EPOCHS: Final = 6
_RATE: Final = 1e-3
_DROPOUT: Final = 0.2
_LINES: Final = 8
_PLACES: Final = 7


class Reader(nn.Module):
    """A logit a poem: how sure it is that the poem was generated."""

    def __init__(self, characters: int) -> None:
        """`characters`: ids from 0; 0 is any other."""
        super().__init__()
        self.character = nn.Embedding(characters, _WIDTH)
        self.place = nn.Embedding(_LINES * _PLACES, _WIDTH)
        layer = nn.TransformerEncoderLayer(
            _WIDTH, _HEADS, 4 * _WIDTH, _DROPOUT, activation="gelu", batch_first=True, norm_first=True
        )
        self.layers = nn.TransformerEncoder(layer, _LAYERS, enable_nested_tensor=False)
        self.dropout = nn.Dropout(_DROPOUT)
        self.verdict = nn.Linear(_WIDTH, 1)
        nn.init.normal_(self.character.weight, std=0.1)
        nn.init.normal_(self.place.weight, std=0.1)

    def forward(self, characters: Tensor, places: Tensor) -> Tensor:
        """`characters` int64 [B, n], `places` int64 [n], of poems of one form; float32 [B]."""
        read = self.layers(self.dropout(self.character(characters) + self.place(places)))
        verdict: Tensor = self.verdict(read.mean(dim=1))[:, 0]
        return verdict


def neural_auc(
    learned: Pair, tested: Pair, folder: Path | None, observe: Callable[[int, int], None] = lambda _done, _all: None
) -> Area:
    """The AUC on `tested` of a reader that learned from `learned`, deterministic on one machine.

    `folder`: where each finished epoch is kept, under a name made of all the poems; the same test goes on from there.
    """
    ids = _character_ids([*learned.generated, *learned.real])
    key = sha256("\n".join(v.hanzi for pair in (learned, tested) for v in (*pair.generated, *pair.real)).encode())
    kept = None if folder is None else folder / f"reader-{key.hexdigest()[:16]}.safetensors"
    # The caller's random numbers stay as they are.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        reader = Reader(len(ids) + 1)
        _learn(reader, learned, ids, kept, observe)
    return Area.of(_judged(reader, tested.generated, ids), _judged(reader, tested.real, ids))


def _learn(
    reader: Reader, learned: Pair, ids: dict[str, int], kept: Path | None, observe: Callable[[int, int], None]
) -> None:
    optimiser = torch.optim.AdamW(reader.parameters(), lr=_RATE, weight_decay=0.05)
    examples = _examples(learned)
    done = _restored(reader, optimiser, kept)
    for epoch in range(done, _EPOCHS):
        torch.manual_seed(1_000 + epoch)
        for group in optimiser.param_groups:
            group["lr"] = _RATE * (1 - epoch / _EPOCHS)
        reader.train()
        for verses, labels in _shuffled(examples, epoch):
            optimiser.zero_grad(set_to_none=True)
            logits = reader(*_encoded(verses, ids))
            loss = nn.functional.binary_cross_entropy_with_logits(logits, torch.tensor(labels))
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(reader.parameters(), 1.0)
            optimiser.step()
        _keep(reader, optimiser, kept, epoch + 1)
        observe(epoch + 1, _EPOCHS)


def _examples(pair: Pair) -> list[list[tuple[Verse, float]]]:
    """Labelled verses, a list a form."""
    generated, real = by_form(pair.generated), by_form(pair.real)
    return [[(v, 1.0) for v in generated[form]] + [(v, 0.0) for v in real[form]] for form in sorted(generated)]


def _shuffled(examples: list[list[tuple[Verse, float]]], epoch: int) -> list[tuple[list[Verse], list[float]]]:
    """Batches of one form each."""
    random = np.random.default_rng((1, epoch))
    made = []
    for group in examples:
        order = random.permutation(len(group)).tolist()
        for start in range(0, len(order), _BATCH):
            chosen = [group[number] for number in order[start : start + _BATCH]]
            made.append(([verse for verse, _ in chosen], [label for _, label in chosen]))
    return [made[number] for number in random.permutation(len(made)).tolist()]


def _encoded(verses: Sequence[Verse], ids: dict[str, int]) -> tuple[Tensor, Tensor]:
    """The characters and places of verses of one form."""
    lines = [len(line) for line in verses[0].hanzi_lines]
    places = [line * _PLACES + place for line, length in enumerate(lines) for place in range(length)]
    return torch.tensor([[ids.get(char, 0) for char in verse.hanzi] for verse in verses]), torch.tensor(places)


def _judged(reader: Reader, verses: Sequence[Verse], ids: dict[str, int]) -> Floats:
    reader.eval()
    logits: list[Floats] = []
    with torch.no_grad():
        for group in by_form(verses).values():
            chunks = (group[start : start + 256] for start in range(0, len(group), 256))
            logits += [reader(*_encoded(chunk, ids)).double().numpy() for chunk in chunks]
    judged: Floats = np.concatenate(logits)
    return judged


def _character_ids(verses: Sequence[Verse]) -> dict[str, int]:
    counts = Counter(char for verse in verses for char in verse.hanzi)
    common = sorted(counts, key=lambda char: (-counts[char], char))[:_CHARACTERS]
    return {char: number for number, char in enumerate(common, 1)}


def _keep(reader: Reader, optimiser: torch.optim.Optimizer, kept: Path | None, epochs: int) -> None:
    if kept is None:
        return
    tensors = {f"weight.{name}": value.detach().clone() for name, value in reader.named_parameters()}
    for name, parameter in reader.named_parameters():
        state = optimiser.state[parameter]
        tensors |= {f"{part}.{name}": state[part].clone() for part in ("step", "exp_avg", "exp_avg_sq")}
    tensors["epochs"] = torch.tensor(epochs)
    write_whole(kept, safetensors.torch.save(tensors))


def _restored(reader: Reader, optimiser: torch.optim.Optimizer, kept: Path | None) -> int:
    """Epochs done; 0 where nothing is kept, or what is kept cannot be read."""
    if kept is None or not kept.is_file():
        return 0
    try:
        tensors = safetensors.torch.load(kept.read_bytes())
        for name, parameter in reader.named_parameters():
            parameter.data.copy_(tensors[f"weight.{name}"])
            optimiser.state[parameter] = {part: tensors[f"{part}.{name}"] for part in ("step", "exp_avg", "exp_avg_sq")}
        return int(tensors["epochs"])
    except (SafetensorError, KeyError, RuntimeError, OSError):
        return 0
