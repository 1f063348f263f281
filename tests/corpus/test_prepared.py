"""What is looked at of a prepared corpus."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from poetcore.corpus import evenly_spread


def test_a_few_of_many_are_spread_from_the_first_to_the_last() -> None:
    assert evenly_spread(11, 3).tolist() == [0, 5, 10]
    assert evenly_spread(10, 4).tolist() == [0, 3, 6, 9]
    assert evenly_spread(10, 1).tolist() == [0]


@given(st.integers(0, 300), st.integers(1, 300))
def test_none_comes_twice_and_all_are_there_where_they_are_few(count: int, most: int) -> None:
    places = evenly_spread(count, most)
    assert len(places) == min(count, most)
    assert (np.diff(places) > 0).all()
    if count <= most:
        assert places.tolist() == list(range(count))
