"""What the words after /poem ask for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.asking import LONGEST_PREFIX, Asked, asked_for
from poetcore.prosody import FORMS, form_named


@pytest.mark.parametrize(
    ("words", "prefix", "form"),
    [
        ("", None, None),
        ("月", "月", None),
        ("月 七絕", "月", "七絕"),
        ("七绝 月", "月", "七絕"),
        ("七絕", None, "七絕"),
        ("明月 五律 松間", "明月松間", "五律"),
        ("月\u3000七律", "月", "七律"),
        ("月七絕", "月", "七絕"),
        ("七絕 七绝", None, "七絕"),
        ("red 月", "red月", None),
        ("月\ud800下\x00 七絕", "月下", "七絕"),
        ("\u200b", None, None),
    ],
)
def test_arguments_in_any_order(words: str, prefix: str | None, form: str | None) -> None:
    assert asked_for(words) == Asked(prefix, form_named(form) if form else None)


def test_two_forms_are_no_request() -> None:
    assert asked_for("五絕 七絕 月") is None


@given(st.text(st.characters()))
def test_any_text_is_understood_or_refused(words: str) -> None:
    asked = asked_for(words)
    if asked is not None and asked.prefix is not None:
        assert 0 < len(asked.prefix) <= LONGEST_PREFIX
        assert not any(char.isspace() for char in asked.prefix)
        assert asked.prefix.encode()


@given(
    prefix=st.lists(st.text("月明松間照abc😀，", min_size=1, max_size=5), max_size=4),
    form=st.sampled_from(["五絕", "五绝", "七絕", "七绝", "五律", "七律"]),
    data=st.data(),
)
def test_a_form_is_found_wherever_it_stands(prefix: list[str], form: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(prefix)))
    words = data.draw(st.sampled_from([" ", "\u3000", "  ", "\n"])).join([*prefix[:place], form, *prefix[place:]])
    assert asked_for(words) == Asked("".join(prefix) or None, FORMS[form.replace("绝", "絕")])
