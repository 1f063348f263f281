"""The entry: from a poet and its ratings to the next poet. Read top-down: open, train, measure, package."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from poetcore.corpus import PreparedCorpus, Vocabulary
from poetcore.nn.language_model import LanguageModel
from poetcore.package import PoetCard, Tensors, now_utc, read_extras, read_package, write_package
from poetcore.training.hardware import Hardware
from poetcore.training.preference.curves import draw_finetune_curves
from poetcore.training.preference.loop import Finetuner
from poetcore.training.preference.model import replayed, training_settings
from poetcore.training.preference.progress import FinetuneObserver
from poetcore.training.preference.ratings import read_ratings
from poetcore.training.preference.run import FinetuneRun, open_run
from poetcore.training.preference.selection import Selection, select
from poetcore.training.preference.settings import FinetuneSettings


@dataclass(frozen=True)
class FinetuneResult:
    """What a fine-tune came to."""

    package: Path
    """The new poet's package, `poet` in the run folder."""
    version: str
    parent: str
    report: dict[str, Any]
    """As result.json: how it ended, updates, seconds, selection, losses, validation perplexity before and after, and as
    `history` the rows of metrics.jsonl."""
    curves: Path
    """A picture of the losses, PNG."""


def finetune(
    settings: FinetuneSettings,
    poet: Path,
    ratings: Path,
    data: Path,
    run: Path,
    observer: FinetuneObserver,
    version: str | None = None,
) -> FinetuneResult:
    """Fine-tune the package `poet` with the file `ratings` and the prepared corpus `data`, in the folder `run`.

    Called again with the same arguments it goes on from the last checkpoint (half a minute old at most) to the same
    result, and once it has ended it only returns that. `version` names the new poet; by default the moment does.

    Raises, before anything is written: `PackageError`, `InputError` (a line of the ratings), `PreparedCorpusError`,
    `SettingsError` (what this machine has not), `TrainingError` (too few ratings, one class only, another corpus than
    the poet's, another fine-tune's folder). Later: `TrainingError` when the loss is not a number, `CheckpointError`,
    `StorageError` when the disk refuses, and whatever `observer` raises.
    """
    card, tensors = read_package(poet)
    selection = select(read_ratings(ratings), card.version, settings)
    corpus = PreparedCorpus.load(data)
    training = training_settings(card, settings)
    # Before anything is written: what cannot start must not leave a folder behind that refuses the corrected command.
    Hardware.chosen(training)
    replay = replayed(corpus, Vocabulary(card.vocabulary.characters), training)
    opened = open_run(run, settings, card, poet, ratings, corpus, version)
    report = opened.read_result()
    if report is None:
        tuner = Finetuner(opened, card, tensors, selection, replay, observer)
        outcome = tuner.train()
        draw_finetune_curves(outcome["history"], f"{opened.parent} → {opened.version}", opened.curves)
        report = _report(opened, selection, outcome)
        write_package(opened.package, _child(opened, card, report), _tensors(tuner.model), read_extras(poet, card))
        opened.write_result(report)
    return FinetuneResult(opened.package, opened.version, opened.parent, report, opened.curves)


def _report(run: FinetuneRun, selection: Selection, outcome: dict[str, Any]) -> dict[str, Any]:
    return {
        "version": run.version,
        "parent": run.parent,
        "method": run.settings.method,
        "selection": selection.as_dict(),
        **outcome,
    }


def _child(run: FinetuneRun, card: PoetCard, report: dict[str, Any]) -> PoetCard:
    """The parent's card, with what a fine-tune changes."""
    perplexity = report["validation_perplexity_after"]
    tuning = {
        "settings": run.settings.as_dict(),
        "ratings_sha256": run.ratings_fingerprint,
        "data_fingerprint": run.data_fingerprint,
        **{key: report[key] for key in ("updates", "seconds", "selection")},
    }
    changes = {
        "version": run.version,
        "created": now_utc(),
        "parent": run.parent,
        "training": card.training | {"finetune": tuning},
        "metrics": {} if perplexity is None else {"validation_perplexity": perplexity},
        "files": {},
    }
    # Validated: a version may come from outside.
    return PoetCard.model_validate({name: getattr(card, name) for name in PoetCard.model_fields} | changes)


def _tensors(model: LanguageModel) -> Tensors:
    return {name: tensor.cpu().numpy().astype(np.float16) for name, tensor in model.package_tensors().items()}
