"""From a poem that is kept to the orders that follow from it."""

import pytest

from bot.asking import Asked, What
from bot.orders import again, in_form, order, row_of, with_line_anew
from bot.storage.models import Poem
from poetcore.generation import ComposeRequest
from poetcore.generation import Poem as Written
from poetcore.prosody import FORMS

LINES = ("月下孤舟過遠灘", "江風吹葉夜初寒", "一聲鐘起山中寺", "行客無眠倚曲欄")
REQUEST = ComposeRequest(
    prefix="月下", form=FORMS["七絕"], seed=7, script="hans", title="江村夜坐", acrostic="月江一行", rhyme="寒"
)


def _kept(request: ComposeRequest) -> Poem:
    text = FORMS["七絕"].punctuate(LINES)
    poem = Written(text, text, LINES, "七絕", "寒", request.title, "月下", request.seed, "toy", -1.0, 16, ())
    return row_of(request, poem, user_id=1, chat_id=2)


def test_another_is_asked_for_in_the_same_words() -> None:
    row = _kept(REQUEST)
    assert (row.user_id, row.chat_id, row.poet, row.text) == (1, 2, "toy", FORMS["七絕"].punctuate(LINES))
    assert again(row, 7) == REQUEST
    assert again(_kept(ComposeRequest()), 5) == ComposeRequest(seed=5)


def test_a_readers_lines_end_where_they_put_a_space() -> None:
    asked = Asked("床前明月光 疑是")
    assert order(asked, What.PREFIX, "hant", 1).prefix == "床前明月光 疑是"
    assert order(asked, What.ACROSTIC, "hant", 1).acrostic == "床前明月光疑是"


def test_another_form_changes_nothing_else() -> None:
    assert in_form(_kept(REQUEST), FORMS["五律"], 7) == ComposeRequest(
        prefix="月下", form=FORMS["五律"], seed=7, script="hans", title="江村夜坐", acrostic="月江一行", rhyme="寒"
    )


@pytest.mark.parametrize(
    ("prefix", "line", "kept"),
    [
        ("月下", 1, "月下"),
        ("月下", 3, "月下"),
        ("月下孤舟過遠灘", 1, None),
        ("月下孤舟過遠灘，江", 1, None),
        ("月下孤舟過遠灘，江", 2, "月下孤舟過遠灘，江"),
        (None, 4, None),
    ],
)
def test_a_line_anew_keeps_the_others_and_its_own_beginning(prefix: str | None, line: int, kept: str | None) -> None:
    order = with_line_anew(_kept(ComposeRequest(prefix=prefix, form=FORMS["七絕"])), line, 9)
    assert order is not None
    assert order.keep == tuple(None if number == line else text for number, text in enumerate(LINES, 1))
    assert (order.prefix, order.seed, order.form) == (kept, 9, None)


@pytest.mark.parametrize("line", [0, 5, 8])
def test_a_line_that_is_not_there_cannot_be_written_anew(line: int) -> None:
    assert with_line_anew(_kept(REQUEST), line, 9) is None


def test_a_poem_of_no_form_has_no_lines_to_choose() -> None:
    row = _kept(REQUEST)
    row.form = None
    assert with_line_anew(row, 1, 9) is None
