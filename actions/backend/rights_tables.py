"""Tables of deletions and of what is still to be forgotten elsewhere. Instants are real time."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from actions.backend.tables import Base

_RUNNING = text("finished_at IS NULL")


class ErasureRow(Base):
    """The deletion of a person. Who it was stands here only until it is done: nothing leads back from the pseudonym.

    The partial unique index: one deletion of a person at a time, under one pseudonym, whatever the code does.
    """

    __tablename__ = "erasures"
    __table_args__ = (
        Index(
            "uq_erasures_running",
            *("role", "person_id"),
            unique=True,
            sqlite_where=_RUNNING,
            postgresql_where=_RUNNING,
        ),
        Index("ix_erasures_tried_at", "tried_at", sqlite_where=_RUNNING, postgresql_where=_RUNNING),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    role: Mapped[str]
    person_id: Mapped[str | None]
    pseudonym: Mapped[str]
    started_at: Mapped[datetime]
    tried_at: Mapped[datetime]
    """When a process last worked on it: others leave it alone for a while."""
    finished_at: Mapped[datetime | None]


class ForgottenRow(Base):
    """A conversation that is gone here, and is to be forgotten by Rasa, again after a turn that still ran has ended."""

    __tablename__ = "forgotten_conversations"
    conversation_id: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
