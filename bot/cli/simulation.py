"""The command that shows whether the poet learns its readers' tastes: simulate-readers."""

from pathlib import Path
from typing import Annotated

import typer

from poetcore.commandline import print_json, require_torch


def simulate_readers(
    data: Annotated[Path, typer.Option(help="Folder made by poet prepare.", envvar="YUEXIA_DATA")],
    out: Annotated[Path, typer.Option(help="Folder for figures, picture and versions; goes on with one begun.")],
    poet: Annotated[Path | None, typer.Option(help="Poet package to start from; the shipped one if not given.")] = None,
    arms: Annotated[str, typer.Option(help="Which of kto, weighted, no-vandals, shuffled.")] = "kto,shuffled",
    quick: Annotated[bool, typer.Option("--quick", help="A round of a few poems: does it run?")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the figures as one JSON object.")] = False,
) -> None:
    """Let readers with hidden tastes rate poems for three rounds, fine-tune after each, and see who likes what then."""
    from bot.simulation.plan import ARMS, FULL, QUICK

    known = {arm.name: arm for arm in ARMS}
    names = [name.strip() for name in arms.split(",") if name.strip()]
    if not names or set(names) - set(known):
        raise typer.BadParameter(f"--arms takes {', '.join(known)}, found {arms!r}")
    require_torch()
    from bot.simulation.conduct import simulate
    from poetcore.generation.poet import PRETRAINED

    figures = simulate(
        poet or PRETRAINED,
        data,
        out,
        QUICK if quick else FULL,
        lambda line: typer.echo(line, err=True),
        [known[name] for name in names],
    )
    if json:
        print_json(figures)
        return
    typer.echo(f"before: {figures['before']['liked_share']:.1%} liked")
    for name, rounds in figures["arms"].items():
        typer.echo(f"{name}: " + ", ".join(f"{row['liked_share']:.1%}" for row in rounds))
    typer.echo(f"{out / 'simulation.json'} has all figures, {out / 'simulation.png'} the picture")
