"""From a request to fixed positions."""

import pytest

from poetcore.errors import RequestError
from poetcore.generation import ComposeRequest
from poetcore.generation.plan import Plan, plan, usable
from poetcore.prosody import form_named


def never(typed: str, converted: str) -> bool:
    return False


def planned(prefix: str | None, form: str | None = None, coin: float = 0.0, *, constrained: bool = True) -> Plan:
    request = ComposeRequest(prefix=prefix, form=form_named(form) if form else None, constrained=constrained)
    return plan(request, never, coin)


def shown(places: tuple[str | None, ...]) -> str:
    return "".join(char or "_" for char in places)


def test_a_prefix_takes_the_first_places() -> None:
    result = planned("月", "五絕")
    assert shown(result.places) == "月____，_____。_____，_____。"
    assert (result.prefix, result.relaxed) == ("月", ())


def test_no_prefix_leaves_every_hanzi_open() -> None:
    assert shown(planned(None, "七絕").places) == "_______，_______。_______，_______。"


def test_a_prefix_of_a_line_ends_before_the_mark() -> None:
    assert planned("床前明月光，", "五絕").prefix == "床前明月光"


def test_a_prefix_goes_on_into_the_next_line() -> None:
    result = planned("床前明月光 疑是", "五絕")
    assert shown(result.places).startswith("床前明月光，疑是___。")
    assert (result.prefix, result.relaxed) == ("床前明月光，疑是", ())


def test_a_prefix_longer_than_the_poem_is_cut() -> None:
    result = planned("千" * 100, "五絕")
    assert shown(result.places) == "千千千千千，千千千千千。" * 2
    assert (result.prefix, result.relaxed) == ("千千千千千，千千千千千。千千千千千，千千千千千", ("prefix",))


@pytest.mark.parametrize(
    ("prefix", "coin", "form"),
    [
        (None, 0.0, "五絕"),
        (None, 0.99, "七絕"),
        ("月", 0.49, "五絕"),
        ("月", 0.5, "七絕"),
        ("床前明月光", 0.99, "五絕"),
        ("床前明月光,", 0.99, "五絕"),
        ("月下孤舟過遠灘，江風", 0.0, "七絕"),
        ("月下孤舟過遠", 0.0, "七絕"),
        ("月下孤舟過遠灘江風吹葉夜初寒", 0.0, "七絕"),
        ("天" * 29, 0.0, "五律"),
        ("天" * 41, 0.0, "七律"),
        ("天" * 100, 0.0, "七律"),
        ("天天天天天。" * 5, 0.99, "五律"),
    ],
)
def test_the_form_that_fits(prefix: str | None, coin: float, form: str) -> None:
    assert planned(prefix, coin=coin).form == form_named(form)


@pytest.mark.parametrize(
    ("typed", "kept", "dropped"),
    [
        ("月", "月", False),
        (" 春\u200b眠\n", "春眠", False),
        ("「春眠」…", "春眠", False),
        ("，，春,，眠", "春，眠", False),
        ("月😀", "月", True),
        ("moon月", "月", True),
        ("𠀀月", "月", True),
        ("\u2f49", "月", False),
        ("\ud800月", "月", True),
        ("", "", False),
        ("12 !", "", True),
    ],
)
def test_usable_words(typed: str, kept: str, dropped: bool) -> None:
    assert usable(typed) == (kept, dropped)


@pytest.mark.parametrize("prefix", ["", " ", "hello", "😀", "，。", "\ud800"])
@pytest.mark.parametrize("constrained", [True, False])
def test_a_prefix_without_hanzi_is_refused(prefix: str, constrained: bool) -> None:
    with pytest.raises(RequestError, match="no Chinese character in the beginning"):
        planned(prefix, constrained=constrained)


def test_without_constraints_the_prefix_keeps_its_marks() -> None:
    result = planned("床前明月光,疑", constrained=False)
    assert (result.form, shown(result.places), result.prefix) == (None, "床前明月光，疑", "床前明月光，疑")
    assert planned("天" * 100, constrained=False).relaxed == ("prefix",)
