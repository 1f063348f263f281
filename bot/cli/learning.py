"""The commands of the poet that learns: worker, poets …, export-ratings, retrain."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from poetcore.commandline import print_json, require_torch

if TYPE_CHECKING:
    from bot.settings import Settings
    from bot.storage import Database
    from bot.storage.versions import Listed

app = typer.Typer(help="The versions of the poet: which there are, and which serves.", no_args_is_help=True)


def worker() -> None:
    """Do the fine-tunings that the bot asks for, on this machine; needs torch and YUEXIA_DATA."""
    from bot.logs import configure_logging, style_of_a_service
    from bot.settings import read_settings

    settings = read_settings()
    configure_logging(settings.secrets, style=style_of_a_service(settings.log))
    require_torch()
    from bot.cli.announcing import announcer
    from bot.storage import Database
    from bot.storage.schema import upgrade
    from bot.worker.service import check_data, serve

    data = check_data(settings)

    from bot.worker.examining import ScoreboardExaminer
    from bot.worker.tuning import PreferenceTuner
    from poetcore.training.preference.settings import FinetuneSettings

    tuner = PreferenceTuner(FinetuneSettings(least_ratings=max(2, settings.learn_least)))
    with Database(settings.database) as database:
        upgrade(database)
        serve(settings, database, tuner, ScoreboardExaminer(data), announce=announcer(settings))


def retrain() -> None:
    """Ask for a fine-tuning now; a worker does it."""
    with _opened() as (_, database):
        from bot.jobs.wishes import ask_now

        typer.echo(ask_now(database))


def export_ratings() -> None:
    """Print all ratings as JSONL, for `poet finetune`; readers are numbered."""
    with _opened() as (_, database):
        from bot.storage.ratings import collect

        for line in database.transact(collect).lines:
            print_json(line)


@app.command("list")
def list_poets(json: Annotated[bool, typer.Option("--json", help="One JSON object a version.")] = False) -> None:
    """List the versions, oldest first, and what each is to the bot; then folders that are none, on stderr."""
    with _opened() as (settings, database):
        from bot.poets.store import FolderStore
        from bot.storage.versions import listed

        # Before the database: what is registered in between is not taken for a stray.
        folders = FolderStore(settings.poets_folder).versions()
        versions = database.transact(listed)
    if not versions:
        typer.echo("no version is registered yet: start the bot once (poetbot run)", err=True)
    for version in versions:
        if json:
            print_json(_as_json(version))
        else:
            typer.echo(_as_line(version))
    known = {version.row.version for version in versions}
    for stray in (folder for folder in folders if folder not in known):
        typer.echo(
            f"{settings.poets_folder / stray} is no version: a fine-tuning that came to nothing left it, or one "
            "that is under way will register it; delete the folder when none is (/jobs)",
            err=True,
        )


@app.command("promote")
def promote_poet(version: Annotated[str, typer.Argument(help="A version that `poetbot poets list` shows.")]) -> None:
    """Let a version serve; bots that run take it up within seconds."""
    with _opened() as (settings, database):
        from bot.poets.changing import promote_checked
        from bot.poets.store import FolderStore

        typer.echo(promote_checked(database, FolderStore(settings.poets_folder), version, "cli"))


@app.command("rollback")
def roll_back_poet() -> None:
    """Let the version before serve again; a second time undoes it."""
    with _opened() as (settings, database):
        from bot.poets.changing import roll_back_checked
        from bot.poets.store import FolderStore

        typer.echo(roll_back_checked(database, FolderStore(settings.poets_folder), "cli"))


@contextmanager
def _opened() -> "Iterator[tuple[Settings, Database]]":
    from bot.logs import configure_logging
    from bot.settings import read_settings
    from bot.storage import Database
    from bot.storage.schema import upgrade

    settings = read_settings()
    configure_logging(settings.secrets)
    with Database(settings.database) as database:
        upgrade(database)
        yield settings, database


def _as_line(listed: "Listed") -> str:
    row, aliases = listed.row, ", ".join(listed.aliases)
    bits = (row.metrics or {}).get("bits_per_hanzi")
    parts = [
        f"{row.version:<40}",
        f"{row.state:<8}",
        f"{aliases or '–':<22}",
        f"from {row.parent or '–'}",
        *([f"{bits:.3f} bits per hanzi"] if isinstance(bits, float) else []),
    ]
    return "  ".join(parts)


def _as_json(listed: "Listed") -> dict[str, object]:
    row = listed.row
    return {
        "version": row.version,
        "aliases": list(listed.aliases),
        "state": row.state,
        "parent": row.parent,
        "digest": row.digest,
        "data_fingerprint": row.data_fingerprint,
        "metrics": row.metrics,
        "verdict": row.verdict,
        "created": row.created_at.isoformat(),
    }
