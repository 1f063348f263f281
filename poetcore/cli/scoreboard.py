"""The command that measures any file of poems: scoreboard."""

from pathlib import Path
from typing import Annotated, Any

import typer

from poetcore.commandline import print_json


def scoreboard(
    file: Annotated[Path, typer.Argument(help='JSONL of {"text": …, "title": …} lines, by any system.')],
    data: Annotated[
        Path | None, typer.Option(help="Folder made by poet prepare: copied lines, titles, held-out real poems.")
    ] = None,
    reference: Annotated[
        Path | None, typer.Option(help="JSONL of real poems to compare with, in place of held-out ones of --data.")
    ] = None,
    judge: Annotated[Path | None, typer.Option(help="Poet package, trained apart: bits per hanzi.")] = None,
    collections: Annotated[
        str | None, typer.Option(help="Collections of --data that real poems are taken from; all if not given.")
    ] = None,
    cache: Annotated[
        Path | None, typer.Option(help="Folder for what is learned; the platform's cache folder if not given.")
    ] = None,
    no_neural: Annotated[bool, typer.Option("--no-neural", help="Leave out the reader, which takes minutes.")] = False,
    from_corpus: Annotated[
        bool, typer.Option("--from-corpus", help="The poems are real ones of --data: copied is what another has too.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Measure poems of any system: rules, variety, copying, relevance, and how they differ from real ones."""
    import os

    import platformdirs

    from poetcore.corpus import PreparedCorpus
    from poetcore.evaluation.jsonl import read_poems
    from poetcore.evaluation.scoreboard.board import Means, figures_of
    from poetcore.evaluation.scoreboard.verses import verses_of
    from poetcore.generation import Poet
    from poetcore.progress import console

    verses = verses_of(read_poems(file))
    corpus = None if data is None else PreparedCorpus.load(data)
    names = None if collections is None else tuple(name.strip() for name in collections.split(","))
    if corpus is not None:
        corpus.select(0, names)
    means = Means(
        corpus=corpus,
        collections=names,
        reference=None if reference is None else verses_of(read_poems(reference)),
        judge=None if judge is None else Poet.load(judge, exact=True),
        cache=cache or platformdirs.user_cache_path("yuexia") / "scoreboard",
        neural=not no_neural,
        from_corpus=from_corpus,
    )
    # A name need not be text; no output takes half a character.
    name = os.fsencode(file).decode(errors="replace")
    figures = {"file": name, **figures_of(verses, means, lambda line: console.print(line, soft_wrap=True))}
    if json:
        print_json(figures)
        return
    typer.echo("\n".join(_shown(figures)))


def _shown(figures: dict[str, Any]) -> list[str]:
    """A line a figure, for people."""
    lines = []
    for key, value in figures.items():
        if key == "reasons":
            continue
        shown = figures["reasons"].get(key, "–") if value is None else _value(value)
        lines.append(f"{key.replace('_', ' ')}: {shown}")
    return lines


def _value(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key.replace('_', ' ')} {_value(entry)}" for key, entry in value.items())
    return f"{value:.4f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
