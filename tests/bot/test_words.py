"""Everything the bot says is there in every language, and no reader's words become HTML."""

import re
from itertools import product
from pathlib import Path

import pytest
from fluent.syntax import ast, parse
from fluent.syntax.visitor import Visitor
from hypothesis import given
from hypothesis import strategies as st

import bot
from bot.view.language import Language
from bot.view.listing import Audience, listed
from bot.view.messages import LOCALES, Html, say_for, say_in
from poetcore.script import to_simplified

FILES = sorted(path.name for path in (LOCALES / Language.ENGLISH).glob("*.ftl"))


class _Placeholders(Visitor):
    def __init__(self) -> None:
        self.found: set[str] = set()

    def visit_VariableReference(self, node: ast.VariableReference) -> None:  # noqa: N802 the visitor's own naming
        self.found.add(node.id.name)


def _messages(language: Language, name: str) -> dict[str, set[str]]:
    """The placeholders of each message of a file."""
    messages = {}
    for entry in parse((LOCALES / language / name).read_text(encoding="utf-8")).body:
        assert not isinstance(entry, ast.Junk), entry.content
        if isinstance(entry, ast.Message):
            placeholders = _Placeholders()
            placeholders.visit(entry)
            messages[entry.id.name] = placeholders.found
    return messages


@pytest.mark.parametrize("language", [Language.HANT, Language.HANS])
def test_every_language_has_every_file_key_and_placeholder(language: Language) -> None:
    assert sorted(path.name for path in (LOCALES / language).glob("*.ftl")) == FILES
    for name in FILES:
        assert _messages(language, name) == _messages(Language.ENGLISH, name), name


def test_simplified_messages_have_no_traditional_characters() -> None:
    # What a reader may type in either script, and the poems' own names, are written as they are.
    lines = [
        line
        for path in (LOCALES / Language.HANS).glob("*.ftl")
        for line in path.read_text(encoding="utf-8").split("\n")
    ]
    assert [line for line in lines if to_simplified(line) != line] == []


def test_no_key_is_in_two_files() -> None:
    keys = [key for name in FILES for key in _messages(Language.ENGLISH, name)]
    assert len(keys) == len(set(keys))


def test_the_code_says_only_what_there_is() -> None:
    known = {key for name in FILES for key in _messages(Language.ENGLISH, name)}
    code = "".join(path.read_text(encoding="utf-8") for path in Path(bot.__file__).parent.rglob("*.py"))
    said = set(re.findall(r'\bsay(?:\.plain)?\(\s*"([a-z-]+)"', code))
    assert said - known == set()
    assert len(said) > 20


@given(st.text())
def test_values_are_escaped_once(city: str) -> None:
    shown = say_for("en")("daily-no-city", city=city)
    assert "<" not in shown
    assert say_for("en")("daily-no-city", city=Html("<b>x</b>")) == say_for("en")("daily-no-city", city="x").replace(
        "x”", "<b>x</b>”"
    )


def test_a_toast_is_no_html() -> None:
    assert "a < b" in say_for("en").plain("daily-no-city", city="a < b")
    assert "a &lt; b" in say_for("en")("daily-no-city", city="a < b")


@pytest.mark.parametrize(("key", "values"), [("no-such-key", {}), ("daily-no-city", {})])
def test_what_is_missing_is_an_error(key: str, values: dict[str, str]) -> None:
    with pytest.raises((KeyError, LookupError)):
        say_for("en")(key, **values)


def test_telegram_takes_the_commands() -> None:
    for language, audience in product(Language, Audience):
        commands = listed(audience, say_in(language))
        assert all(re.fullmatch("[a-z]{1,32}", name) and 1 <= len(told) <= 256 for name, told in commands)
        assert len(dict(commands)) == len(commands) <= 100
    assert say_for("zh-CN") is say_in(Language.HANS)
