from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.localchat.errors import ApiError
from bot.localchat.formatting import Entity, FormattedText, from_html, plain, utf16_length


@pytest.mark.parametrize(
    ("markup", "text", "entities"),
    [
        ("<b>月</b>下", "月下", [Entity("bold", 0, 1)]),
        ("𠮷<i>月</i>", "𠮷月", [Entity("italic", 2, 1)]),
        ("<b>a<u>b</u></b>", "ab", [Entity("bold", 0, 2), Entity("underline", 1, 1)]),
        ("<strong>a</strong><del>b</del>", "ab", [Entity("bold", 0, 1), Entity("strikethrough", 1, 1)]),
        ("<tg-spoiler>a</tg-spoiler>", "a", [Entity("spoiler", 0, 1)]),
        ('<span class="tg-spoiler">a</span>', "a", [Entity("spoiler", 0, 1)]),
        ("<blockquote expandable>a</blockquote>", "a", [Entity("expandable_blockquote", 0, 1)]),
        ('<pre><code class="language-python">x</code></pre>', "x", [Entity("pre", 0, 1, language="python")]),
        ('<a href="https://example.org/?a=1&amp;b=2">x</a>', "x", [Entity("text_link", 0, 1, url="https://example.org/?a=1&b=2")]),
        ('<a href="tg://user?id=11">x</a>', "x", [Entity("text_mention", 0, 1, user_id=11)]),
        ('<a href="javascript:alert(1)">x</a>', "x", []),
        ("&lt;b&gt; &amp;amp; &quot; &#26376; &nbsp;", '<b> &amp; " 月 &nbsp;', []),
        ("  <b> a </b>  ", " a", [Entity("bold", 0, 2)]),
        ("\n\n月\n\n", "月", []),
        ("<b></b>x", "x", []),
    ],
)  # fmt: skip
def test_html_becomes_text_and_entities(markup: str, text: str, entities: list[Entity]) -> None:
    parsed = from_html(markup)
    assert (parsed.text, list(parsed.entities)) == (text, entities)


@pytest.mark.parametrize(
    ("markup", "problem"),
    [
        ("<b>月", 'Can\'t find end tag corresponding to start tag "b"'),
        ("月</b>", "Unexpected end tag at byte offset 3"),
        ("<b><i>x</b></i>", 'Unmatched end tag at byte offset 7, expected "</i>", found "</b>"'),
        ("<img src=x>", 'Unsupported start tag "img" at byte offset 0'),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("1 < 2", "Unclosed start tag at byte offset 2"),
    ],
)
def test_bad_html_is_refused_in_telegrams_words(markup: str, problem: str) -> None:
    with pytest.raises(ApiError) as refused:
        from_html(markup)
    assert (refused.value.code, refused.value.description) == (400, f"Bad Request: can't parse entities: {problem}")


def test_the_limit_counts_utf16_units_after_parsing() -> None:
    assert from_html("<b>" + "𠮷" * 2048 + "</b>").text == "𠮷" * 2048
    with pytest.raises(ApiError, match="message is too long"):
        plain("𠮷" * 2048 + "月")


def test_commands_are_found_but_not_in_paths_or_code() -> None:
    found = [(e.type, e.offset, e.length) for e in plain("/poem 月, a/b /help@yuexia_bot http://x/poem.").entities]
    assert found == [("bot_command", 0, 5), ("bot_command", 13, 16), ("url", 30, 13)]
    assert [e.type for e in from_html("<code>/poem</code>").entities] == ["code"]


def test_what_cannot_be_shown_is_replaced() -> None:
    assert plain("a\ud800b\x00c\r\nd").text == "a\ufffdb c\nd"


def parsed_or_refused(parse: Callable[[str], FormattedText], text: str) -> FormattedText | None:
    try:
        return parse(text)
    except ApiError as refused:
        if refused.code != 400:
            raise
        return None


@given(st.text())
def test_the_lengths_of_any_text_are_its_utf16_units(text: str) -> None:
    kept = parsed_or_refused(plain, text)
    if kept is not None:
        assert kept.text == kept.text.rstrip()
        assert utf16_length(kept.text) == len(kept.text.encode("utf-16-le")) // 2


@given(st.text(st.sampled_from("<>/bi &;\"'=ab月\n"), max_size=40))
def test_any_markup_is_parsed_or_refused_and_entities_lie_inside(markup: str) -> None:
    parsed = parsed_or_refused(from_html, markup)
    if parsed is not None:
        size = utf16_length(parsed.text)
        assert all(e.offset >= 0 and e.length > 0 and e.end <= size for e in parsed.entities)
