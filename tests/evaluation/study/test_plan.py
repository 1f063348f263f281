"""The plan: which arms, in which order, differing in what."""

from dataclasses import fields

import pytest

from poetcore.errors import SettingsError
from poetcore.evaluation.study.plan import CENTRE, FULL, QUICK, Arm, Scale, plan_of
from poetcore.training.presets import PRESETS


def differences(arm: Arm, centre: Arm) -> set[str]:
    return {
        field.name
        for field in fields(arm.settings)
        if getattr(arm.settings, field.name) != getattr(centre.settings, field.name)
    }


def test_the_full_study_has_these_arms() -> None:
    plan = plan_of(FULL)
    assert [arm.name for arm in plan.arms] == [
        *("adam", "sgd", "adagrad", "adadelta", "adamw"),
        *("zero", "equal", "random"),
        *("length-30", "length-80", "vocabulary-2000", "vocabulary-5000", "hidden-128", "hidden-512"),
    ]
    assert plan.optimisers == ("sgd", "adagrad", "adadelta", "adam", "adamw")
    assert plan.initialisation == ("zero", "equal", "random", "adam")
    assert plan.lengths == ("length-30", "adam", "length-80")
    assert plan.vocabularies == ("vocabulary-2000", "adam", "vocabulary-5000")
    assert plan.hidden_sizes == ("hidden-128", "adam", "hidden-512")


def test_the_centre_is_the_reports_recipe() -> None:
    centre = plan_of(FULL).arms[0]
    report = PRESETS["seed"]
    assert differences(centre, Arm("", "", report)) == {"epochs"}
    sizes = (report.sequence_length, report.vocabulary_size, report.embedding_size, report.hidden_size)
    assert (*sizes, report.batch_poems) == (50, 3_500, 128, 256, 256)


@pytest.mark.parametrize("scale", [FULL, QUICK])
def test_an_arm_differs_from_the_centre_in_one_thing(scale: Scale) -> None:
    centre, *others = plan_of(scale).arms
    expected = {
        "sgd": {"optimiser", "learning_rate", "clip_norm"},
        "adagrad": {"optimiser", "learning_rate"},
        "adadelta": {"optimiser", "learning_rate"},
        "adamw": {"optimiser", "weight_decay"},
        **{name: {"initialisation"} for name in ("zero", "equal", "random")},
    }
    sizes = {"length": "sequence_length", "vocabulary": "vocabulary_size", "hidden": "hidden_size"}
    for arm in others:
        assert differences(arm, centre) - {"epochs"} == expected.get(arm.name, {sizes.get(arm.name.split("-")[0])})
        assert arm.settings.seed == centre.settings.seed


def test_learning_rates_are_the_customary_ones() -> None:
    rates = {arm.name: arm.settings.learning_rate for arm in plan_of(FULL).arms}
    assert {name: rates[name] for name in plan_of(FULL).optimisers} == {
        "sgd": 20.0,
        "adagrad": 0.01,
        "adadelta": 1.0,
        "adam": 0.001,
        "adamw": 0.001,
    }


def test_hidden_units_are_compared_where_initialisations_are() -> None:
    plan = plan_of(FULL)
    assert {arm.name for arm in plan.arms if arm.watches_units} == set(plan.initialisation)
    assert {arm.name: arm.equal_weight for arm in plan.arms if arm.equal_weight is not None} == {"equal": 0.01}


def test_epochs_bound_every_arm() -> None:
    epochs = {arm.name: arm.settings.epochs for arm in plan_of(FULL).arms}
    assert (epochs[CENTRE], epochs["zero"], epochs["hidden-128"]) == (10, 3, 4)
    bounded = plan_of(FULL.with_epochs(4))
    assert {arm.settings.epochs for arm in bounded.arms} == {4, 3}
    # The centre is compared with the sizes after as many epochs as they have.
    assert bounded.arms[0].bits_at == 4
    assert plan_of(FULL).arms[0].bits_at == 4
    with pytest.raises(SettingsError, match="epochs must be at least 1"):
        FULL.with_epochs(0)
