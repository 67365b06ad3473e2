"""Messages that were not, or hardly, understood. Instants are real time; the texts are without personal data."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from actions.backend.columns import BigNumber
from actions.backend.tables import Base


class UnderstoodRow(Base):
    """How one typed message was understood, and what came after it.

    `status` is fallback (not understood), question (asked with buttons what was meant) or unsure (acted upon).
    `ranking` is a list of {intent, confidence}, the likeliest first. `next_kind` is pressed or typed; a pressed button
    is the person's own word for what they meant.
    """

    __tablename__ = "understood"
    __table_args__ = (
        Index("uq_understood_message_id", "message_id", unique=True),
        Index("ix_understood_conversation_id_id", "conversation_id", "id"),
        Index("ix_understood_at", "at"),
        {"sqlite_autoincrement": True},
    )
    id: Mapped[int] = mapped_column(BigNumber, primary_key=True)
    at: Mapped[datetime]
    conversation_id: Mapped[str]
    message_id: Mapped[str]
    role: Mapped[str | None]
    language: Mapped[str | None]
    text: Mapped[str]
    intent: Mapped[str]
    confidence: Mapped[float]
    ranking: Mapped[list[dict[str, Any]]]
    status: Mapped[str]
    next_kind: Mapped[str | None]
    next_intent: Mapped[str | None]
    next_text: Mapped[str | None]
