"""`poet`: data, training, evaluation and composing, offline.

Each command imports what it needs when it runs: composing must not wait for torch, nor training for OpenCC.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from poetcore.commandline import new_app, print_json

if TYPE_CHECKING:
    from poetcore.prosody import Form
    from poetcore.script import Script

app = new_app("Classical Chinese poems from an LSTM: prepare a corpus, train, evaluate, compose.")


@app.command()
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


@app.command()
def train(
    data: Annotated[Path, typer.Option(help="Folder made by poet prepare.")],
    out: Annotated[Path, typer.Option(help="Run folder.")],
    preset: Annotated[str, typer.Option(help="seed, small or base.")] = "seed",
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the last checkpoint.")] = False,
    minutes: Annotated[float | None, typer.Option(min=0, help="Stop after this many minutes.")] = None,
    assignments: Annotated[list[str] | None, typer.Option("--set", help="key=value; may be repeated.")] = None,
    lstm: Annotated[str | None, typer.Option(help="own or torch: whose LSTM layer.")] = None,
) -> None:
    """Train a language model; stops when validation perplexity turns up and keeps the best weights."""
    from poetcore.training.presets import settings_for

    settings = settings_for(preset, [*(assignments or []), *([f"lstm={lstm}"] if lstm else [])])
    _require_torch()
    from poetcore.corpus import PreparedCorpus
    from poetcore.progress import TrainingDisplay, console
    from poetcore.training.loop import Trainer
    from poetcore.training.run import begin_run, resume_run

    corpus = PreparedCorpus.load(data)
    run = resume_run(out, settings, corpus) if resume else begin_run(out, settings, corpus)
    with TrainingDisplay() as display:
        result = Trainer(run, corpus, display).train(minutes)
    if (best := result["best"]) is not None:
        test = "" if result["test_perplexity"] is None else f", {result['test_perplexity']:.1f} on test"
        console.print(
            f"best epoch {best['epoch']}: perplexity {best['validation_perplexity']:.1f} on validation{test}; "
            f"next: poet export {out} --out POET",
            soft_wrap=True,
        )


@app.command()
def export(
    run: Annotated[Path, typer.Argument(help="Run folder made by poet train.")],
    out: Annotated[Path, typer.Option(help="Folder for the poet package.")],
    data: Annotated[Path | None, typer.Option(help="Prepared corpus: adds bits per hanzi to the card.")] = None,
) -> None:
    """Turn a run's best weights into a poet package, which composes without torch."""
    _require_torch()
    from poetcore.evaluation.splits import split_metrics
    from poetcore.generation import Poet
    from poetcore.package import as_float32, write_package
    from poetcore.progress import console
    from poetcore.training.export import packaged, refuse_foreign_place
    from poetcore.training.run import open_run

    refuse_foreign_place(out)
    card, tensors = packaged(open_run(run))
    if data is not None:
        card = card.model_copy(update={"metrics": card.metrics | split_metrics(Poet(card, as_float32(tensors)), data)})
    card = write_package(out, card, tensors)
    size = sum(entry.bytes for entry in card.files.values())
    console.print(
        f"poet {card.version}, {size / 1e6:.1f} MB, in {out}; try: poet compose 月 --poet {out}", soft_wrap=True
    )


@app.command()
def info(
    poet: Annotated[Path | None, typer.Argument(help="Poet package; the shipped one if not given.")] = None,
    json: Annotated[bool, typer.Option("--json", help="The whole card as one JSON object.")] = False,
) -> None:
    """Print a poet's card: what it is, what it was trained on, how good it is."""
    from poetcore.generation.poet import PRETRAINED
    from poetcore.package import read_card

    card = read_card(poet or PRETRAINED)
    if json:
        print_json(card.model_dump(mode="json"))
        return
    from rich.console import Console

    from poetcore.progress import card_table

    Console(markup=False).print(card_table(card))


@app.command()
def evaluate(
    input: Annotated[Path, typer.Option(help='JSONL file of {"text": …} lines.')],  # noqa: A002
    poet: Annotated[Path | None, typer.Option(help="Poet package; the shipped one if not given.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Measure how well a poet foretells given poems: bits per hanzi and perplexity."""
    from poetcore.evaluation.report import evaluate_file
    from poetcore.generation import Poet

    report = evaluate_file(input, Poet.load(poet))
    if json:
        print_json(report)
    else:
        typer.echo("\n".join(f"{key.replace('_', ' ')}: {_shown(value)}" for key, value in report.items()))


@app.command()
def compose(
    prefix: Annotated[str | None, typer.Argument(help="What the poem begins with.")] = None,
    form: Annotated[str | None, typer.Option(help="五絕, 七絕, 五律 or 七律.")] = None,
    count: Annotated[int, typer.Option(min=1, help="How many poems; poem k uses seed S+k.")] = 1,
    best_of: Annotated[int, typer.Option(min=1, max=64, help="Candidates that each poem is chosen among.")] = 16,
    seed: Annotated[
        int | None, typer.Option(min=0, max=2**63 - 1, help="The same seed gives the same poem; random if not given.")
    ] = None,
    temperature: Annotated[float, typer.Option(min=0.1, max=3.0, help="Lower is tamer, higher is bolder.")] = 0.8,
    script: Annotated[str, typer.Option(help="hant or hans.")] = "hant",
    no_constraints: Annotated[bool, typer.Option("--no-constraints", help="Let the model alone decide.")] = False,
    poet: Annotated[Path | None, typer.Option(help="Poet package; the shipped one if not given.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a poem.")] = False,
) -> None:
    """Compose poems."""
    from dataclasses import replace
    from secrets import randbelow

    from poetcore.generation import ComposeRequest, Poet

    first = randbelow(2**31) if seed is None else seed
    # The last poem's seed is the largest: one beyond the limit is refused before the first poem.
    request = ComposeRequest(
        prefix=prefix,
        form=_form(form),
        seed=first + count - 1,
        best_of=best_of,
        temperature=temperature,
        script=_script(script),
        constrained=not no_constraints,
    )
    composer = Poet.load(poet)
    for number in range(count):
        poem = composer.compose(replace(request, seed=first + number))
        if json:
            print_json(poem.as_dict())
        else:
            typer.echo(("\n" if number else "") + couplets(poem.text))


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


def _require_torch() -> None:
    """Raise a one-line error where the extra `train` is not installed."""
    from importlib.util import find_spec

    from poetcore.errors import TrainingError

    if find_spec("torch") is None or find_spec("matplotlib") is None:
        raise TrainingError("training needs torch and matplotlib: pip install 'yuexia[train]' (or make train-setup)")


def couplets(text: str) -> str:
    """A poem as it is printed: a couplet a line."""
    return text.replace("。", "。\n").rstrip("\n")


def _form(name: str | None) -> "Form | None":
    from poetcore.errors import RequestError
    from poetcore.prosody import form_named

    try:
        return form_named(name) if name is not None else None
    except RequestError as error:
        raise typer.BadParameter(str(error)) from error


def _script(name: str) -> "Script":
    from poetcore.script import SCRIPTS

    for script in SCRIPTS:
        if name == script:
            return script
    raise typer.BadParameter(f"--script takes {' or '.join(SCRIPTS)}, found {name!r}")


def _shown(value: object) -> str:
    if value is None:
        return "–"
    return f"{value:,.3f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
