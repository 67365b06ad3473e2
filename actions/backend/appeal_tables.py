"""Tables of infractions, appeals, their evidence and the proposals about them. Instants are the business clock's."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from actions.backend.tables import Base

_OPEN = text("status IN ('draft', 'submitted')")
_SUBMITTED = text("status = 'submitted'")
_ENDED = text("ended_at IS NOT NULL")


class InfractionRow(Base):
    """An infraction. `status` and what begins with `reversed` are ours, the rest is the marketplace's."""

    __tablename__ = "infractions"
    id: Mapped[str] = mapped_column(primary_key=True)
    seller_id: Mapped[str] = mapped_column(index=True)
    type: Mapped[str]
    issued_at: Mapped[datetime | None]
    notified_at: Mapped[datetime | None]
    order_id: Mapped[str | None] = mapped_column(index=True)
    listing: Mapped[str | None]
    title: Mapped[str]
    updated_at: Mapped[datetime]
    status: Mapped[str]
    reversed_at: Mapped[datetime | None]
    reversed_by: Mapped[str | None]


class AppealRow(Base):
    """An appeal. The partial unique index is W-26: one open appeal a claim (`claim_of`), whatever the code does.

    `closes_at` and `attempt` are fixed when it is filed.
    """

    __tablename__ = "appeals"
    __table_args__ = (
        Index(
            "uq_appeals_one_open",
            *("seller_id", "claim", "claim_id"),
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        Index("ix_appeals_closing", "closes_at", "id", sqlite_where=_SUBMITTED, postgresql_where=_SUBMITTED),
        Index("ix_appeals_ended_at", "ended_at", sqlite_where=_ENDED, postgresql_where=_ENDED),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    seller_id: Mapped[str] = mapped_column(index=True)
    type: Mapped[str]
    claim: Mapped[str]
    claim_id: Mapped[str]
    subject_kind: Mapped[str]
    subject_id: Mapped[str]
    order_id: Mapped[str | None] = mapped_column(index=True)
    infraction_id: Mapped[str | None] = mapped_column(index=True)
    title: Mapped[str]
    ground: Mapped[str]
    tracking_number: Mapped[str | None]
    status: Mapped[str]
    version: Mapped[int]
    created_at: Mapped[datetime]
    filed_at: Mapped[datetime | None]
    closes_at: Mapped[datetime | None]
    attempt: Mapped[int | None]
    warned_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    decision_reason: Mapped[str | None]


class EvidenceRow(Base):
    """A link, or an image: `digest` is the address of its content in the evidence storage."""

    __tablename__ = "evidence"
    __table_args__ = (
        Index("ix_evidence_appeal_id_number", "appeal_id", "number", unique=True),
        Index("ix_evidence_digest", "digest"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    appeal_id: Mapped[str] = mapped_column(ForeignKey("appeals.id"))
    number: Mapped[int]
    kind: Mapped[str]
    url: Mapped[str | None]
    carrier_listed: Mapped[bool]
    digest: Mapped[str | None]
    media_type: Mapped[str | None]
    size: Mapped[int | None]
    added_at: Mapped[datetime]


class AppealProposalRow(Base):
    """A command on appeals as shown to a person, waiting for a yes.

    `items` is a list of {appeal_id, version, effects}; `confirmed_by` the message that said yes, whose keys the single
    appeals are changed under; `outcomes` what came of it, once all are done.
    """

    __tablename__ = "appeal_proposals"
    id: Mapped[str] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(index=True)
    actor_role: Mapped[str]
    actor_id: Mapped[str]
    command: Mapped[str]
    items: Mapped[list[dict[str, Any]]]
    left_out: Mapped[list[str]]
    expires_at: Mapped[datetime]
    real_expires_at: Mapped[datetime] = mapped_column(index=True)
    status: Mapped[str]
    confirmed_by: Mapped[str | None]
    outcomes: Mapped[list[dict[str, Any]] | None]
