"""From a request to fixed positions."""

import re

import pytest

from poetcore.errors import RequestError
from poetcore.generation import ComposeRequest
from poetcore.generation import plan as planning
from poetcore.generation.plan import Plan, in_order, plan, usable
from poetcore.prosody import form_named
from poetcore.script import SCRIPTS, Script


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
    ("prefix", "form", "start", "relaxed"),
    [
        ("春江潮水連海平", "五絕", "春江潮水連，海平", ("prefix",)),
        ("春江潮水連海平", "七絕", "春江潮水連海平", ()),
        ("春江潮水連海平 灔灔", "五絕", "春江潮水連，海平灔灔", ("prefix",)),
        ("床前明，月光", None, "床前明月光", ("prefix",)),
        ("床前明月光，疑、是", "五絕", "床前明月光，疑是", ("prefix",)),
        ("床前明月光疑是地上霜", "五絕", "床前明月光，疑是地上霜", ()),
        ("床前明月光!\n疑是地上霜.舉", "五絕", "床前明月光，疑是地上霜。舉", ()),
        ("床前 明月光", "五絕", "床前明月光", ()),
        ("床前，", "五絕", "床前", ()),
    ],
)
def test_lines_that_end_elsewhere_than_the_readers_words_are_mentioned(
    prefix: str, form: str | None, start: str, relaxed: tuple[str, ...]
) -> None:
    result = planned(prefix, form)
    assert (result.prefix, result.relaxed) == (start, relaxed)


KEPT = ("白日依山盡", "黃河入海流", None, "更上一層樓")


@pytest.mark.parametrize("script", SCRIPTS)
def test_kept_lines_are_brought_into_traditional_script(script: Script) -> None:
    keep = ("白日依山尽", "黄河入海流", None, "更上一层楼")
    result = plan(ComposeRequest(keep=keep, script=script), never, 0)
    assert shown(result.places) == "白日依山盡，黃河入海流。_____，更上一層樓。"


def test_kept_lines_in_traditional_script_stay_whatever_the_reader_uses() -> None:
    keep = ("千里云何往", "皇后說吾余", None, "更上一層樓")
    result = plan(ComposeRequest(keep=keep, script="hans"), never, 0)
    assert shown(result.places) == "千里云何往，皇后說吾余。_____，更上一層樓。"


def test_kept_lines_go_before_a_form_and_a_beginning_and_that_before_an_acrostic() -> None:
    request = ComposeRequest(prefix="月", form=form_named("七律"), acrostic="春夏秋冬", keep=KEPT)
    result = plan(request, never, 0)
    assert shown(result.places) == "白日依山盡，黃河入海流。秋____，更上一層樓。"
    assert result.relaxed == ("form", "prefix", "acrostic")


@pytest.mark.parametrize("acrostic", ["", "abc", "😀", "。"])
def test_an_acrostic_without_hanzi_is_given_up(acrostic: str) -> None:
    result = plan(ComposeRequest(acrostic=acrostic, form=form_named("五絕")), never, 0)
    assert shown(result.places) == "_____，_____。_____，_____。"
    assert result.relaxed == ("acrostic",)


def test_what_is_given_up_is_named_in_the_order_that_is_documented() -> None:
    documented = re.findall(r"^- (\w+)", planning.__doc__ or "", re.MULTILINE)
    assert list(in_order(reversed(documented))) == documented


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
