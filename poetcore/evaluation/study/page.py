"""`study.html`: one file with everything in it. A pure function of the study's figures."""

from collections.abc import Sequence
from pathlib import Path
from string import Template
from typing import Any, Final

from poetcore.evaluation.study import figures
from poetcore.evaluation.study.markup import badge, escaped, figure, number, percent, poem, small, table, verdict
from poetcore.evaluation.study.plan import CENTRE
from poetcore.evaluation.study.record import ArmRecord, SizeLine, Study

_FOLDER: Final = Path(__file__).parent
_ENDED: Final = {"epochs": "epoch limit", "validation": "stopped early", "diverged": "diverged"}
# Settings that every arm has and no reader asks for.
_NOT_SHOWN: Final = ("preset", "collections", "seed")


def page_of(study: Study) -> str:
    """The page, with pictures, style and text in one string of HTML."""
    template = Template((_FOLDER / "page.html").read_text(encoding="utf-8"))
    return template.substitute(
        style=(_FOLDER / "page.css").read_text(encoding="utf-8"),
        lead=_lead(study),
        cuts=_cuts(study),
        summary=_summary(study),
        initialisation=_initialisation(study),
        optimisers=_optimisers(study),
        poems=_poems(study),
        size_epochs="one epoch" if study.size_epochs == 1 else f"{study.size_epochs} epochs",
        sizes=_sizes(study),
        making=_making(study),
    )


def _lead(study: Study) -> str:
    machine = study.machines[-1]
    facts = (
        f"{len(study.arms)} training runs",
        f"{number(study.seconds / 60)} minutes of training"
        if study.seconds >= 90
        else f"{study.seconds:.0f} s of training",
        f"{study.corpus.train:,} {' and '.join(study.corpus.collections).title()} poems",
        f"{machine.processor}, {machine.cores} cores",
        f"{study.ended.day} {study.ended:%B %Y}",
    )
    return f'<p class="facts">{escaped(" · ".join(facts))}</p>'


def _cuts(study: Study) -> str:
    if not study.cuts:
        return ""
    what = "the quick run" if study.scale == "quick" else "a shortened run"
    cut = "".join(f"<li>{escaped(phrase)}</li>" for phrase in study.cuts)
    return (
        f'<aside class="notice"><p><strong>This is {what}.</strong> Every experiment is here, but smaller than in the '
        "report; a model that has hardly begun to learn can turn any verdict around. What was cut:</p>"
        f"<ul>{cut}</ul></aside>"
    )


def _summary(study: Study) -> str:
    verdicts = (*study.initialisation_verdicts, *study.optimiser_verdicts, *study.size_verdicts)
    rows = (
        f"<li>{badge(found.outcome)}<span>{escaped(found.claim)}</span></li>"
        for found in verdicts
        if found.outcome != "measured"
    )
    return f'<ul class="summary">{"".join(rows)}</ul>'


def _initialisation(study: Study) -> str:
    lines = study.initialisation
    arms = [study.arms[line.arm] for line in lines]
    labels = [line.label for line in lines]
    maps = "".join(
        figure(
            figures.activation_map(arm),
            f"<b>{escaped(line.label)}</b>: {line.distinct_units} of {line.units} units distinct",
        )
        for arm, line in zip(arms, lines, strict=True)
    )
    heads = (
        "Weights begin",
        "distinct units",
        "largest difference<br>of activations",
        "largest difference<br>of weights",
        "effective<br>rank",
        "gates<br>shut",
        "parameters<br>moved",
        "first<br>loss",
        f"validation,<br>epoch {number(lines[0].epoch) if lines else ''}",
    )
    rows = [
        (
            escaped(line.label),
            f"{line.distinct_units} of {line.units}",
            small(line.largest_difference),
            small(line.largest_weight_difference),
            number(line.effective_rank, 1),
            percent(line.shut_gates),
            percent(line.moved / line.parameters, 1),
            number(line.first_loss, 2),
            number(line.validation_cross_entropy, 3),
        )
        for line in lines
    ]
    return (
        f'<div class="maps">{maps}</div>'
        '<p class="key"><span class="cold">−1</span><i></i><span class="warm">+1</span> activation of a unit (row) '
        "after each character (column); nothing is drawn where it is 0</p>"
        + table(heads, rows)
        + figure(
            figures.loss_curves(arms),
            "Training loss by update; both axes logarithmic. All four have the same seed and read the same batches.",
            labels,
        )
        + "".join(map(verdict, study.initialisation_verdicts))
    )


def _optimisers(study: Study) -> str:
    lines = study.optimisers
    arms = [study.arms[line.arm] for line in lines]
    measured = {
        place: line.test_cross_entropy for place, line in enumerate(lines) if line.test_cross_entropy is not None
    }
    heads = (
        "Optimiser",
        "learning<br>rate",
        "best<br>epoch",
        "validation<br>cross-entropy",
        "validation<br>perplexity",
        "test<br>cross-entropy",
        "test<br>perplexity",
        "bits per<br>hanzi",
        "seconds<br>to best",
        "ended",
    )
    rows = [
        (
            escaped(line.label),
            f"{line.learning_rate:g}",
            f"{number(line.best_epoch)} of {line.epochs}",
            number(line.validation_cross_entropy, 3),
            number(line.validation_perplexity, 1),
            number(line.test_cross_entropy, 3),
            number(line.test_perplexity, 1),
            number(line.bits_per_hanzi, 3),
            number(line.seconds_to_best),
            _ENDED[line.stopped],
        )
        for line in lines
    ]
    reasons = "".join(
        f"<li><b>{escaped(line.label)}</b> {escaped(_rate(line.learning_rate, line.weight_decay, line.clip_norm))}: "
        f"{escaped(line.reason)}.</li>"
        for line in lines
    )
    return (
        figure(
            figures.optimiser_curves(arms),
            "Test cross-entropy (left) and perplexity (right, e to the left) after each epoch. ● the epoch with the "
            "best validation perplexity, whose weights are kept; ┃ where validation stopped the training early.",
            [line.label for line in lines],
        )
        + table(heads, rows, min(measured, key=measured.__getitem__) if measured else None)
        + "".join(map(verdict, study.optimiser_verdicts))
        + "<h3>Where the learning rates come from</h3><p>The report names none. Each method has the rate that is "
        f'customary for it.</p><ul class="reasons">{reasons}</ul>'
    )


def _rate(learning_rate: float, weight_decay: float, clip_norm: float) -> str:
    parts = [f"{learning_rate:g}"]
    parts += [f"weight decay {weight_decay:g}"] if weight_decay else []
    parts += [f"gradient clipped to norm {clip_norm:g}"] if clip_norm else []
    return ", ".join(parts)


def _poems(study: Study) -> str:
    blocks = []
    for beginning, reported in study.report_poems.items():
        cards = [poem(reported, "the report", "reported")]
        cards += [poem(study.arms[line.arm].poems.get(beginning), line.label) for line in study.optimisers]
        blocks.append(
            f'<section class="beginning"><h3 lang="zh-Hant">{escaped(beginning)}</h3>'
            f'<div class="poems">{"".join(cards)}</div></section>'
        )
    return "".join(blocks)


def _sizes(study: Study) -> str:
    everything = (*study.lengths, *study.vocabularies, *study.hidden_sizes)
    groups = (
        ("length", "sequence length", study.lengths, "poems<br>whole"),
        ("vocabulary", "vocabulary", study.vocabularies, "characters<br>known"),
        ("hidden", "hidden size", study.hidden_sizes, "parameters"),
    )
    pictures = "".join(
        figure(figures.bits_by_size(lines, name, label, everything), escaped(label.capitalize()))
        for name, label, lines, _ in groups
    )
    tables = "".join(
        f"<h3>{escaped(label.capitalize())}</h3>{_size_table(label, lines, extra)}" for _, label, lines, extra in groups
    )
    return f'<div class="three">{pictures}</div>{tables}' + "".join(map(verdict, study.size_verdicts))


def _size_table(label: str, lines: Sequence[SizeLine], extra: str) -> str:
    """The table of one size; `extra` is the head of the column that only this size changes."""
    heads = (
        escaped(label.capitalize()),
        extra,
        "bits per<br>hanzi",
        "perplexity<br>of its own",
        "tokens<br>a second",
        "seconds<br>an epoch",
    )
    rows = []
    for line in lines:
        special = {
            "poems<br>whole": percent(line.whole_poems),
            "characters<br>known": percent(line.known_characters, 1),
            "parameters": number(line.parameters),
        }
        rows.append(
            (
                f"{line.value:,}",
                special[extra],
                number(line.bits_per_hanzi, 3),
                number(line.perplexity, 1),
                number(line.tokens_per_second),
                number(line.seconds_per_epoch, 1),
            )
        )
    return table(heads, rows, next((place for place, line in enumerate(lines) if line.centre), None))


def _making(study: Study) -> str:
    centre = study.arms[CENTRE]
    machines = "; ".join(
        f"{machine.processor}, {machine.cores} cores, {machine.memory_gb:.0f} GB, {machine.system}; "
        f"{machine.training}; "
        f"Python {machine.python}, torch {machine.torch}, numpy {machine.numpy}, yuexia {machine.yuexia}"
        for machine in study.machines
    )
    corpus = study.corpus
    facts = (
        ("Command", f"<code>{escaped(study.command)}</code>"),
        ("Begun, ended", f"{study.began:%Y-%m-%d %H:%M} to {study.ended:%Y-%m-%d %H:%M} UTC"),
        ("Machine", escaped(machines)),
        (
            "Poems",
            f"{corpus.train:,} to train on, {corpus.validation:,} to validate, {corpus.test:,} to test, of "
            f"{escaped(', '.join(corpus.collections))}. Prepared from {escaped(', '.join(corpus.prepared_from))}, "
            f"whose most frequent characters are the vocabulary; fingerprint <code>{corpus.fingerprint[:16]}</code>",
        ),
        ("Shared settings", escaped(_settings(centre))),
        ("Seed", f"{study.seed}, in every arm, for weights, order of poems and samples"),
    )
    described = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in facts)
    heads = ("Arm", "differs by", "epochs", "tokens", "seconds", "tokens<br>a second", "ended")
    rows = [
        (
            escaped(arm.name),
            escaped(_difference(arm, centre)),
            str(len(arm.rows)),
            number(arm.rows[-1].tokens if arm.rows else None),
            number(arm.rows[-1].seconds if arm.rows else None),
            number(arm.tokens_per_second),
            _ENDED[arm.stopped],
        )
        for arm in study.arms.values()
    ]
    return f"<dl>{described}</dl><h3>All arms</h3>{table(heads, rows)}"


def _settings(arm: ArmRecord) -> str:
    return ", ".join(f"{key} {_shown(value)}" for key, value in arm.settings.items() if key not in _NOT_SHOWN)


def _difference(arm: ArmRecord, centre: ArmRecord) -> str:
    changed = [
        f"{key} {_shown(value)}"
        for key, value in arm.settings.items()
        # A setting that came while the study ran is one that the centre, trained first, does not have.
        if value != centre.settings.get(key, value) and key != "epochs"
    ]
    if arm.equal_weight is not None:
        changed = [f"every weight {arm.equal_weight:g}"]
    return ", ".join(changed) or "the centre"


def _shown(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return f"{value:,}" if isinstance(value, int) else f"{value:g}"
        case _:
            return str(value)
