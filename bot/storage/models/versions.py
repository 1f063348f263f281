"""The tables of the poets: their versions and aliases, the jobs that make new ones, and the workers."""

from datetime import datetime
from typing import Annotated, Any

from sqlalchemy import JSON, BigInteger, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.models.base import Base, Created

_Name = Annotated[str, mapped_column(String(64))]
_Word = Annotated[str, mapped_column(String(16))]
_Json = Annotated[dict[str, Any], mapped_column(JSON)]


class PoetVersion(Base):
    """A version of the poet that was published to the model store; never changed but for what is found of it later."""

    __tablename__ = "poet_version"

    version: Mapped[_Name] = mapped_column(primary_key=True)
    # SHA-256 of its card, which carries that of every other file.
    digest: Mapped[_Name]
    parent: Mapped[_Name | None]
    job_id: Mapped[_Name | None]
    # founder: came with Yuexia or from the operator; passed or refused: by the gate.
    state: Mapped[_Word]
    # Of the ratings it learned from, or of the corpus if it is a founder.
    data_fingerprint: Mapped[str | None] = mapped_column(String(128))
    metrics: Mapped[_Json]
    verdict: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    created_at: Mapped[Created]


class PoetAlias(Base):
    """What a version is to the bot: champion, challenger or previous. The key allows one of each."""

    __tablename__ = "poet_alias"

    name: Mapped[_Word] = mapped_column(primary_key=True)
    version: Mapped[_Name] = mapped_column(ForeignKey(PoetVersion.version))
    changed_at: Mapped[Created]
    # "bot", "worker", "cli" or an administrator's id.
    changed_by: Mapped[_Name]


class PoetRefusal(Base):
    """A package that cannot serve, of which the administrators were told by whichever bot came first."""

    __tablename__ = "poet_refusal"

    version: Mapped[_Name] = mapped_column(primary_key=True)
    digest: Mapped[_Name] = mapped_column(primary_key=True)
    told_at: Mapped[Created]


class LearningJob(Base):
    """One fine-tuning, from the wish to the report."""

    __tablename__ = "learning_job"

    id: Mapped[_Name] = mapped_column(primary_key=True)
    # 1 while it is queued or running, else null: unique, so that there is one at a time.
    active: Mapped[int | None] = mapped_column(unique=True)
    cause: Mapped[_Word]
    state: Mapped[_Word]
    asked_by: Mapped[int | None] = mapped_column(BigInteger)
    # Where its progress is shown, by one message that is edited.
    chat_id: Mapped[int | None] = mapped_column(BigInteger)
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    asked_at: Mapped[Created]
    cancel_asked: Mapped[bool] = mapped_column(default=False)
    worker: Mapped[_Name | None]
    stage: Mapped[_Word | None]
    progress: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    base_version: Mapped[_Name | None]
    ratings_until: Mapped[datetime | None]
    ratings_fingerprint: Mapped[_Name | None]
    version: Mapped[_Name | None]
    report: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    error: Mapped[str | None] = mapped_column(Text)
    ended_at: Mapped[datetime | None]
    # The progress that was shown last, by whichever bot, and when.
    shown: Mapped[str | None] = mapped_column(Text)
    shown_at: Mapped[datetime | None]
    # When some bot took it on itself to send the report, and which of its messages are through.
    report_claimed_at: Mapped[datetime | None]
    told: Mapped[list[str] | None] = mapped_column(JSON)
    reported_at: Mapped[datetime | None]


class LearningWorker(Base):
    """A worker: while it lives, it counts up."""

    __tablename__ = "learning_worker"

    name: Mapped[_Name] = mapped_column(primary_key=True)
    # Whether it lives is seen from this number, not from clocks, which jump and differ between machines.
    beats: Mapped[int] = mapped_column(BigInteger)
    beat_at: Mapped[Created]
    machine: Mapped[str] = mapped_column(Text)


class LearningSlot(Base):
    """A moment of the schedule that was decided on, by whichever bot came first."""

    __tablename__ = "learning_slot"

    due_at: Mapped[datetime] = mapped_column(primary_key=True)
    decided_at: Mapped[Created]
    # The job that came of it, if one did.
    job_id: Mapped[_Name | None]
