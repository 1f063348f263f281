"""Updates of one chat in order, of several at once."""

import asyncio
from datetime import UTC, datetime

from telegram import Chat, Message, Update

from bot.ordering import OrderedByChat


def _update(chat_id: int) -> Update:
    return Update(1, message=Message(1, datetime.now(UTC), Chat(chat_id, "private")))


async def test_a_chat_is_in_order_and_others_do_not_wait_for_it() -> None:
    processor, done = OrderedByChat(at_work=2), list[str]()
    gate, other_done = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        await gate.wait()
        done.append("slow")

    async def quick(name: str) -> None:
        done.append(name)
        other_done.set()

    tasks = [asyncio.create_task(processor.process_update(_update(1), slow()))]
    tasks += [asyncio.create_task(processor.process_update(_update(1), quick(f"1.{n}"))) for n in range(5)]
    tasks.append(asyncio.create_task(processor.process_update(_update(2), quick("2"))))
    await other_done.wait()
    assert done == ["2"]
    gate.set()
    await asyncio.gather(*tasks)
    assert done == ["2", "slow", "1.0", "1.1", "1.2", "1.3", "1.4"]


async def test_only_so_many_are_worked_on_at_once() -> None:
    processor = OrderedByChat(at_work=3)
    at_work, most = 0, 0

    async def work() -> None:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        await asyncio.sleep(0)
        at_work -= 1

    await asyncio.gather(*(processor.process_update(_update(chat), work()) for chat in range(1, 30)))
    assert most == 3


async def test_what_is_not_done_is_given_up_at_the_end() -> None:
    processor, begun, done = OrderedByChat(), asyncio.Event(), list[str]()

    async def work(name: str) -> None:
        begun.set()
        await asyncio.Event().wait()
        done.append(name)

    tasks = [asyncio.create_task(processor.process_update(_update(1), work(name))) for name in ("first", "second")]
    await begun.wait()
    await processor.shutdown()
    assert all(task.cancelled() for task in tasks)
    assert done == []


async def test_a_failure_lets_the_next_one_in_and_locks_are_let_go() -> None:
    processor = OrderedByChat()

    async def fail() -> None:
        raise RuntimeError

    async def work() -> str:
        return "done"

    results = await asyncio.gather(
        processor.process_update(_update(1), fail()),
        processor.process_update(_update(1), work()),
        processor.process_update(object(), work()),
        return_exceptions=True,
    )
    assert isinstance(results[0], RuntimeError)
    assert not any(isinstance(result, BaseException) for result in results[1:])
    assert len(processor._locks) == 0
