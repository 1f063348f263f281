"""The command that answers readers: run."""

from typing import Annotated

import typer


def run(
    webhook: Annotated[
        bool, typer.Option("--webhook", help="Let Telegram bring updates to YUEXIA_WEBHOOK_URL, by a proxy.")
    ] = False,
) -> None:
    """Answer readers: on Telegram with TELEGRAM_BOT_TOKEN set, else on a chat page of this machine."""
    from bot.logs import configure_logging, style_of_a_service
    from bot.settings import read_settings

    settings = read_settings()
    configure_logging(settings.secrets, style=style_of_a_service(settings.log))

    from bot.application import font_for
    from bot.cli.announcing import announcer
    from bot.poets.founding import champion, founder_of
    from bot.poets.store import FolderStore
    from bot.service import serve
    from bot.storage import Database
    from bot.storage.schema import upgrade
    from bot.webhook.listening import check

    if webhook:
        check(settings)
    # What a setting names is read before there is a database: a wrong one starts nothing.
    font_for(settings.font)
    founder = founder_of(settings.poet)
    with Database(settings.database) as database:
        upgrade(database)
        # This frame stays as long as the bot runs: it keeps no poet that may give way to another.
        poets = [champion(database, FolderStore(settings.poets_folder), founder)]
        del founder
        serve(settings, poets.pop, database, announce=announcer(settings), webhook=webhook)
