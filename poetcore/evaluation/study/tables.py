"""The tables of the page, from the records of the arms: pure functions."""

from collections.abc import Iterable, Mapping, Sequence

from poetcore.corpus import PreparedCorpus
from poetcore.evaluation.study.plan import CENTRE, Plan
from poetcore.evaluation.study.poems import share_of_known_characters, share_of_whole_poems
from poetcore.evaluation.study.record import ArmRecord, EpochRow, InitialisationLine, OptimiserLine, SizeLine


def optimiser_lines(arms: Iterable[ArmRecord]) -> tuple[OptimiserLine, ...]:
    """A line for each arm, in the order given."""
    return tuple(_optimiser_line(arm) for arm in arms)


def initialisation_lines(arms: Sequence[ArmRecord]) -> tuple[InitialisationLine, ...]:
    """A line for each arm whose hidden units were compared, after the last epoch that all of these have."""
    compared = [arm for arm in arms if arm.units is not None and arm.rows]
    epoch = min((arm.rows[-1].epoch for arm in compared), default=None)
    return tuple(_initialisation_line(arm, epoch) for arm in compared)


def size_lines(
    names: Iterable[str], arms: Mapping[str, ArmRecord], key: str, plan: Plan, corpus: PreparedCorpus
) -> tuple[SizeLine, ...]:
    """A line for each of `names`; `key` is the setting in which they differ, `corpus` what they learnt from."""
    return tuple(_size_line(arms[name], key, plan, corpus) for name in names)


def _optimiser_line(arm: ArmRecord) -> OptimiserLine:
    best, last = arm.best, arm.rows[-1] if arm.rows else None
    return OptimiserLine(
        arm=arm.name,
        label=arm.label,
        learning_rate=arm.settings["learning_rate"],
        weight_decay=arm.settings["weight_decay"],
        clip_norm=arm.settings["clip_norm"],
        reason=arm.reason,
        stopped=arm.stopped,
        epochs=len(arm.rows),
        best_epoch=arm.best_epoch,
        validation_cross_entropy=best.validation_cross_entropy if best else None,
        validation_perplexity=best.validation_perplexity if best else None,
        test_cross_entropy=best.test_cross_entropy if best else None,
        test_perplexity=best.test_perplexity if best else None,
        bits_per_hanzi=arm.bits_per_hanzi,
        seconds_to_best=best.seconds if best else None,
        seconds=last.seconds if last else None,
    )


def _initialisation_line(arm: ArmRecord, epoch: int | None) -> InitialisationLine:
    assert arm.units is not None  # noqa: S101 - the caller chose by it
    after = arm.units.after
    row = _row_of(arm, epoch)
    return InitialisationLine(
        arm=arm.name,
        label="Xavier" if arm.name == CENTRE else arm.label,
        units=after.units,
        distinct_units=after.distinct_units,
        largest_difference=after.largest_difference,
        largest_weight_difference=after.largest_weight_difference,
        effective_rank=after.effective_rank,
        shut_gates=after.shut_gates,
        parameters=arm.units.parameters,
        moved=arm.units.moved,
        first_loss=arm.losses[0][1] if arm.losses else None,
        epoch=epoch,
        validation_cross_entropy=row.validation_cross_entropy if row else None,
    )


def _size_line(arm: ArmRecord, key: str, plan: Plan, corpus: PreparedCorpus) -> SizeLine:
    settings, epochs = arm.settings, [row for row in arm.rows if row.epoch <= plan.scale.size_epochs]
    last = epochs[-1] if epochs else None
    best = min(epochs, key=lambda row: row.validation_cross_entropy, default=None)
    collections = plan.scale.base.collections
    return SizeLine(
        arm=arm.name,
        value=settings[key],
        centre=arm.name == CENTRE,
        whole_poems=share_of_whole_poems(corpus, collections, settings["sequence_length"]),
        known_characters=share_of_known_characters(corpus, collections, settings["vocabulary_size"]),
        parameters=arm.parameters,
        perplexity=best.test_perplexity if best else None,
        bits_per_hanzi=arm.bits_at[1] if arm.bits_at else arm.bits_per_hanzi,
        tokens_per_second=last.tokens / last.seconds if last and last.seconds else None,
        seconds_per_epoch=last.seconds / last.epoch if last else None,
    )


def _row_of(arm: ArmRecord, epoch: int | None) -> EpochRow | None:
    return next((row for row in arm.rows if row.epoch == epoch), None)
