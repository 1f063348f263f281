"""The commands that look after the database: db upgrade, backup, restore."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Look after the database.", no_args_is_help=True)


@app.command("upgrade")
def upgrade_database() -> None:
    """Bring the database to the tables of this version; `poetbot run` does so too."""
    from bot.logs import configure_logging
    from bot.settings import read_settings
    from bot.storage import Database
    from bot.storage.schema import upgrade

    settings = read_settings()
    configure_logging(settings.secrets)
    with Database(settings.database) as database:
        typer.echo(f"the database is at revision {upgrade(database)}")


@app.command()
def backup(file: Annotated[Path, typer.Argument(help="Where to write it; a file of that name is replaced.")]) -> None:
    """Write the database into one file, whole or not at all; the bot may go on meanwhile."""
    from bot.cli.announcing import announcer
    from bot.logs import configure_logging
    from bot.settings import read_settings
    from bot.storage.backup import back_up

    settings = read_settings()
    configure_logging(settings.secrets, style=settings.log or "human")
    revision = back_up(settings.database, file)
    size_mb = file.stat().st_size / 2**20
    announcer(settings)(f"{file} holds the database, at revision {revision}, {size_mb:.1f} MB")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="What `poetbot db backup` wrote.")],
    force: Annotated[bool, typer.Option("--force", help="Even if there is something in the database.")] = False,
) -> None:
    """Put a backup in the place of the database, which is kept aside. Stop the bot and the worker first."""
    from bot.logs import configure_logging
    from bot.settings import read_settings
    from bot.storage.backup import restore as put_back

    settings = read_settings()
    configure_logging(settings.secrets)
    restored = put_back(settings.database, file, force=force)
    typer.echo(f"the database is restored, at revision {restored.revision}")
    if restored.aside is not None:
        typer.echo(f"what was there before is in {restored.aside}")
