"""The edge of the command line: every error becomes one line on stderr and the exit status that says whose it was.

0 done, 1 a reported failure, 2 wrong usage, 130 interrupted.
"""

import json
import sys
from collections.abc import Sequence
from functools import partial
from importlib.metadata import version
from typing import Annotated, Any, Final, NoReturn

import typer
from typer.core import TyperGroup

from poetcore.errors import PoetcoreError

# Typer carries a private copy of click; the base of its public BadParameter is the one name for all usage errors.
_UsageError: type[Exception] = typer.BadParameter.__mro__[1]
_INTERRUPTED: Final = 130


class OneLineErrors(TyperGroup):
    """A Typer group whose errors, usage errors too, are one line: `poet train: what is wrong and what to do`."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run the command as Typer would, but report errors in one line and exit with the status above."""
        run = partial(super().main, args, prog_name, complete_var, False, windows_expand_args, **extra)
        if not standalone_mode:
            return run()
        try:
            status = run()
        except _UsageError as error:
            _fail(_usage_message(error), 2)
        except PoetcoreError as error:
            _fail(str(error), error.exit_status)
        except OSError as error:
            _fail(f"cannot go on: {error}", 1)
        except UnicodeEncodeError as error:
            unwritable = error.object[error.start]
            _fail(f"an output in {error.encoding} cannot have {unwritable!a}: set PYTHONIOENCODING=utf-8", 1)
        except typer.Abort:
            _fail("interrupted", _INTERRUPTED)
        # Typer makes this status of a KeyboardInterrupt, without a word.
        if status == _INTERRUPTED:
            _fail("interrupted", _INTERRUPTED)
        sys.exit(status if isinstance(status, int) else 0)


def new_app(summary: str) -> typer.Typer:
    """A Typer app with one-line errors and without framed boxes."""
    return typer.Typer(
        help=summary,
        cls=OneLineErrors,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )


def add_version(app: typer.Typer) -> None:
    """Give a program the option --version."""

    @app.callback()
    def _program(
        _: Annotated[
            bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
        ] = False,
    ) -> None:
        pass


def print_json(value: dict[str, Any]) -> None:
    """Print one JSON object on a line of its own on stdout, at once: a full disk or a closed pipe shows here.

    All of it is escaped where stdout's encoding lacks a character.
    """
    line = json.dumps(value, ensure_ascii=False)
    try:
        line.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        line = json.dumps(value)
    typer.echo(line)


def require_torch() -> None:
    """Raise a one-line error where the extra `train` is not installed."""
    from importlib.util import find_spec

    from poetcore.errors import TrainingError

    if find_spec("torch") is None or find_spec("matplotlib") is None:
        raise TrainingError(
            "training needs torch and matplotlib: in a checkout, make train-setup "
            "(or pip install -c constraints.txt '.[train]')"
        )


def _show_version(context: typer.Context, wanted: bool) -> None:
    if wanted:
        typer.echo(f"{context.info_name} {version('yuexia')}")
        raise typer.Exit


def _usage_message(error: Exception) -> str:
    context = getattr(error, "ctx", None)
    message = error.format_message() if hasattr(error, "format_message") else str(error)
    command = context.command_path if context is not None else "poet"
    return f"{message.rstrip('.')} (see {command} --help)"


def _fail(message: str, status: int) -> NoReturn:
    sys.stderr.write(" ".join(f"error: {message}".split()) + "\n")
    sys.exit(status)
