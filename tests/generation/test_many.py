"""Poems by all cores are those of one."""

import pytest

from poetcore.errors import PackageError, RequestError
from poetcore.generation import ComposeRequest, Poet
from poetcore.generation.many import composed
from poetcore.generation.poet import PRETRAINED


def test_they_are_the_poems_of_one_core_in_their_order() -> None:
    # More than one process takes at once.
    requests = [ComposeRequest(prefix="月", seed=seed, best_of=2) for seed in range(25)]
    poet = Poet.load()
    assert list(composed(None, requests)) == [poet.compose(request) for request in requests]


def test_what_is_wrong_is_said_as_one_core_says_it() -> None:
    with pytest.raises(RequestError, match="no Chinese character"):
        list(composed(None, [ComposeRequest(prefix="moon")]))
    with pytest.raises(PackageError):
        list(composed(PRETRAINED / "nowhere", [ComposeRequest()]))
