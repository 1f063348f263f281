"""The command that runs the course report's experiments again."""

from pathlib import Path
from typing import Annotated

import typer

from poetcore.commandline import require_torch


def study(
    data: Annotated[Path, typer.Option(help="Folder made by poet prepare; it must hold tang.")],
    out: Annotated[Path, typer.Option(help="Folder for study.html, study.json and the runs; goes on with one begun.")],
    quick: Annotated[bool, typer.Option("--quick", help="Three minutes: small models on a part of the poems.")] = False,
    epochs: Annotated[int | None, typer.Option(min=1, help="Most epochs of an arm.")] = None,
) -> None:
    """Run every experiment of the course report: initialisations, optimisers, poems, sizes."""
    require_torch()
    from poetcore.evaluation.study import plan
    from poetcore.evaluation.study.conduct import FIGURES, PAGE, conduct
    from poetcore.evaluation.study.display import StudyDisplay
    from poetcore.progress import console

    scale = plan.QUICK if quick else plan.FULL
    scale = scale if epochs is None else scale.with_epochs(epochs)
    with StudyDisplay(plan.plan_of(scale)) as display:
        conduct(data, out, scale, display)
    console.print(f"{out / PAGE} shows what came out, {out / FIGURES} has all figures", soft_wrap=True)
