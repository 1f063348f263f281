"""From the records of the arms to the study: tables, verdicts, what was cut."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from poetcore.corpus import PreparedCorpus
from poetcore.evaluation.study.plan import FULL, QUICK, Plan, Scale
from poetcore.evaluation.study.poems import facts_of
from poetcore.evaluation.study.record import ArmRecord, CorpusFacts, Machine, Study
from poetcore.evaluation.study.tables import initialisation_lines, optimiser_lines, size_lines
from poetcore.evaluation.study.verdicts import (
    adadelta_stops_high,
    adagrad_idles,
    adam_is_best,
    choice_of_size,
    equal_units_stay_equal,
    most_poems_fit,
    xavier_starts_well,
    zero_hardly_trains,
)
from poetcore.training.sampling import TEMPERATURE

# As the report prints them, Adam's; its sampling and seed are not known.
REPORT_POEMS: Final = {
    "日": "日暮銅雀閣，山川上月華。",
    "紅": "紅萼競燃春苑曙，春風吹雪寒山。",
    "山": "山中有餘，何處是鄉。何言嶧陽，不敢寧。",
    "夜": "夜久星回凛，三秋月照春。",
    "湖": "湖上春風吹，長安得知名。",
    "海": "海岳臨丹壑，仙閣涌南薰。",
    "月": "月皎傍風送，山風照安思。",
}


def study_of(
    plan: Plan, arms: Mapping[str, ArmRecord], whole: PreparedCorpus, part: PreparedCorpus, began: datetime
) -> Study:
    """The study from its finished arms; `part` of the corpus `whole` is what they learnt from."""
    scale = plan.scale
    lengths, vocabularies, hidden_sizes = (
        size_lines(names, arms, key, plan, part)
        for names, key in (
            (plan.lengths, "sequence_length"),
            (plan.vocabularies, "vocabulary_size"),
            (plan.hidden_sizes, "hidden_size"),
        )
    )
    initialisation = initialisation_lines([arms[name] for name in plan.initialisation])
    corpus = facts_of(whole, part, scale.base.collections)
    base = scale.base
    return Study(
        scale=scale.name,
        command=_command(scale),
        began=began,
        ended=max(arm.ended for arm in arms.values()),
        seconds=sum(arm.rows[-1].seconds for arm in arms.values() if arm.rows),
        seed=base.seed,
        cuts=cuts(scale, corpus),
        corpus=corpus,
        machines=_distinct(arms),
        initialisation=initialisation,
        optimisers=optimiser_lines(arms[name] for name in plan.optimisers),
        size_epochs=scale.size_epochs,
        lengths=lengths,
        vocabularies=vocabularies,
        hidden_sizes=hidden_sizes,
        initialisation_verdicts=(
            equal_units_stay_equal(initialisation),
            zero_hardly_trains(initialisation),
            xavier_starts_well(initialisation),
        ),
        optimiser_verdicts=(adagrad_idles(arms), adadelta_stops_high(arms), adam_is_best(arms)),
        size_verdicts=(
            most_poems_fit(lengths),
            choice_of_size(_chosen("sequence length", base.sequence_length), "length", lengths),
            choice_of_size(_chosen("vocabulary", base.vocabulary_size), "vocabulary", vocabularies),
            choice_of_size(_chosen("hidden size", base.hidden_size), "hidden size", hidden_sizes),
        ),
        temperature=TEMPERATURE,
        report_poems=REPORT_POEMS,
        arms=dict(arms),
    )


def cuts(scale: Scale, corpus: CorpusFacts) -> tuple[str, ...]:
    """In what a study of `scale` is less than the full one, a phrase each."""
    ours, full = scale.base, FULL.base
    phrases = []
    if corpus.train < corpus.of[0]:
        phrases.append(
            f"{corpus.train:,} of {corpus.of[0]:,} training poems, {corpus.test:,} of {corpus.of[2]:,} test poems"
        )
    epochs = [
        ("an optimiser", ours.epochs, full.epochs),
        ("a size", scale.size_epochs, FULL.size_epochs),
        ("an initialisation", scale.initialisation_epochs, FULL.initialisation_epochs),
    ]
    phrases += [f"{now} of {then} epochs for {whose}" for whose, now, then in epochs if now < then]
    sizes = [
        ("vocabulary", ours.vocabulary_size, full.vocabulary_size),
        ("hidden size", ours.hidden_size, full.hidden_size),
        ("embedding", ours.embedding_size, full.embedding_size),
        ("batches of", ours.batch_poems, full.batch_poems),
    ]
    phrases += [f"{what} {now:,} instead of {then:,}" for what, now, then in sizes if now < then]
    return tuple(phrases)


def _chosen(what: str, value: int) -> str:
    report = {"sequence length": 50, "vocabulary": 3_500, "hidden size": 256}[what]
    if value == report:
        return f"The report's {what} is {report:,}."
    return f"Here the {what} is {value:,}, in the report {report:,}."


def _command(scale: Scale) -> str:
    usual = QUICK if scale.name == QUICK.name else FULL
    quick = " --quick" if usual is QUICK else ""
    epochs = f" --epochs {scale.base.epochs}" if scale.base.epochs != usual.base.epochs else ""
    return f"poet study --data DATA --out OUT{quick}{epochs}"


def _distinct(arms: Mapping[str, ArmRecord]) -> tuple[Machine, ...]:
    return tuple(dict.fromkeys(arm.machine for arm in arms.values()))
