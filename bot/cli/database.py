"""The commands that look after the database: db upgrade."""

import typer

app = typer.Typer(help="Look after the database.", no_args_is_help=True)


# A group of one command would be that command itself.
@app.callback()
def _group() -> None:
    pass


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
