"""A worker to be killed: reads one JSON object a line, forks a worker for it, and prints how that ended.

Run as a program of its own, so that a fork copies no thread of the tests, and what is imported is imported once.
"""

import errno
import json
import os
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from sqlalchemy import Engine, event, make_url, text
from sqlalchemy.exc import OperationalError, SQLAlchemyError

import bot.storage.learning
import bot.storage.versions
import bot.worker.steps
from bot.poets.gate import Figures, Limits
from bot.poets.store import FolderStore
from bot.storage import Database
from bot.storage.forgetting import forget
from bot.storage.learning import active_job, cancel_job, end_job
from bot.worker.contracts import Advance, Examination, Tuned, TuningTask
from bot.worker.service import Watch
from bot.worker.steps import Json, Steps, Terms
from bot.worker.workflow import launched
from bot.worker.workplace import Workplace
from poetcore.package import PoetCard, read_card, read_package, write_package

UPDATES = 5
# Of the process, which does one job.
_THRICE = iter(range(3))


class Order:
    """What the test asks of a run."""

    def __init__(self, words: dict[str, Any]) -> None:
        self.home = Path(words["home"])
        self.database = make_url(words["database"])
        self.system = make_url(words["system"])
        self.poets = Path(words["poets"])
        self.point = words.get("point")
        self.fault = words.get("fault")
        self.promote = words.get("promote", True)
        self.worse = words.get("worse", False)
        self.gone_after_s = words.get("gone_after_s", 120.0)
        # Counts looks where the test is about silence, so that a busy machine is not taken for a dead one.
        looks = count()
        self.clock = (lambda: 0.1 * next(looks)) if "gone_after_s" in words else time.monotonic

    def reached(self, point: str) -> None:
        """Die as by kill -9 the first time that `point` is reached."""
        mark = self.home / f"killed-{point}"
        if point == self.point and not mark.exists():
            mark.write_text("")
            os.kill(os.getpid(), signal.SIGKILL)

    def note(self, what: str) -> None:
        """Write down that something was done, for the test to count."""
        with (self.home / "done.txt").open("a") as file:
            file.write(what + "\n")


class Tuner:
    """Changes weights a little, with a checkpoint after every update."""

    def __init__(self, order: Order) -> None:
        self._order = order

    def tune(self, task: TuningTask, tell: Callable[[Advance], None]) -> Tuned:
        task.run.mkdir(parents=True, exist_ok=True)
        checkpoint = task.run / "update"
        begun = int(checkpoint.read_text()) if checkpoint.exists() else 0
        ratings = len(task.ratings.read_text().splitlines())
        for update in range(begun + 1, UPDATES + 1):
            self._order.note(f"update {update}")
            checkpoint.write_text(str(update))
            tell(Advance(update, UPDATES, 1.0 / update, float(UPDATES - update)))
            if update == 3:
                self._order.reached("tuning")
                befall(self._order, self._order.fault)
        card, tensors = read_package(task.base)
        changed = {name: (tensor * 1.01).astype(np.float16) for name, tensor in tensors.items()}
        fresh: PoetCard = card.model_copy(update={"version": task.version, "parent": card.version})
        write_package(task.run / "poet", fresh, changed)
        self._order.reached("tuned")
        return Tuned(tuple((update, 1.0 / update) for update in range(1, UPDATES + 1)), {"ratings": ratings})


class Examiner:
    """Finds every poet as good, or the new one worse."""

    def __init__(self, order: Order) -> None:
        self._order = order

    yardstick = "the same"

    def measure(self, package: Path, tell: Callable[[Advance], None]) -> Figures:
        return self.examine(package, package, tell).before

    def examine(self, before: Path, after: Path, tell: Callable[[Advance], None]) -> Examination:
        self._order.reached("examining")
        figures = Figures(
            bits_per_hanzi=7.6,
            format_share=1.0,
            rhyme_share=1.0,
            tone_share=1.0,
            distinct_2=0.8,
            copied_share=0.0,
            compose_ms=100.0,
        )
        worse = figures.model_copy(update={"bits_per_hanzi": 9.0}) if self._order.worse else figures
        # Whom it measured, for the test to see.
        return Examination(figures, worse, ((read_card(before).version, read_card(after).version),))


def befall(order: Order, fault: str | None) -> None:
    """What happens to the database in the middle of the training."""
    if fault is None or fault.startswith(("full", "no room")):
        return
    with Database(order.database) as database:
        if fault == "cut":
            cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            database.transact(lambda session: session.execute(text(cut)))
        elif fault == "locked":
            errors = iter([_locked()] * 3)
            transact = Database.transact

            def locked(self: Database, work: Any) -> Any:
                if (error := next(errors, None)) is not None:
                    raise error
                return transact(self, work)

            Database.transact = locked  # type: ignore[method-assign]
        elif fault == "forgotten":
            database.transact(partial(forget, user_id=7_000_000_002))
        elif fault == "cancelled":
            database.transact(cancel_job)
        elif fault == "clock":
            for module in (bot.storage.learning, bot.storage.versions):
                patch.object(module, "now", lambda: datetime(1999, 1, 1, tzinfo=UTC)).start()


class Mortal(Steps):
    """Steps that end in death where the test says."""

    order: Order

    def take_up(self, job_id: str) -> None:
        self.order.reached("dequeued")
        if self.order.fault == "locked at first" and next(_THRICE, None) is not None:
            raise _locked()
        super().take_up(job_id)

    def collect(self, job_id: str) -> None:
        super().collect(job_id)
        self.order.note("collect")
        self.order.reached("collected")

    def publish(self, job_id: str) -> Json:
        if self.order.point == "publishing":
            self._die_while_copying()
        if self.order.fault in ("full", "full for a moment"):
            self._fill_the_disk(3 if self.order.fault == "full for a moment" else None)
        found = super().publish(job_id)
        self.order.reached("published")
        return found

    def decide(self, *arguments: Any) -> str:
        def end(*words: Any) -> bool:
            self.order.reached("deciding")
            return end_job(*words)

        with patch.object(bot.worker.steps, "end_job", end):
            decision = super().decide(*arguments)
        self.order.reached("decided")
        return decision

    def _die_while_copying(self) -> None:
        copy = shutil.copyfile

        def dying(source: Any, target: Any) -> Any:
            if Path(source).name == "poet.json":
                self.order.reached("publishing")
            return copy(source, target)

        shutil.copyfile = dying  # type: ignore[assignment]

    def _fill_the_disk(self, times: int | None) -> None:
        if shutil.copyfile.__name__ == "<lambda>":
            return
        copy, full = shutil.copyfile, iter(range(times) if times else count())
        shutil.copyfile = lambda *_: _no_space() if next(full, None) is not None else copy(*_)  # type: ignore[assignment]


def fill_the_records(times: int) -> None:
    """Let DBOS not write down what came of a step, so many times."""
    full = iter(range(times))

    def refuse(_: Any, __: Any, statement: str, *___: Any) -> None:
        if statement.startswith("INSERT INTO main.operation_outputs (") and next(full, None) is not None:
            raise OperationalError(statement, {}, Exception("database or disk is full"))

    event.listen(Engine, "before_cursor_execute", refuse)


def _locked() -> OperationalError:
    return OperationalError("UPDATE", {}, Exception("database is locked"))


def _no_space() -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def work(order: Order) -> None:
    """Do the active job and end."""
    with Workplace(order.home / "worker").taken() as name, Database(order.database) as database:
        terms = Terms(Path("unused"), Limits(), least_ratings=2, promote=order.promote)
        steps = Mortal(
            database,
            FolderStore(order.poets),
            Tuner(order),
            Examiner(order),
            Workplace(order.home / "worker"),
            name,
            terms,
        )
        object.__setattr__(steps, "order", order)
        if order.fault == "no room for records":
            fill_the_records(3)
        with launched(steps, order.system, patience_s=0.01, poll_s=0.05) as learning:
            patch.object(bot.worker.steps, "_TELL_EVERY_S", 0.0).start()
            watch = Watch(database, learning, name, steps.workplace, order.gone_after_s, order.clock)
            while _is_active(database):
                with suppress(SQLAlchemyError):
                    watch.look()
                time.sleep(0.05)
            watch.look()
            # As `poetbot worker` ends: DBOS takes a second or two for a farewell that nobody needs.
            os._exit(0)


def _is_active(database: Database) -> bool:
    try:
        return database.transact(active_job) is not None
    except SQLAlchemyError:
        return True


def main() -> None:
    """Serve until the input ends."""
    for line in sys.stdin:
        order = Order(json.loads(line))
        child = os.fork()
        if not child:
            try:
                work(order)
            except BaseException:  # noqa: BLE001 a child must not go on as its parent
                traceback.print_exc()
                sys.stderr.flush()
                os._exit(1)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


main()
