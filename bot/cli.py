"""`poetbot`: the bot's commands."""

import typer

from poetcore.commandline import new_app

app = new_app("The Telegram bot that writes classical Chinese poems.")
db = typer.Typer(help="Look after the database.", no_args_is_help=True)
app.add_typer(db, name="db")

# What a command needs is imported by the command: --help and a wrong setting answer at once.


@app.command()
def run() -> None:
    """Answer readers: on Telegram with TELEGRAM_BOT_TOKEN set, else on a chat page of this machine."""
    from bot.logs import configure_logging
    from bot.settings import read_settings

    settings = read_settings()
    configure_logging(settings.secrets)

    from bot.service import serve
    from bot.storage import Database
    from bot.storage.schema import upgrade
    from poetcore.generation import Poet

    poet = Poet.load(settings.poet)
    with Database(settings.database) as database:
        upgrade(database)
        serve(settings, poet, database, announce=typer.echo)


@db.command("upgrade")
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
