"""docs/scoreboard.md and the poems of docs/poems, from what was measured."""

from collections.abc import Mapping, Sequence
from typing import Any

from poetcore.evaluation.scoreboard.verses import Verse

ROWS = (
    ("poems", "poems"),
    ("format_ok", "format"),
    ("tone_ok", "tone"),
    ("rhyme_ok", "rhyme"),
    ("all_three", "all three"),
    ("strict.tone_ok", "tone, strictly"),
    ("strict.rhyme_ok", "rhyme, strictly"),
    ("strict.all_three", "all three, strictly"),
    ("repeating_poems", "poems that repeat a character"),
    ("repeated_hanzi", "repeated hanzi"),
    ("distinct_1", "distinct-1"),
    ("distinct_2", "distinct-2"),
    ("copied_lines", "copied lines"),
    ("lines", "of lines"),
    ("longest_copied_run", "longest copied run, hanzi"),
    ("mean_copied_run", "mean copied run, hanzi"),
    ("judge_bits_per_hanzi", "bits per hanzi under the judge"),
    ("ngram_auc", "AUC, n-gram classifier"),
    ("ngram_poems", "poems a side"),
    ("neural_auc", "AUC, neural reader"),
    ("neural_learned_poems", "poems a side it learned from"),
    ("neural_tested_poems", "poems a side it was tested on"),
    ("title_relevance", "own title found among 10"),
    ("self_bleu_within_titles", "self-BLEU within titles"),
    ("self_bleu_across_titles", "self-BLEU across titles"),
)
_SHARES = ("_ok", "all_three", "repeating_poems", "repeated_hanzi", "title_relevance")

_HEAD = """# Scoreboard

Made by `python -m benchmarks.scoreboard` on {date}; nothing in here is typed by hand.
[scoreboard-method.md](scoreboard-method.md) says what the figures mean.

"""


def document(columns: Mapping[str, Mapping[str, Any]], date: str) -> str:
    """The table: a row a figure, a column a system; then one of the rules for each form."""
    parts = [_HEAD.format(date=date), *_table(columns, ROWS), "\n"]
    for form in next(iter(columns.values()))["by_form"]:
        ones = {name: figures["by_form"].get(form, {}) for name, figures in columns.items()}
        parts += [f"\n## {form}\n\n", *_table(ones, ROWS[:8])]
    reasons = {(name, key): why for name, figures in columns.items() for key, why in figures["reasons"].items()}
    parts += ["\n" if reasons else "", *(f"- {name}, {key}: {why}\n" for (name, key), why in reasons.items())]
    return "".join(parts)


def poems_page(form: str, verses: Sequence[Verse], poet: str) -> str:
    """One hundred poems as they came."""
    head = f"# {form}\n\nThe first poems of poet {poet}, seeds 1 to {len(verses)}, none left out.\n"
    return head + "".join(
        f"\n{number}. " + verse.text.replace("。", "。  \n   ").rstrip() + "\n"
        for number, verse in enumerate(verses, 1)
    )


def _table(columns: Mapping[str, Mapping[str, Any]], rows: Sequence[tuple[str, str]]) -> list[str]:
    head = ["| figure | " + " | ".join(columns) + " |\n", "|---|" + "---:|" * len(columns) + "\n"]
    return head + [
        f"| {label} | " + " | ".join(_shown(key, figures) for figures in columns.values()) + " |\n"
        for key, label in rows
    ]


def _shown(key: str, figures: Mapping[str, Any]) -> str:
    value: Any = figures
    for part in key.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    if value is None:
        return "–"
    if isinstance(value, int):
        return f"{value:,}"
    if key.endswith("_auc"):
        return f"{value:.3f} ± {figures[f'{key}_error']:.3f}"
    return f"{value:.1%}" if key.endswith(_SHARES) else f"{value:.3f}"
