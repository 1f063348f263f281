"""Small pieces of HTML: everything that comes from outside is escaped here."""

import html
import re
from collections.abc import Iterable, Sequence
from typing import Final

from poetcore.evaluation.study.figures import DASHES
from poetcore.evaluation.study.record import Outcome, Verdict
from poetcore.evaluation.study.svg import SERIES

_BADGES: Final[dict[Outcome, str]] = {
    "confirmed": "✓ confirmed",
    "partly": "~ partly",
    "refuted": "✗ refuted",
    "open": "? open",
    "measured": "measured",
}
# A line of verse: up to and with its mark, marks in a row together.
_LINE: Final = re.compile(r"[^，。？！；]*[，。？！；]+|[^，。？！；]+")
_MISSING: Final = "–"


def escaped(text: str) -> str:
    """`text` as it may stand between tags or in an attribute."""
    return html.escape(text)


def number(value: float | None, digits: int = 0) -> str:
    """`value` with `digits` decimals and commas; a dash for None."""
    return _MISSING if value is None else f"{value:,.{digits}f}"


def percent(share: float, digits: int = 0) -> str:
    """A share of 1 as a percentage."""
    return f"{share:.{digits}%}"


def small(value: float) -> str:
    """A number that may be zero, tiny or ordinary."""
    return "0" if value == 0 else f"{value:.1e}" if value < 1e-3 else f"{value:.3f}"


def badge(outcome: Outcome) -> str:
    """How a claim fared, as a coloured word."""
    return f'<span class="badge {outcome}">{_BADGES[outcome]}</span>'


def verdict(found: Verdict) -> str:
    """A claim, how it fared, and the figures."""
    return (
        f'<div class="verdict {found.outcome}"><p class="claim">{badge(found.outcome)} {escaped(found.claim)}</p>'
        f"<p>{escaped(found.text)}</p></div>"
    )


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], marked: int | None = None) -> str:
    """A table of escaped cells; first column left, others right; row `marked` stands out. Scrolls on a phone."""
    head = "".join(f'<th scope="col">{cell}</th>' for cell in heads)
    body = "".join(
        f"<tr{' class=marked' if place == marked else ''}>"
        + f'<th scope="row">{cells[0]}</th>'
        + "".join(f"<td>{cell}</td>" for cell in cells[1:])
        + "</tr>"
        for place, cells in enumerate(rows)
    )
    return f'<div class="wide" tabindex="0"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def figure(picture: str, caption: str, legend: Sequence[str] = ()) -> str:
    """A picture with what its curves are above it and a caption below; `caption` is HTML."""
    keys = "".join(
        f'<li><svg viewBox="0 0 26 8" aria-hidden="true"><path d="M1 4H25" stroke-dasharray="{DASHES[place % SERIES]}" '
        f'style="stroke:var(--series-{place % SERIES + 1})"/></svg>{escaped(label)}</li>'
        for place, label in enumerate(legend)
    )
    above = f'<ul class="legend">{keys}</ul>' if keys else ""
    return f"<figure>{above}{picture}<figcaption>{caption}</figcaption></figure>"


def poem(text: str | None, caption: str, kind: str = "") -> str:
    """A poem in vertical lines, from right to left, with a caption above."""
    if text is None:
        lines = f'<span class="none">{_MISSING}</span>'
    else:
        lines = "".join(f"<span>{escaped(line)}</span>" for line in _LINE.findall(text))
    return (
        f'<figure class="poem {kind}"><figcaption>{escaped(caption)}</figcaption>'
        f'<div class="verse" lang="zh-Hant">{lines}</div></figure>'
    )
