"""How much a reader and a group may ask for."""

from hypothesis import given
from hypothesis import strategies as st

from bot.manners.limits import Buckets, Limits, Refusal


class Clock:
    """Seconds, set by the test."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_a_minutes_worth_may_come_at_once_and_comes_back_at_an_even_pace() -> None:
    clock = Clock()
    limits = Limits(reader_per_minute=15, group_per_minute=0, clock=clock)
    assert [limits.take(1) for _ in range(15)] == [None] * 15
    assert limits.take(1) == Refusal(wait_s=4.0, is_first=True)
    assert limits.take(2) is None
    clock.now += 3
    assert limits.take(1) == Refusal(wait_s=1.0, is_first=False)
    clock.now += 1
    assert limits.take(1) is None


def test_who_goes_on_asking_is_told_once_and_again_only_after_a_rest() -> None:
    clock = Clock()
    limits = Limits(reader_per_minute=6, group_per_minute=0, clock=clock)
    told = []
    for _ in range(120):
        refusal = limits.take(1)
        told.append(refusal is not None and refusal.is_first)
        clock.now += 1
    assert told.count(True) == 1
    clock.now += 30
    assert [limits.take(1) for _ in range(3)] == [None] * 3
    refusal = limits.take(1)
    assert refusal is not None
    assert refusal.is_first


def test_a_group_has_a_measure_of_its_own() -> None:
    limits = Limits(reader_per_minute=0, group_per_minute=3, clock=Clock())
    assert [limits.take(reader, group_id=-1) for reader in range(3)] == [None] * 3
    assert limits.take(9, group_id=-1) == Refusal(wait_s=20.0, is_first=True)
    assert limits.take(9, group_id=-2) is None
    assert limits.take(9) is None


def test_a_refusal_in_a_toast_leaves_it_to_the_next_message_to_be_told() -> None:
    limits = Limits(reader_per_minute=0, group_per_minute=1, clock=Clock())
    told = [limits.take(1, group_id=-1, tells=tells) for tells in (True, False, False, True, True)]
    assert [refusal and refusal.is_first for refusal in told] == [None, True, True, True, False]


@given(
    st.lists(st.tuples(st.integers(1, 5), st.floats(0, 100, allow_subnormal=False)), max_size=60), st.floats(0.5, 50)
)
def test_nobody_gets_more_than_a_minutes_worth_and_the_pace(asked: list[tuple[int, float]], per_minute: float) -> None:
    clock = Clock()
    limits, began, given_to = Limits(per_minute, 0, clock), clock.now, dict.fromkeys(range(1, 6), 0)
    for reader, pause in asked:
        clock.now += pause
        given_to[reader] += limits.take(reader) is None
    most = max(1.0, per_minute) + (clock.now - began) * per_minute / 60 + 1e-6
    assert all(count <= most for count in given_to.values())


def test_memory_is_bounded() -> None:
    buckets = Buckets(1, Clock(), most=100)
    assert buckets.take(-1) is None
    for reader in range(1_000):
        buckets.take(reader)
    assert len(buckets) == 100
    assert buckets.take(-1) is None
