"""Tables of what goes beyond the assistant: handovers to the support desk, and feedback. Instants are real time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from actions.backend.columns import BigNumber
from actions.backend.tables import Base

_OPEN = text("status IN ('waiting', 'active')")


class HandoverRow(Base):
    """A handover, from the sentence that was shown (`offered`) to its end. One open handover a conversation.

    `sentence` is what the person read and said yes to, `material` what it names (`handover_views.Material`). The
    person's messages with numbers above `started_seq` go to the desk; messages that belong to it carry its id.
    """

    __tablename__ = "handovers"
    __table_args__ = (
        Index("uq_handovers_one_open", "conversation_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_handovers_actor_role_actor_id", "actor_role", "actor_id"),
        Index("ix_handovers_number", "number", unique=True),
        Index("ix_handovers_heard_at", "heard_at", sqlite_where=_OPEN, postgresql_where=_OPEN),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int | None] = mapped_column(BigNumber)
    """Counts what was handed over from 1, the desk's order; None until the yes."""
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), index=True)
    actor_role: Mapped[str]
    actor_id: Mapped[str]
    status: Mapped[str]
    scope: Mapped[str]
    locale: Mapped[str]
    sentence: Mapped[str]
    material: Mapped[dict[str, Any]]
    offered_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    confirmed_by: Mapped[str | None]
    started_seq: Mapped[int | None]
    requested_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    heard_at: Mapped[datetime | None]
    """When the desk gave its last sign, or the request when it gave none yet: silence counts from here."""
    agent_name: Mapped[str | None]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None]


class FeedbackRow(Base):
    """A question whether it helped: once a person and settled case, whatever the code does.

    `case_kind` is dispute, order (cancelled without consent) or appeal; `asked_by` the message whose answer asked.
    """

    __tablename__ = "feedback"
    __table_args__ = (
        Index("uq_feedback_once", "actor_role", "actor_id", "case_kind", "case_id", unique=True),
        Index("ix_feedback_number", "number", unique=True),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int | None] = mapped_column(BigNumber)
    """Counts what was rated from 1, in that order; None until then."""
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), index=True)
    actor_role: Mapped[str]
    actor_id: Mapped[str]
    case_kind: Mapped[str]
    case_id: Mapped[str]
    order_id: Mapped[str | None]
    outcome: Mapped[str]
    asked_by: Mapped[str]
    asked_at: Mapped[datetime]
    rating: Mapped[str | None]
    rated_at: Mapped[datetime | None]
    comment: Mapped[str | None]
    commented_at: Mapped[datetime | None]
