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
    result = measure(poet.engine, poet.vocabulary, [record.text for record in records])
    return {
        "poems": result.poems,
        "hanzi": result.hanzi,
        "bits_per_hanzi": result.bits_per_hanzi,
        # None until a poet can be told the title.
        "bits_per_hanzi_given_title": None,
        "perplexity": result.perplexity,
        "unknown_hanzi": result.unknown_hanzi,
        "poet": poet.version,
    }
