"""`poet bench`: the figures of the README, measured where it runs. The benchmarks themselves are in the checkout."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from poetcore.commandline import new_app, print_json, require_torch

if TYPE_CHECKING:
    from benchmarks.report import Report

_WIDTH: Final = 110

app = new_app("Measure: how fast, against what.")


@app.callback()
def bench() -> None:
    """Measure: how fast, against what."""


@app.command()
def train(
    data: Annotated[
        Path | None, typer.Option(help="Folder made by poet prepare; an invented corpus if not given.")
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Interleaved repeats.")] = 5,
    quick: Annotated[bool, typer.Option("--quick", help="Tiny sizes: only to see that it runs.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Compare training with a plain PyTorch loop: real tokens/s, memory, loss, the layer alone."""
    require_checkout()
    require_torch()
    from dataclasses import replace

    from benchmarks.train import QUICK, Plan, bench_training
    from poetcore.progress import console

    plan = QUICK if quick else replace(Plan(), rounds=rounds)
    _show(bench_training(data, plan, console.print), json)


@app.command()
def compose(
    poet: Annotated[Path | None, typer.Option(help="Poet package; the shipped one if not given.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="A few poems: only to see that it runs.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Measure composing on one core: latency, a naive loop, the machine's limits, a fresh process."""
    require_checkout()
    require_torch()
    from benchmarks.compose import QUICK, Plan, bench_composing
    from poetcore.progress import console

    _show(bench_composing(poet, QUICK if quick else Plan(), console.print), json)


@app.command()
def finetune(
    data: Annotated[Path, typer.Option(help="Folder made by poet prepare.")],
    poet: Annotated[Path | None, typer.Option(help="Poet package; the shipped one if not given.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Two updates: only to see that it runs.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Measure how long a poet takes to learn from a thousand ratings."""
    require_checkout()
    require_torch()
    from benchmarks.finetune import QUICK, Plan, bench_finetune
    from poetcore.progress import console

    _show(bench_finetune(poet, data, QUICK if quick else Plan(), console.print), json)


def _show(report: "Report", json: bool) -> None:
    from benchmarks.report import as_json, table

    if json:
        print_json(as_json(report))
        return
    from rich.console import Console

    # Without a terminal Rich would fold the table to 80 columns.
    terminal = Console(markup=False, highlight=False)
    (terminal if terminal.is_terminal else Console(markup=False, width=_WIDTH)).print(table(report))


def require_checkout() -> None:
    """Raise a one-line error where the benchmarks are not beside the library: in an installed wheel."""
    import poetcore
    from poetcore.errors import PoetcoreError

    checkout = Path(poetcore.__file__).resolve().parents[1]
    if not (checkout / "benchmarks" / "__init__.py").is_file():
        raise PoetcoreError(
            "poet bench needs the source checkout, benchmarks are not installed: git clone the repository, then make "
            "train-setup and .venv/bin/poet bench train"
        )
