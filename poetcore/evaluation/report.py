"""What `poet evaluate` prints."""

from pathlib import Path
from typing import Any

from poetcore.errors import InputError
from poetcore.evaluation.bits import measure
from poetcore.evaluation.jsonl import read_poems
from poetcore.generation import Poet
from poetcore.prosody.text import is_hanzi


def evaluate_file(path: Path, poet: Poet) -> dict[str, Any]:
    """Measure `poet` on the poems in the JSONL file `path`.

    Raises `InputError` that names the line for anything unreadable and for a text without a single hanzi.
    """
    records = read_poems(path)
    for record in records:
        if not any(map(is_hanzi, record.text)):
            raise InputError(
                f"{path} line {record.line}: the text has no Chinese character, so it has no bits per hanzi"
            )
    texts = [record.text for record in records]
    result = measure(poet.engine, poet.vocabulary, texts)
    given_title = None
    if poet.card.architecture.condition_size and any(record.title for record in records):
        titles = [record.title or "" for record in records]
        given_title = measure(poet.engine, poet.vocabulary, texts, titles).bits_per_hanzi
    return {
        "poems": result.poems,
        "hanzi": result.hanzi,
        "bits_per_hanzi": result.bits_per_hanzi,
        # None where no title is given, or the poet cannot be told one.
        "bits_per_hanzi_given_title": given_title,
        "perplexity": result.perplexity,
        "unknown_hanzi": result.unknown_hanzi,
        "poet": poet.version,
    }
