"""matplotlib's figures as SVG elements that stand in the page and take colours and letters from its style.

matplotlib draws with stand-in colours, which become CSS variables; so one picture serves light and dark.
"""

import io
import re
from contextlib import AbstractContextManager
from typing import Any, Final

import matplotlib as mpl
from matplotlib.figure import Figure

SERIES: Final = 5
"""Colours of curves that the page's style has: --series-1 to --series-5."""

# Stand-ins: none of these is a colour that matplotlib would choose by itself.
INK, FAINT, PAPER, ACCENT = "#0a0b01", "#0a0b02", "#0a0b03", "#0a0b04"
CURVES: Final = tuple(f"#0a0c0{number}" for number in range(1, SERIES + 1))
_VARIABLES: Final = {
    INK: "var(--soft)",
    FAINT: "var(--line)",
    PAPER: "var(--paper)",
    ACCENT: "var(--accent)",
    **{stand_in: f"var(--series-{number})" for number, stand_in in enumerate(CURVES, start=1)},
}

_STYLE: Final[Any] = {
    # Letters stay letters: the page has the fonts.
    "svg.fonttype": "none",
    "font.size": 11,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.linewidth": 1,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": FAINT,
    "grid.linewidth": 0.7,
    "text.color": INK,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "lines.linewidth": 2,
    "figure.constrained_layout.use": True,
}


def drawing() -> AbstractContextManager[None]:
    """While entered, figures are made in the page's style."""
    return mpl.rc_context(_STYLE)


# matplotlib names groups that nothing refers to, sets a style for the whole page, and writes its own fonts.
_SUPERFLUOUS: Final = re.compile(
    r'(?<=<g) id="[^"]*"|<metadata>.*?</metadata>|<style.*?</style>|font-family: [^;"]*;? ?', re.DOTALL
)


def as_svg(figure: Figure, name: str, label: str) -> str:
    """`figure`, made while `drawing`, as an SVG element; `name` is its own on a page, `label` says what it shows."""
    text = io.StringIO()
    # The salt makes the ids of shapes, which the pictures of a page must not share, and makes them the same each time.
    with mpl.rc_context({"svg.hashsalt": name}):
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(text, format="svg", transparent=True, metadata=nothing)
    drawn = _SUPERFLUOUS.sub("", text.getvalue())
    head, body = re.split(r"(?<=>)", drawn[drawn.index("<svg") :], maxsplit=1)
    box = re.findall(r'viewBox="[^"]*"', head)[0]
    for stand_in, variable in _VARIABLES.items():
        body = body.replace(stand_in, variable)
    return f'<svg {box} role="img" aria-label="{label}">{" ".join(body.split())}'
