"""The commands that measure the bot: bench."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

app = typer.Typer(help="Measure the bot on this machine.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    pass


@app.command()
def broadcast(
    chats: Annotated[int, typer.Option(min=100, help="How many chats it goes to.")] = 100_000,
    limit: Annotated[float, typer.Option(min=1, max=1000, help="Messages a second; Telegram allows 30.")] = 300,
    kills: Annotated[int, typer.Option(min=0, max=20, help="How often the bot is killed on the way.")] = 3,
    timeout: Annotated[float, typer.Option(min=0.1, max=60, help="Seconds that the bot waits for an answer.")] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Send a broadcast through a Telegram that fails, and kill the bot meanwhile: is anything lost, or sent twice?

    1% of the messages meet a 429, 1% of the chats have blocked the bot, 0.5% meet a 500, 0.2% no answer. A 429 asks
    for a pause that is as much shorter than a second as the limit is above Telegram's.
    """
    import asyncio

    from bot.bench.broadcast import Plan, measure
    from bot.localchat import FaultMix

    mix = FaultMix(0.01, 0.01, 0.005, 0.002, retry_after=min(1.0, 30 / limit))
    plan = Plan(chats, limit, kills, mix, timeout)
    _show(asdict(asyncio.run(measure(plan, lambda line: typer.echo(line, err=True)))), as_json=as_json)


@app.command()
def load(
    chats: Annotated[int, typer.Option(min=1, help="In how many chats the readers write.")] = 1_000,
    updates: Annotated[int, typer.Option(min=100, help="How many messages and presses they send.")] = 4_000,
    at_once: Annotated[int, typer.Option(min=1, max=1_000, help="How many readers wait at the same time.")] = 48,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Answer as many readers as can be: 12% of the updates ask for a poem, 44% rate one, 44% ask for help.

    The poet is the one that ships, best of 16; nothing waits for Telegram's thirty messages a second.
    """
    import asyncio

    from bot.bench.load import Plan, measure

    plan = Plan(chats, updates, min(at_once, chats))
    _show(asdict(asyncio.run(measure(plan, lambda line: typer.echo(line, err=True)))), as_json=as_json)


@app.command()
def database(
    presses: Annotated[int, typer.Option(min=100, help="How many ratings are pressed.")] = 10_000,
    at_once: Annotated[int, typer.Option(min=1, max=1_000, help="How many readers press at the same time.")] = 48,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Keep as many ratings as the database can: where does it end?

    YUEXIA_DATABASE_URL says which, one without poems; not set, it is SQLite in a folder for temporary files.
    """
    from bot.bench.database import Plan, measure
    from bot.settings import read_settings

    settings = read_settings()
    url = None if settings.database_url is None else settings.database
    _show(asdict(measure(Plan(presses, at_once), url, lambda line: typer.echo(line, err=True))), as_json=as_json)


def _show(report: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(report))
        return
    for name, value in report.items():
        typer.echo(f"{name:20} {value}")
