"""The poet that learns, as administrators and readers meet it: /retrain, its report, hot swap, rollback."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy.orm import Session

from bot.composing import Composes
from bot.jobs.learning import Administrators, Reporter
from bot.poets.gate import Figures, Limits, judge
from bot.poets.store import FolderStore
from bot.storage import Database
from bot.storage.learning import WORKERS_KEPT, JobState, active_job, beat, end_job, leave, note_stage, take_up
from bot.storage.models import LearningJob, LearningWorker, Poem, now
from bot.storage.versions import Alias, add_version, called, challenge, promote
from bot.view.messages import say_for
from poetcore.generation import Poet

if TYPE_CHECKING:
    from bot.localchat import Message
    from tests.e2e.conftest import Running, Start

ADMIN, READER = 1, 2
SINCE = datetime(2024, 9, 17, 12, tzinfo=UTC)
SAY = say_for("en")
BEFORE = Figures(
    bits_per_hanzi=7.6,
    format_share=1.0,
    rhyme_share=1.0,
    tone_share=1.0,
    distinct_2=0.8,
    copied_share=0.0,
    compose_ms=100.0,
)


@pytest.fixture(autouse=True)
def _administered(_bare_environment: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reader 1 is an administrator, two ratings are enough, and nothing waits for seconds."""
    monkeypatch.setenv("YUEXIA_ADMINS", str(ADMIN))
    monkeypatch.setenv("YUEXIA_LEARN_LEAST", "2")
    monkeypatch.setenv("YUEXIA_LEARN_AFTER", "0")
    monkeypatch.setattr("bot.jobs.learning._LOOK_EVERY_S", 0.02)
    monkeypatch.setattr("bot.jobs.learning._SHOW_EVERY", timedelta(0))


@pytest.fixture
def poets(database: Database, tmp_path: Path, make_poet: Callable[..., Path]) -> FolderStore:
    """Versions `base`, the champion, and `better`, which learned from it."""
    store = FolderStore(tmp_path / "poets")
    for version, parent in (("base", None), ("better", "base")):
        _, digest = store.publish(make_poet(version, seed=len(version), parent=parent))
        row: dict[str, Any] = {"version": version, "digest": digest, "parent": parent, "state": "passed", "metrics": {}}
        database.transact(partial(add_version, row=row))
    database.transact(partial(promote, version="base", by="bot"))
    return store


@pytest.fixture
def base(poets: FolderStore) -> Poet:
    """The champion, loaded."""
    return Poet.load(poets.folder("base"))


def _champion(database: Database) -> str:
    served = database.transact(partial(called, alias=Alias.CHAMPION))
    assert served is not None
    return served.version


async def _swapped(bot: "Running", version: str) -> None:
    composer = bot.application.bot_data["services"].composer
    await bot.telegram.wait_until(lambda: composer.version == version)


async def _rate_two(bot: "Running") -> None:
    for _ in range(2):
        await bot.press(await bot.answer_to("/poem 月"), 0)


def _end(database: Database, decision: str, **figures: float) -> None:
    """Let a worker end the active job with version `better`."""
    after = BEFORE.model_copy(update=figures)
    report = {
        "decision": decision,
        "ratings": {"ratings": 2, "raters": 1},
        "verdict": judge(BEFORE, after, Limits()).as_dict(),
        "curve": [[1, 1.0], [2, 0.5], [3, 0.4]],
        "pairs": [["月出。", "月落。"]],
    }

    def work(session: Any) -> None:
        job = active_job(session)
        assert job is not None
        take_up(session, job.id, "w", "base")
        session.flush()
        assert end_job(session, job.id, JobState.DONE, "w", {"version": "better", "report": report})
        (promote if decision == "promoted" else challenge)(session, "better", "w")

    database.transact(work)


async def _asked(bot: "Running") -> "Message":
    """Confirm /retrain; the message that shows its progress."""
    bot.database.transact(partial(beat, worker="w", machine="gpu"))
    question = await bot.answer_to("/retrain")
    assert "Fine-tune <b>base</b> now?" in question.text or "Fine-tune base now?" in question.text
    await bot.press(question, 0)
    return question


async def test_a_new_champion_writes_the_next_poem(start: "Start", base: Poet, database: Database) -> None:
    async with start(base) as bot:
        await bot.answer_to("/poem 月")
        database.transact(partial(promote, version="better", by="cli"))
        await _swapped(bot, "better")
        await bot.answer_to("/poem 月")
        assert [poem.poet for poem in bot.rows(Poem)] == ["base", "better"]


async def test_a_torn_champion_is_told_to_administrators_and_does_not_serve(
    start: "Start", base: Poet, poets: FolderStore, database: Database
) -> None:
    (poets.folder("better") / "weights.safetensors").write_bytes(b"torn")
    async with start(base) as bot:
        # Nobody hears from a bot that they never spoke to.
        await bot.answer_to("/start")
        database.transact(partial(promote, version="better", by="cli"))
        await bot.telegram.wait_until(lambda: len(bot.answers) == 2)
        assert bot.answers[1].text.startswith("⚠️ The poet better cannot serve here, base goes on: ")
        await bot.answer_to("/poem 月")
        assert bot.application.bot_data["services"].composer.version == "base"
        assert len(bot.answers) == 3


async def test_without_a_worker_retrain_says_how_to_start_one(start: "Start", base: Poet) -> None:
    async with start(base) as bot:
        text = (await bot.answer_to("/retrain")).text
        assert "No worker runs" in text
        assert "poetbot worker" in text
        assert bot.rows(LearningJob) == []


async def test_too_few_ratings_are_told(start: "Start", base: Poet, database: Database) -> None:
    async with start(base) as bot:
        database.transact(partial(beat, worker="w", machine="gpu"))
        assert (await bot.answer_to("/retrain")).text == "There are 0 ratings; 2 at least are needed."


async def test_never_mind_begins_nothing(start: "Start", base: Poet, database: Database) -> None:
    async with start(base) as bot:
        await _rate_two(bot)
        database.transact(partial(beat, worker="w", machine="gpu"))
        question = await bot.answer_to("/retrain")
        await bot.press(question, 1)
        assert question.text == "Nothing was begun."
        assert bot.rows(LearningJob) == []


async def test_one_message_shows_the_progress_and_a_report_ends_it(
    start: "Start", base: Poet, database: Database
) -> None:
    async with start(base) as bot:
        await _rate_two(bot)
        message = await _asked(bot)
        (job,) = bot.rows(LearningJob)
        assert (job.state, job.asked_by, job.chat_id, job.message_id) == ("queued", ADMIN, 1, message.message_id)
        await bot.telegram.wait_until(lambda: "waits for the worker" in message.text)
        database.transact(partial(take_up, job_id=job.id, worker="w", base_version="base"))
        progress = {"step": 50, "steps": 200, "loss": 0.5123, "eta_s": 130.0}
        database.transact(partial(note_stage, job_id=job.id, worker="w", stage="tuning", progress=progress))
        shown = f"🔁 {job.id}: step 50 of 200, loss 0.512, about 2 min to go"
        await bot.telegram.wait_until(lambda: message.text == shown)
        assert (await bot.answer_to("/retrain")).text == "A fine-tuning is queued or running already: /jobs"
        _end(database, "promoted")
        await _swapped(bot, "better")
        await bot.telegram.wait_until(lambda: bool(bot.answers[-1].keyboard) and "better" in bot.answers[-1].text)
        report = bot.answers[-1]
        assert report.text.startswith("✅ better passed the gate and serves now, in place of base.")
        assert "bits_per_hanzi    7.600   7.600 ✓" in report.text
        assert [button.text for button in report.keyboard[0]] == ["⬇️ Keep back"]
        assert "1. 月出。\n　→ 月落。" in bot.answers[-2].text
        assert bot.telegram.calls_of("sendPhoto")
        await bot.press(report, 0)
        assert _champion(database) == "base"
        await _swapped(bot, "base")
        assert bot.answers[-1].text == "better is kept back.\nbase serves again."


async def test_that_a_job_failed_is_a_message_of_its_own(start: "Start", base: Poet, database: Database) -> None:
    async with start(base) as bot:
        await _rate_two(bot)
        message = await _asked(bot)
        (job,) = bot.rows(LearningJob)
        database.transact(partial(take_up, job_id=job.id, worker="w", base_version="base"))
        known = {"error": "the disk is full"}
        database.transact(partial(end_job, job_id=job.id, state=JobState.FAILED, worker="w", known=known))
        said = f"❌ {job.id} came to nothing: the disk is full"
        await bot.telegram.wait_until(lambda: bot.answers[-1].text == said and bot.answers[-1] is not message)
        assert message.text == said


async def test_of_two_bots_one_shows_the_progress(start: "Start", base: Poet, database: Database) -> None:
    async with start(base) as bot:
        await _rate_two(bot)
        message = await _asked(bot)
        (job,) = bot.rows(LearningJob)
        database.transact(partial(take_up, job_id=job.id, worker="w", base_version="base"))
        database.transact(partial(note_stage, job_id=job.id, worker="w", stage="collected"))
        await bot.telegram.wait_until(lambda: "are collected" in message.text)
        edits = len(bot.telegram.calls_of("editMessageText"))
        services = bot.application.bot_data["services"]
        await Reporter(bot.application.bot, services, Administrators(bot.application.bot, services)).look()
        assert len(bot.telegram.calls_of("editMessageText")) == edits


async def test_what_the_gate_refused_can_be_promoted_by_hand(start: "Start", base: Poet, database: Database) -> None:
    async with start(base) as bot:
        await _rate_two(bot)
        await _asked(bot)
        _end(database, "refused", bits_per_hanzi=9.0)
        await bot.telegram.wait_until(lambda: bool(bot.answers[-1].keyboard))
        report = bot.answers[-1]
        assert "bits_per_hanzi    7.600   9.000 ✗" in report.text
        await bot.press(report, 0)
        assert _champion(database) == "better"
        await _swapped(bot, "better")


async def test_rollback_takes_effect_and_says_so(start: "Start", base: Poet, database: Database) -> None:
    async with start(base) as bot:
        assert "no version to go back to" in (await bot.answer_to("/rollback")).text
        database.transact(partial(promote, version="better", by="cli"))
        await _swapped(bot, "better")
        assert (await bot.answer_to("/rollback")).text == "base serves again."
        await _swapped(bot, "base")


async def test_keeping_back_says_what_came_of_it(
    start: "Start", base: Poet, poets: FolderStore, database: Database
) -> None:
    async with start(base) as bot:
        await _rate_two(bot)
        await _asked(bot)
        _end(database, "waits")
        await bot.telegram.wait_until(lambda: bool(bot.answers[-1].keyboard))
        report = bot.answers[-1]
        keep = next(button.callback_data for button in report.keyboard[0] if button.text == "⬇️ Keep back")
        await bot.press_data(report, keep or "")
        assert bot.answers[-1].text == "better is kept back."
        # A second press, on a screen that still has the button.
        await bot.press_data(report, keep or "")
        nothing = "That cannot be done: better neither serves nor waits for a word: nothing was changed"
        assert bot.answers[-1].text == nothing
        database.transact(partial(promote, version="better", by="cli"))
        await _swapped(bot, "better")
        (poets.folder("base") / "weights.safetensors").write_bytes(b"torn")
        await bot.press_data(report, keep or "")
        assert "sha256 differs" in bot.answers[-1].text
        assert _champion(database) == "better"


async def test_jobs_and_cancel(start: "Start", base: Poet, database: Database) -> None:
    async with start(base) as bot:
        assert (await bot.answer_to("/cancel")).text == "No fine-tuning is queued or running."
        assert (await bot.answer_to("/jobs")).text == "There was no fine-tuning yet.\n⚪️ no worker runs"
        await _rate_two(bot)
        await _asked(bot)
        (job,) = bot.rows(LearningJob)
        before = len(bot.answers)
        bot.telegram.user_sends("/cancel", ADMIN, 1)
        # The answer, and the report of the job, whichever comes first.
        await bot.telegram.wait_until(lambda: len(bot.answers) == before + 2)
        said = {answer.text for answer in bot.answers[before:]}
        assert said == {f"{job.id} is cancelled.", f"⏹ {job.id} was cancelled."}
        listed = (await bot.answer_to("/jobs")).text
        assert f"{job.id}" in listed
        assert "🟢 worker w (gpu)" in listed


async def _silent(bot: "Running") -> LearningJob:
    """The job of worker `w`, of which nothing was heard for long."""
    job: LearningJob = bot.rows(LearningJob)[0]
    bot.database.transact(partial(take_up, job_id=job.id, worker="w", base_version="base"))
    bot.database.transact(lambda session: setattr(session.get(LearningWorker, "w"), "beat_at", SINCE))
    return job


async def test_a_job_that_no_worker_begins_is_told(start: "Start", base: Poet, database: Database) -> None:
    async with start(base) as bot:
        await _rate_two(bot)
        message = await _asked(bot)
        (job,) = bot.rows(LearningJob)
        database.transact(partial(leave, worker="w"))
        nobody = f"⚠️ {job.id}: no worker runs. Start one (poetbot worker) and it begins, or /cancel."
        await bot.telegram.wait_until(lambda: message.text == nobody)
        assert nobody in (await bot.answer_to("/jobs")).text
        database.transact(partial(beat, worker="v", machine="gpu"))
        await bot.telegram.wait_until(lambda: message.text == f"⏳ {job.id}: waits for the worker")


async def test_a_job_whose_worker_is_dead_is_told_and_ends_at_a_word(
    start: "Start", base: Poet, database: Database
) -> None:
    async with start(base) as bot:
        await _rate_two(bot)
        message = await _asked(bot)
        job = await _silent(bot)
        silent = f"⚠️ {job.id}: its worker w has not been heard of since 2024-09-17 12:00 UTC."
        alone = f"{silent} No other worker runs: start it again (poetbot worker) and it goes on, or /cancel."
        await bot.telegram.wait_until(lambda: message.text == alone)
        listed = (await bot.answer_to("/jobs")).text
        assert alone in listed
        assert "🟢" not in listed
        assert "⚪️ no worker runs\n⚪️ worker w (gpu), not heard of since 2024-09-17 12:00 UTC" in listed
        database.transact(partial(beat, worker="v", machine="gpu"))
        heir = f"{silent} Another worker takes it over within minutes."
        await bot.telegram.wait_until(lambda: message.text == heir)
        listed = (await bot.answer_to("/jobs")).text
        assert heir in listed
        assert "🟢 worker v (gpu)\n⚪️ worker w" in listed
        before = len(bot.answers)
        bot.telegram.user_sends("/cancel", ADMIN, 1)
        await bot.telegram.wait_until(lambda: len(bot.answers) == before + 2)
        said = {answer.text for answer in bot.answers[before:]}
        assert said == {f"{job.id} is cancelled.", f"⏹ {job.id} was cancelled."}


async def test_workers_that_are_long_gone_are_forgotten(start: "Start", base: Poet, database: Database) -> None:
    for worker, silent in (("gone", WORKERS_KEPT + timedelta(minutes=1)), ("silent", WORKERS_KEPT / 2)):
        row = LearningWorker(name=worker, beats=1, beat_at=now() - silent, machine="gpu")
        database.transact(partial(Session.add, instance=row))
    async with start(base) as bot:
        while [row.name for row in bot.rows(LearningWorker)] != ["silent"]:
            await asyncio.sleep(0.01)


async def test_a_worker_that_lives_again_is_shown_at_work(start: "Start", base: Poet, database: Database) -> None:
    async with start(base) as bot:
        await _rate_two(bot)
        message = await _asked(bot)
        job = await _silent(bot)
        database.transact(partial(leave, worker="w"))
        ended = f"⚠️ {job.id}: its worker w has ended. No other worker runs: "
        await bot.telegram.wait_until(lambda: message.text.startswith(ended))
        database.transact(partial(beat, worker="w", machine="gpu"))
        database.transact(partial(note_stage, job_id=job.id, worker="w", stage="collected"))
        await bot.telegram.wait_until(lambda: message.text == f"📥 {job.id}: the ratings are collected")


@pytest.mark.parametrize("command", ["/retrain", "/jobs", "/cancel", "/rollback"])
async def test_to_readers_these_commands_do_not_exist(start: "Start", plain_poet: Composes, command: str) -> None:
    async with start(plain_poet) as bot:
        bot.chat_id = READER
        unknown = (await bot.answer_to("/no_such_command", user_id=READER)).text
        assert (await bot.answer_to(command, user_id=READER)).text == unknown


async def test_a_bot_without_any_version_serves_what_it_was_given(start: "Start", plain_poet: Composes) -> None:
    async with start(plain_poet) as bot:
        assert (await bot.answer_to("/poem 月")).text.startswith("月")


async def test_a_reader_who_forges_a_button_begins_and_changes_nothing(
    start: "Start", base: Poet, database: Database
) -> None:
    async with start(base) as bot:
        await _rate_two(bot)
        await _asked(bot)
        _end(database, "promoted")
        await _swapped(bot, "better")
        (job,) = bot.rows(LearningJob)
        bot.chat_id = READER
        message = await bot.answer_to("/poem 月", user_id=READER)
        for data in ("learn:go", f"learn:keep:{job.id}", f"learn:up:{job.id}", "learn:up:nothing", "learn:"):
            await bot.press_data(message, data, user_id=READER)
        assert _champion(database) == "better"
        assert len(bot.rows(LearningJob)) == 1
