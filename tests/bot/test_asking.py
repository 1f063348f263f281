"""What the words after /poem ask for, and plain words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.asking import LONGEST_WORDS, Asked, asked_for, plainly_asked, titled
from poetcore.prosody import FORMS


@pytest.mark.parametrize(
    ("words", "beginning", "form", "rhyme", "title"),
    [
        ("", None, None, None, None),
        ("月", "月", None, None, None),
        ("月 七絕", "月", "七絕", None, None),
        ("七绝 月", "月", "七絕", None, None),
        ("七言绝句 月", "月", "七絕", None, None),
        ("五言律詩", None, "五律", None, None),
        ("明月 五律 松間", "明月松間", "五律", None, None),
        ("月\u3000七律", "月", "七律", None, None),
        ("月七絕", "月", "七絕", None, None),
        ("七絕 七绝", None, "七絕", None, None),
        ("red 月", "red月", None, None, None),
        ("月\ud800下\x00 七絕", "月下", "七絕", None, None),
        ("\u200b", None, None, None, None),
        ("月 七絕 東韻", "月", "七絕", "東", None),
        ("东韵七绝月", "月", "七絕", "東", None),
        ("押上平聲一東韻，月", "月", None, "東", None),
        ("东韵 東韻", None, None, "東", None),
        ("東", "東", None, None, None),
        ("《中秋懷友》 月 七絕", "月", "七絕", None, "中秋懷友"),
        ("月《讀七律 有感》五絕 尤韵", "月", "五絕", "尤", "讀七律 有感"),
        ("月，七絕，東韻。", "月", "七絕", "東", None),
    ],
)
def test_arguments_in_any_order(
    words: str, beginning: str | None, form: str | None, rhyme: str | None, title: str | None
) -> None:
    asked = asked_for(words)
    assert asked is not None
    assert asked == Asked(asked.words, FORMS[form] if form else None, title, rhyme)
    assert asked.prefix == beginning


@pytest.mark.parametrize("words", ["五絕 七絕 月", "東韻 陽韻 月", "五言絕句 五律"])
def test_two_forms_or_two_rhymes_are_no_request(words: str) -> None:
    assert asked_for(words) is None
    assert titled(words) is None
    assert plainly_asked(words) is None


@pytest.mark.parametrize(
    ("words", "title", "form"),
    [
        ("中秋懷友", "中秋懷友", None),
        ("moon over river 七絕", "moon over river", "七絕"),
        ("《中秋懷友》五律", "中秋懷友", "五律"),
        ("讀《詩經》有感", "讀《詩經》有感", None),
        ("七絕", None, "七絕"),
    ],
)
def test_a_title_keeps_its_words(words: str, title: str | None, form: str | None) -> None:
    asked = titled(words)
    assert asked is not None
    assert (asked.title, asked.form) == (title, FORMS[form] if form else None)
    assert asked.words is None


@pytest.mark.parametrize(
    ("text", "beginning", "title"),
    [
        ("月", "月", None),
        ("七絕", None, None),
        ("明月松間照", "明月松間照", None),
        ("春江花月夜思人 七律", "春江花月夜思人", None),
        ("春江花月夜思 五律", None, "春江花月夜思"),
        ("春江花月夜思友人", None, "春江花月夜思友人"),
        ("題：中秋", None, "中秋"),
        ("题西林壁", None, "题西林壁"),
        ("題", "題", None),
        ("以春江為題", None, "春江"),
        ("写一首关于春天的诗", None, "春天"),
        ("《中秋懷友》", None, "中秋懷友"),
        ("《中秋懷友》 月", "月", "中秋懷友"),
        ("a moon, 月!", "amoon,月", None),
    ],
)
def test_plain_words_are_a_beginning_or_a_title(text: str, beginning: str | None, title: str | None) -> None:
    asked = plainly_asked(text)
    assert asked is not None
    assert (asked.prefix, asked.title) == (beginning, title)
    assert asked != Asked()


@pytest.mark.parametrize("text", ["hello", "", "😀", "12345", "，。"])
def test_plain_words_without_hanzi_are_no_request(text: str) -> None:
    assert plainly_asked(text) == Asked()


@given(st.text(st.characters()))
def test_any_text_is_understood_or_refused(words: str) -> None:
    for understand in (asked_for, titled, plainly_asked):
        asked = understand(words)
        for part in (asked.words, asked.title) if asked else ():
            assert part is None or 0 < len(part) <= LONGEST_WORDS
            assert part is None or (part.encode() and part == " ".join(part.split()))


@given(
    words=st.lists(st.text("月明松間照abc😀", min_size=1, max_size=5), max_size=4),
    form=st.sampled_from(["五絕", "五绝", "七絕", "七绝", "五律", "七律", "七言律诗"]),
    data=st.data(),
)
def test_a_form_is_found_wherever_it_stands(words: list[str], form: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(words)))
    typed = data.draw(st.sampled_from([" ", "\u3000", "  ", "\n"])).join([*words[:place], form, *words[place:]])
    asked = asked_for(typed)
    assert asked is not None
    assert (asked.prefix, asked.form) == ("".join(words) or None, FORMS[form.replace("绝", "絕").replace("言", "")[:2]])
