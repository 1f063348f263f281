"""The commands that make a poet: prepare, train, export, finetune."""

import math
from pathlib import Path
from typing import Annotated, Any

import typer

from poetcore.commandline import require_torch


def _finite(minutes: float | None) -> float | None:
    # A minimum lets infinity through and, in typer's earlier versions, nan, with which nothing would be trained.
    if minutes is not None and not math.isfinite(minutes):
        raise typer.BadParameter(f"{minutes} is no number of minutes")
    return minutes


def prepare(
    source: Annotated[Path, typer.Argument(help="The chinese-poetry folder, or a .zip or .tar.* of it.")],
    out: Annotated[Path, typer.Option(help="Folder for the prepared corpus.")],
    collections: Annotated[str, typer.Option(help="Collections to read, comma-separated.")] = "tang,song",
) -> None:
    """Clean the collection, split it and turn it into token arrays."""
    from poetcore.corpus.preparation import prepare as prepare_corpus
    from poetcore.progress import console, tracking_files

    names = _collections(collections)
    with tracking_files() as track:
        manifest = prepare_corpus(source, out, names, track)
    console.print(_summary_of(manifest, out), soft_wrap=True)


def train(
    data: Annotated[Path, typer.Option(help="Folder made by poet prepare.")],
    out: Annotated[Path, typer.Option(help="Run folder.")],
    preset: Annotated[str, typer.Option(help="seed, small or base.")] = "seed",
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the last checkpoint.")] = False,
    minutes: Annotated[
        float | None, typer.Option(min=0, callback=_finite, help="Stop after this many minutes.")
    ] = None,
    assignments: Annotated[list[str] | None, typer.Option("--set", help="key=value; may be repeated.")] = None,
    lstm: Annotated[str | None, typer.Option(help="own or torch: whose LSTM layer.")] = None,
    start: Annotated[Path | None, typer.Option(help="Poet package to go on from: same vocabulary and sizes.")] = None,
) -> None:
    """Train a language model; stops when validation perplexity turns up and keeps the best weights.

    Under torchrun, all its processes train together.
    """
    from poetcore.training.presets import settings_for

    settings = settings_for(preset, [*(assignments or []), *([f"lstm={lstm}"] if lstm else [])])
    require_torch()
    from poetcore.corpus import PreparedCorpus
    from poetcore.package import read_package
    from poetcore.progress import TrainingDisplay, console
    from poetcore.training.loop import Trainer
    from poetcore.training.ranks import joined
    from poetcore.training.run import begin_run, open_run, resume_run

    corpus = PreparedCorpus.load(data)
    card, tensors = read_package(start) if start is not None else (None, None)
    with joined() as ranks, TrainingDisplay(shown=ranks.leads) as display:
        run = ranks.in_turn(
            lambda: (resume_run if resume else begin_run)(out, settings, corpus, card, ranks.count),
            lambda: open_run(out),
        )
        result = Trainer(run, corpus, display, ranks, tensors).train(minutes)
    if ranks.leads and (best := result["best"]) is not None:
        test = "" if result["test_perplexity"] is None else f", {result['test_perplexity']:.1f} on test"
        console.print(
            f"best epoch {best['epoch']}: perplexity {best['validation_perplexity']:.1f} on validation{test}; "
            f"next: poet export {out} --out POET",
            soft_wrap=True,
        )


def export(
    run: Annotated[Path, typer.Argument(help="Run folder made by poet train.")],
    out: Annotated[Path, typer.Option(help="Folder for the poet package.")],
    data: Annotated[
        Path | None,
        typer.Option(
            help="Prepared corpus: calibrates the poet, adds bits per hanzi to the card, its lines, which no poem "
            "repeats, and how to choose among candidates, which takes minutes to learn."
        ),
    ] = None,
    average: Annotated[
        list[Path] | None,
        typer.Option(help="Poet package whose weights are averaged with the run's: the one that it went on from."),
    ] = None,
) -> None:
    """Turn a run's best weights into a poet package, which composes without torch."""
    require_torch()
    from poetcore.corpus import PreparedCorpus
    from poetcore.evaluation.ranking import learn_ranking
    from poetcore.evaluation.splits import calibration, split_metrics
    from poetcore.generation import Poet
    from poetcore.generation.lines import FILE as LINES
    from poetcore.package import as_float32, read_package, write_package
    from poetcore.progress import console
    from poetcore.training.export import at_temperature, averaged, lines_of_corpus, packaged, refuse_foreign_place
    from poetcore.training.run import open_run

    refuse_foreign_place(out)
    card, tensors = packaged(open_run(run))
    if average:
        card, tensors = averaged(card, tensors, [read_package(folder) for folder in average])
    extras = {}
    if data is not None:
        corpus = PreparedCorpus.load(data)
        extras = {LINES: lines_of_corpus(corpus).to_bytes()}
        temperature = calibration(Poet(card, as_float32(tensors), exact=True), corpus)
        card, tensors = at_temperature(card, tensors, temperature)
        exact = Poet(card, as_float32(tensors), exact=True)
        card = card.model_copy(update={"metrics": card.metrics | split_metrics(exact, data)})
        poet = Poet(card, as_float32(tensors), extras)
        ranking = learn_ranking(corpus, poet, lambda line: console.print(f"learning to choose: {line}"))
        extras |= ranking.to_files() if ranking is not None else {}
    card = write_package(out, card, tensors, extras)
    size = sum(entry.bytes for entry in card.files.values())
    console.print(
        f"poet {card.version}, {size / 1e6:.1f} MB, in {out}; try: poet compose 月 --poet {out}", soft_wrap=True
    )


def finetune(
    ratings: Annotated[Path, typer.Option(help="ratings.jsonl, as poetbot export-ratings prints it.")],
    data: Annotated[Path, typer.Option(help="Folder made by poet prepare; its poems are mixed in.")],
    out: Annotated[Path, typer.Option(help="Folder for the new poet package.")],
    poet: Annotated[Path | None, typer.Option(help="Poet package to start from; the shipped one if not given.")] = None,
    run: Annotated[Path | None, typer.Option(help="Run folder, where it goes on; OUT.run if not given.")] = None,
    method: Annotated[str | None, typer.Option(help="kto or weighted.")] = None,
    assignments: Annotated[list[str] | None, typer.Option("--set", help="key=value; may be repeated.")] = None,
) -> None:
    """Fine-tune a poet with its readers' ratings; the same command again goes on with one that was cut off."""
    from poetcore.training.preference.settings import finetune_settings

    settings = finetune_settings([*(assignments or []), *([f"method={method}"] if method else [])])
    require_torch()
    from poetcore.evaluation.splits import split_metrics
    from poetcore.generation import Poet
    from poetcore.generation.poet import PRETRAINED
    from poetcore.package import read_extras, read_package, write_package
    from poetcore.progress import FinetuneDisplay, console
    from poetcore.training.export import refuse_foreign_place
    from poetcore.training.preference.finetune import finetune as learn

    refuse_foreign_place(out)
    folder = run or out.with_name(f"{out.name}.run")
    with FinetuneDisplay() as display:
        result = learn(settings, poet or PRETRAINED, ratings, data, folder, display)
    card, tensors = read_package(result.package)
    card = card.model_copy(update={"metrics": card.metrics | split_metrics(Poet(card, tensors, exact=True), data)})
    halves = {name: tensor.astype("float16") for name, tensor in tensors.items()}
    write_package(out, card, halves, read_extras(result.package, card))
    console.print(
        f"poet {result.version}, from {result.parent}, in {out}; its curves are in {folder}; "
        f"try: poet compose 月 --poet {out}",
        soft_wrap=True,
    )


def _collections(text: str) -> tuple[str, ...]:
    from poetcore.corpus import COLLECTIONS

    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    unknown = [name for name in names if name not in COLLECTIONS]
    if unknown or not names:
        found = unknown[0] if unknown else text
        raise typer.BadParameter(f"--collections takes {', '.join(COLLECTIONS)}, found {found!r}")
    return names


def _summary_of(manifest: dict[str, Any], out: Path) -> str:
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in manifest["dropped"].items())
    splits = ", ".join(f"{split} {count:,}" for split, count in manifest["splits"].items())
    return (
        f"read {sum(manifest['poems_read'].values()):,} poems; dropped: {reasons}\n"
        f"{splits} poems, {manifest['characters']:,} characters, {manifest['hanzi']:,} hanzi in {out}"
    )
