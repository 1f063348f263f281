"""The command that looks the set-up over: doctor."""

from typing import Annotated

import typer

from poetcore.commandline import print_json


def doctor(json: Annotated[bool, typer.Option("--json", help="One JSON object a check.")] = False) -> None:
    """Look the whole set-up over and say what to do; changes nothing. Exit status 1 if something is ill (✗)."""
    from bot.doctor.examination import examine
    from bot.doctor.finding import State

    healthy = True
    for finding in examine():
        healthy &= finding.state is not State.ILL
        if json:
            print_json(finding.as_json())
        else:
            typer.echo(finding.as_line())
    raise typer.Exit(0 if healthy else 1)
