"""The commands that use a poet: info, evaluate, compose."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from poetcore.commandline import print_json

if TYPE_CHECKING:
    from poetcore.prosody import Form
    from poetcore.script import Script


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


def evaluate(
    input: Annotated[Path, typer.Option(help='JSONL file of {"text": …} lines.')],  # noqa: A002
    poet: Annotated[Path | None, typer.Option(help="Poet package; the shipped one if not given.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Measure how well a poet foretells given poems: bits per hanzi and perplexity."""
    from poetcore.evaluation.report import evaluate_file
    from poetcore.generation import Poet

    report = evaluate_file(input, Poet.load(poet, exact=True))
    if json:
        print_json(report)
    else:
        typer.echo("\n".join(f"{key.replace('_', ' ')}: {_shown(value)}" for key, value in report.items()))


def compose(
    prefix: Annotated[str | None, typer.Argument(help="What the poem begins with.")] = None,
    form: Annotated[str | None, typer.Option(help="五絕, 七絕, 五律 or 七律.")] = None,
    title: Annotated[str | None, typer.Option(help="What the poem is about, any words.")] = None,
    acrostic: Annotated[str | None, typer.Option(help="4 or 8 characters that the lines begin with.")] = None,
    rhyme: Annotated[str | None, typer.Option(help="A rhyme group of level tone, such as 東.")] = None,
    count: Annotated[int, typer.Option(min=1, help="How many poems; poem k uses seed S+k.")] = 1,
    best_of: Annotated[int, typer.Option(min=1, max=64, help="Candidates that each poem is chosen among.")] = 16,
    seed: Annotated[
        int | None, typer.Option(min=0, max=2**63 - 1, help="The same seed gives the same poem; random if not given.")
    ] = None,
    temperature: Annotated[
        float | None, typer.Option(min=0.1, max=3.0, help="Lower is tamer, higher is bolder; 1 if not given.")
    ] = None,
    script: Annotated[str, typer.Option(help="hant or hans.")] = "hant",
    no_constraints: Annotated[bool, typer.Option("--no-constraints", help="Let the model alone decide.")] = False,
    poet: Annotated[Path | None, typer.Option(help="Poet package; the shipped one if not given.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a poem.")] = False,
) -> None:
    """Compose poems."""
    from dataclasses import replace
    from secrets import randbelow

    from poetcore.generation import ComposeRequest, Poet
    from poetcore.generation.request import TEMPERATURE

    first = randbelow(2**31) if seed is None else seed
    # The last poem's seed is the largest: one beyond the limit is refused before the first poem.
    request = ComposeRequest(
        prefix=prefix,
        form=_form(form),
        title=title,
        acrostic=acrostic,
        rhyme=rhyme,
        seed=first + count - 1,
        best_of=best_of,
        temperature=TEMPERATURE if temperature is None else temperature,
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
            if poem.relaxed:
                typer.echo(f"not kept: {', '.join(poem.relaxed)}", err=True)


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
