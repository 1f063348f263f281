"""The allowance: never more than the limit in a second, answers first."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from bot.pacing import Allowance, Pacer, Urgency


def test_at_thirty_a_second_exactly_thirty_go_in_a_second() -> None:
    allowance = Allowance(30)
    assert sum(allowance.take(tick / 1000) for tick in range(1000)) == 30
    assert sum(allowance.take(1 + tick / 1000) for tick in range(1000)) == 30


# Training, in this process too, flushes the smallest floats to zero, and hypothesis will not draw them then.
@given(st.integers(1, 60), st.lists(st.floats(0, 0.5, allow_subnormal=False), max_size=300))
def test_in_no_second_go_more_than_the_limit(limit: int, steps: list[float]) -> None:
    allowance, now, sent = Allowance(limit), 0.0, list[float]()
    for step in steps:
        now += step
        if allowance.take(now):
            sent.append(now)
    assert all(sum(start <= one < start + 1 for one in sent) <= limit for start in sent)


def test_the_wait_is_until_the_next_may_go() -> None:
    allowance = Allowance(1)
    assert allowance.take(5.0)
    assert not allowance.take(5.5)
    assert allowance.wait(5.5) == 0.5
    assert allowance.take(6.0)


async def test_answers_go_before_broadcasts_that_waited_longer() -> None:
    pacer, order = Pacer(20), list[str]()

    async def send(name: str, urgency: Urgency) -> None:
        await pacer.turn(urgency)
        order.append(name)

    work = [send(f"b{n}", Urgency.BROADCAST) for n in range(4)] + [send(f"a{n}", Urgency.ANSWER) for n in range(2)]
    await asyncio.gather(*work)
    # The first two went at once: that much may go together.
    assert order == ["b0", "b1", "a0", "a1", "b2", "b3"]
    assert pacer.answers == 2
