"""What administrators see of the poet that learns: progress, the report, the jobs."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any, Final
from unicodedata import east_asian_width

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.poets.gate import Verdict
from bot.storage.learning import Heard, JobState, Silence
from bot.storage.models import LearningJob
from bot.view.messages import Say

_PRESS: Final = re.compile(r"learn:(go|no|up|keep)(?::([\w.+-]{1,40}))?")
_MARKS: Final = {JobState.DONE: "✅", JobState.FAILED: "❌", JobState.CANCELLED: "⏹"}
# Telegram takes 4,096 characters.
_LONGEST: Final = 300


@dataclass(frozen=True)
class LearningPress:
    """A press of one of these buttons: go, no, up (promote) or keep (back), the last two for a job's version."""

    what: str
    job_id: str | None


def learning_press(data: str | None) -> LearningPress | None:
    """What a button's data says; None for data that none of these buttons has."""
    match = _PRESS.fullmatch(data or "")
    if match is None or (match[2] is None) != (match[1] in ("go", "no")):
        return None
    return LearningPress(match[1], match[2])


def confirm_keyboard(say: Say) -> InlineKeyboardMarkup:
    """Begin, or never mind."""
    return _row(("learning-go", "learn:go"), ("learning-never-mind", "learn:no"), say=say)


def verdict_keyboard(job_id: str, decision: str, say: Say) -> InlineKeyboardMarkup:
    """What an administrator can still decide: a version that serves can only be kept back."""
    up, keep = ("learning-promote", f"learn:up:{job_id}"), ("learning-keep-back", f"learn:keep:{job_id}")
    return _row(*([keep] if decision == "promoted" else [up, keep]), say=say)


def progress_message(job: LearningJob, silence: Silence | None, say: Say) -> str:
    """How far a job is, in one line; or that nothing is heard of its worker, and what comes next."""
    known: dict[str, Any] = {"job": job.id}
    if silence is not None:
        return _silence(job, silence, say)
    if job.cancel_asked:
        return say("learning-stopping", **known)
    if job.state == JobState.QUEUED or job.stage is None:
        return say("learning-queued", **known)
    advance = job.progress or {}
    if job.stage in ("tuning", "examining") and not advance:
        return say("learning-queued", **known)
    if job.stage in ("tuning", "examining"):
        loss = advance.get("loss")
        known |= {
            "step": str(advance["step"]),
            "steps": str(advance["steps"]),
            "loss": "–" if loss is None else f"{loss:.3f}",
            "eta": _duration(advance.get("eta_s"), say),
        }
    return say(f"learning-stage-{job.stage}", **known)


def ended_message(job: LearningJob, say: Say) -> str:
    """What a job came to: a sentence, and for a new version the figures before and after."""
    if job.state == JobState.CANCELLED:
        return say("learning-cancelled", job=job.id)
    if job.state != JobState.DONE or job.report is None:
        return say("learning-failed", job=job.id, error=(job.error or "?")[:_LONGEST])
    report = job.report
    names = {"version": job.version or "?", "base": job.base_version or "?"}
    ratings = report["ratings"]
    counts = {"ratings": str(ratings["ratings"]), "raters": str(ratings["raters"])}
    verdict = Verdict.of(report["verdict"])
    parts = [
        say(f"learning-{report['decision']}", **names),
        say("learning-learned-from", **counts),
        say("learning-unmeasured", failure=verdict.failure[:_LONGEST]) if verdict.failure else _table(verdict, say),
    ]
    return "\n\n".join(parts)


def pairs_message(pairs: Sequence[Sequence[str]], say: Say) -> str:
    """Poems by both versions to the same beginnings."""
    lines = [f"{number}. {escape(before)}\n　→ {escape(after)}" for number, (before, after) in enumerate(pairs, 1)]
    return "\n".join([say("learning-pairs"), "", *lines])


def jobs_message(jobs: Sequence[LearningJob], workers: Heard, silence: Silence | None, say: Say) -> str:
    """The last jobs, who could do the next, and whether nothing is heard of the worker that has the active one."""
    lines: list[str] = [say("learning-jobs") if jobs else say("learning-no-jobs")]
    for job in jobs:
        mark = _MARKS.get(JobState(job.state), "⏳")
        what = escape(job.version or (job.error or "")[:_LONGEST])
        lines.append(f"{mark} {_minute(job.asked_at)} {escape(job.id)} {what}".rstrip())
        if silence is not None and job.active is not None:
            lines.append(_silence(job, silence, say))
    lines += [say("learning-jobs-worker", name=worker.name, machine=worker.machine) for worker in workers.lately] or [
        say("learning-jobs-no-worker")
    ]
    for worker in workers.not_lately:
        known = {"name": worker.name, "machine": worker.machine, "since": _minute(worker.beat_at)}
        lines.append(say("learning-jobs-worker-silent", **known))
    return "\n".join(lines)


def _silence(job: LearningJob, silence: Silence, say: Say) -> str:
    if silence.worker is None:
        return say("learning-nobody", job=job.id)
    known = {"job": job.id, "worker": silence.worker}
    if silence.since is None:
        what = say("learning-worker-ended", **known)
    else:
        what = say("learning-worker-silent", since=_minute(silence.since), **known)
    return f"{what} {say('learning-heir' if silence.has_heir else 'learning-no-heir')}"


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def _table(verdict: Verdict, say: Say) -> str:
    before, after = (" " * (8 - _cells(say(key))) + say(key) for key in ("learning-before", "learning-after"))
    figure = say("learning-figure")
    rows = [figure + " " * (15 - _cells(figure)) + before + after]
    for reason in verdict.reasons:
        mark = "✓" if reason.passed else "✗"
        rows.append(f"{reason.figure:<15}{_number(reason.before):>8}{_number(reason.after):>8} {mark}")
    return f"<pre>{escape(chr(10).join(rows))}</pre>"


def _cells(text: str) -> int:
    """How many columns a text takes where all letters are as wide: a hanzi takes two."""
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f}" if value >= 100 else f"{value:.3f}"


def _duration(seconds: float | None, say: Say) -> str:
    if seconds is None:
        return "–"
    return say("learning-seconds") if seconds < 60 else say("learning-minutes", minutes=str(round(seconds / 60)))


def _row(*buttons: tuple[str, str], say: Say) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton(say(key), callback_data=data) for key, data in buttons]])
