"""`poet export`: from a run's best weights to a poet package."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from poetcore.corpus import PreparedCorpus
from poetcore.errors import CheckpointError, PackageError, TrainingError
from poetcore.files import refuse_foreign_folder
from poetcore.generation.lines import LineFilter
from poetcore.nn.language_model import LanguageModel
from poetcore.package import CARD, WEIGHTS, Characters, PoetCard, Tensors, as_float32, now_utc
from poetcore.prosody import FORMS
from poetcore.prosody.text import lines_of
from poetcore.training.checkpoints import has_checkpoint, load_checkpoint
from poetcore.training.learner import set_parameters
from poetcore.training.run import Run


def packaged(run: Run) -> tuple[PoetCard, Tensors]:
    """The card and the float16 tensors of a run's best weights.

    Raises `TrainingError` before the first epoch has ended, `CheckpointError` for damaged weights.
    """
    if not has_checkpoint(run.best):
        raise TrainingError(f"{run.folder} has no weights to export yet: an epoch has to end first")
    checkpoint = load_checkpoint(run.best)
    model = LanguageModel(run.architecture)
    try:
        set_parameters(model, checkpoint.tensors)
    except (KeyError, RuntimeError) as error:
        raise CheckpointError(f"the weights in {run.best} do not fit the settings in run.json: {error}") from error
    tensors = {name: tensor.numpy().astype(np.float16) for name, tensor in model.package_tensors().items()}
    best, result = checkpoint.state, run.read_result() or {}
    now = now_utc()
    card = PoetCard(
        version=f"{run.settings.preset}-{now:%Y%m%d-%H%M%S}",
        created=now,
        parent=run.start,
        architecture=run.sizes,
        vocabulary=Characters(characters="".join(run.vocabulary.characters)),
        forms=tuple(FORMS),
        training={
            "settings": run.settings.as_dict(),
            "data_fingerprint": run.data_fingerprint,
            "epochs": best["epoch"],
            "tokens": best["tokens"],
            "seconds": best["seconds"],
        },
        metrics={
            "validation_perplexity": best["validation_perplexity"],
            "test_perplexity": result.get("test_perplexity"),
        },
    )
    return card, tensors


def averaged(card: PoetCard, tensors: Tensors, others: Sequence[tuple[PoetCard, Tensors]]) -> tuple[PoetCard, Tensors]:
    """The mean of a poet's weights and `others`', all counting the same, with its card (Wortsman et al. 2022, soups).

    It is better than each where training went on from one to the other; of poets from different random weights it is
    none at all. Raises `PackageError` if one has another vocabulary or other sizes.
    """
    for other, _ in others:
        if other.vocabulary != card.vocabulary or other.architecture != card.architecture:
            raise PackageError(f"poet {other.version} has another vocabulary or other sizes: weights have no mean")
    members = [as_float32(tensors), *(weights for _, weights in others)]
    mean = {name: np.mean([member[name] for member in members], axis=0).astype(np.float16) for name in tensors}
    training = card.training | {"averaged_with": [other.version for other, _ in others]}
    # What was measured is the run's alone.
    return card.model_copy(update={"training": training, "metrics": {}}), mean


def at_temperature(card: PoetCard, tensors: Tensors, temperature: float) -> tuple[PoetCard, Tensors]:
    """The same poet with logits divided by `temperature`: in its weights, so that whoever loads it need not know."""
    tensors = as_float32(tensors)
    output = "embedding" if card.architecture.tied else "output.weight"
    tensors["output.bias"] = tensors["output.bias"] / temperature
    tensors[output] = tensors[output] / temperature
    if card.architecture.tied:
        # What reads the embedding makes up for it.
        tensors["lstm.0.weight_ih"][:, : card.architecture.embedding_size] *= temperature
        if "title" in tensors:
            tensors["title"] = tensors["title"] * temperature
    halves = {name: tensor.astype(np.float16) for name, tensor in tensors.items()}
    return card.model_copy(update={"training": card.training | {"temperature": round(temperature, 4)}}), halves


def lines_of_corpus(corpus: PreparedCorpus) -> LineFilter:
    """All lines of all poems of `corpus`, of every split: none is for a poet to repeat."""
    poems = range(len(corpus.splits))
    return LineFilter.of(line for poem in poems for line in lines_of(corpus.text(poem)))


def refuse_foreign_place(out: Path) -> None:
    """Exporting replaces `out`; raises `StorageError` if it is anything but absent, empty or a poet package."""
    more = [path.name for path in (*out.glob("*.safetensors"), *out.glob("ranking.json"))]
    refuse_foreign_folder(out, (CARD, WEIGHTS, *more), "poet package")
