"""`make model-card`: the figures and poems of docs/model-card.md, from the poet that ships.

Each stands between two comments of the page. The figures are held against the poet's own card by a test; the poems are
the first that come, and another machine's may differ where two candidates are as good.
"""

import math
import re
import sys
from pathlib import Path
from typing import Final

from bot.orders import TEMPERATURE
from poetcore.corpus.vocabulary import Vocabulary
from poetcore.files import write_whole
from poetcore.generation import ComposeRequest, Poet
from poetcore.generation.poet import PRETRAINED
from poetcore.package import PoetCard, expected_shapes, read_card
from poetcore.prosody import FORMS

PAGE: Final = Path(__file__).with_name("model-card.md")

_BEGINNINGS: Final = "日紅山夜湖海月"
"""Those of the course report."""


def figures(card: PoetCard) -> str:
    """What the card says, as a table."""
    settings, model = card.training.get("settings", {}), card.architecture
    shapes = expected_shapes(model, len(Vocabulary(card.vocabulary.characters)))
    rows = {
        "version": f"`{card.version}`",
        "created": f"{card.created:%Y-%m-%d}",
        "trained further from": f"`{card.parent}`" if card.parent else "–",
        "weights averaged with": " ".join(f"`{name}`" for name in card.training.get("averaged_with", [])) or "–",
        "model": f"LSTM, {model.layers} layers of {model.hidden_size}, embedding {model.embedding_size}"
        + (", tied to the output" if model.tied else ""),
        "parameters": f"{sum(map(math.prod, shapes.values())):,}",
        "vocabulary": f"{len(card.vocabulary.characters):,} characters",
        "forms": " ".join(card.forms),
        "preset": f"{settings.get('preset', '–')}",
        "collections, as often as seen": " ".join(settings.get("collections", [])) or "–",
        "tokens seen in this training": f"{card.training.get('tokens', 0):,}",
        "minutes of this training": f"{card.training.get('seconds', 0) / 60:,.0f}",
        "fingerprint of the data": f"`{card.training.get('data_fingerprint', '')[:16]}`",
        "files": f"{sum(entry.bytes for entry in card.files.values()) / 1e6:,.1f} MB in {len(card.files)}",
        **{name.replace("_", " "): shown(value) for name, value in card.metrics.items()},
    }
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows.items())])


def shown(value: object) -> str:
    """A figure with three decimals."""
    return f"{value:,.3f}" if isinstance(value, float) else str(value)


def poems(poet: Poet) -> str:
    """The first poem, in 五絕, to each of the report's beginnings, as readers get it."""
    form = FORMS["五絕"]
    requests = (ComposeRequest(prefix=start, form=form, seed=1, temperature=TEMPERATURE) for start in _BEGINNINGS)
    return "\n".join(["```text", *(poet.compose(request).text for request in requests), "```"])


def between(page: str, name: str) -> str:
    """What stands between the comments called `name`."""
    found = _part(name).search(page)
    return found[2].strip() if found else ""


def with_part(page: str, name: str, content: str) -> str:
    """The page with something else between the comments."""
    return _part(name).sub(lambda match: f"{match[1]}\n{content}\n\n{match[3]}", page)


def main() -> int:
    """Write the page anew; returns the exit status."""
    page = PAGE.read_text(encoding="utf-8")
    page = with_part(page, "figures", figures(read_card(PRETRAINED)))
    write_whole(PAGE, with_part(page, "poems", poems(Poet.load(PRETRAINED))))
    return 0


def _part(name: str) -> re.Pattern[str]:
    return re.compile(f"(<!-- {name}: make model-card -->\n)(.*?)(<!-- end -->)", re.DOTALL)


if __name__ == "__main__":
    sys.exit(main())
