"""Tables of orders, disputes and what goes with every change. Conversations have chat_tables.py."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, cast

from sqlalchemy import ForeignKey, Index, MetaData, Table, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from actions.backend.columns import BigNumber, Instant, Json


class Base(DeclarativeBase):
    """Base of all tables; the names of constraints are fixed so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: Instant,
        dict[str, Any]: Json,
        list[dict[str, Any]]: Json,
        list[str]: Json,
    }


def table(row: type[Base]) -> Table:
    """The table itself, for statements that need no objects."""
    return cast(Table, row.__table__)


class ClockRow(Base):
    """The test clock: at most one row, never in production."""

    __tablename__ = "test_clock"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    instant: Mapped[datetime]


class CounterRow(Base):
    """Last number handed out. Taken as the last statement of a transaction, so that numbers appear in order."""

    __tablename__ = "counters"
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[int] = mapped_column(BigNumber)


class PersonRow(Base):
    """Settings of a person: from the marketplace, and from the token, which overrides."""

    __tablename__ = "people"
    role: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    locale: Mapped[str | None]
    zoneinfo: Mapped[str | None]
    name: Mapped[str | None]
    token_locale: Mapped[str | None]
    token_zoneinfo: Mapped[str | None]
    token_name: Mapped[str | None]


class OrderRow(Base):
    """An order. `agreed_delivery_at`, `cancelled_by_us`, `moved_refunds` are ours, the rest is the marketplace's."""

    __tablename__ = "orders"
    id: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[str] = mapped_column(index=True)
    seller_id: Mapped[str] = mapped_column(index=True)
    title: Mapped[str]
    state: Mapped[str]
    version: Mapped[int]
    updated_at: Mapped[datetime]
    expected_delivery_at: Mapped[datetime | None]
    agreed_delivery_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    released_at: Mapped[datetime | None]
    confirmed_fulfilled_at: Mapped[datetime | None]
    cancelled_by: Mapped[str | None]
    cancelled_by_us: Mapped[bool]
    tracking: Mapped[dict[str, Any] | None]
    refunds: Mapped[list[dict[str, Any]]]
    moved_refunds: Mapped[list[str]] = mapped_column(default=list, server_default=text("'[]'"))
    """Refunds that an approved appeal took from the merchant (W-13): ours, whatever the marketplace still says."""


_OPEN = text("status = 'open'")
_CLOSED = text("closed_at IS NOT NULL")


class DisputeRow(Base):
    """A dispute. The partial unique index is M-22: one open dispute an order, whatever the code does."""

    __tablename__ = "disputes"
    __table_args__ = (
        Index("uq_disputes_one_open", "order_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_disputes_due", "due_at", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_disputes_order_id_number", "order_id", "number", unique=True),
        Index("ix_disputes_closed_at", "closed_at", sqlite_where=_CLOSED, postgresql_where=_CLOSED),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"))
    number: Mapped[int]
    """Counts the disputes of an order from 1: their order, also where two opened at the same instant."""
    kind: Mapped[str]
    filed_by: Mapped[str]
    status: Mapped[str]
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    text: Mapped[str]
    reason: Mapped[str | None]
    answer: Mapped[str | None]
    new_delivery_at: Mapped[datetime | None]


_ABOUT_APPEAL = text("appeal_id IS NOT NULL")


class EventRow(Base):
    """The feed: audit rows of changes and delivered notices, numbered without gaps in the order they became visible."""

    __tablename__ = "events"
    __table_args__ = (
        Index("ix_events_order_id_seq", "order_id", "seq"),
        Index(
            "ix_events_appeal_id_seq",
            *("appeal_id", "seq"),
            sqlite_where=_ABOUT_APPEAL,
            postgresql_where=_ABOUT_APPEAL,
        ),
        Index("ix_events_recorded_at", "recorded_at"),
    )
    seq: Mapped[int] = mapped_column(BigNumber, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    kind: Mapped[str]
    order_id: Mapped[str | None]
    appeal_id: Mapped[str | None]
    data: Mapped[dict[str, Any]]


class IdempotencyRow(Base):
    """The first result of an executed command. Refusals are not kept: they changed nothing.

    `value` begins with the origin, so that keys from different hands never meet.
    """

    __tablename__ = "idempotency"
    value: Mapped[str] = mapped_column(primary_key=True)
    command: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True, index=True)
    fingerprint: Mapped[str]
    outcome: Mapped[dict[str, Any]]
    recorded_at: Mapped[datetime] = mapped_column(index=True)


class ProposalRow(Base):
    """A command as shown to a person, waiting for a yes. Instants without prefix are the business clock's."""

    __tablename__ = "proposals"
    __table_args__ = (
        Index("ix_proposals_conversation_id_order_id", "conversation_id", "order_id"),
        Index("ix_proposals_real_expires_at", "real_expires_at"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    conversation_id: Mapped[str]
    order_id: Mapped[str]
    actor_role: Mapped[str]
    actor_id: Mapped[str]
    command: Mapped[dict[str, Any]]
    effects: Mapped[list[dict[str, Any]]]
    order_version: Mapped[int]
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    real_expires_at: Mapped[datetime]
    status: Mapped[str]
    confirmed_by: Mapped[str | None]
    outcome: Mapped[dict[str, Any] | None]


_WAITING = text("delivered_at IS NULL")
_DELIVERED = text("delivered_at IS NOT NULL")


class NoticeRow(Base):
    """A notice that was decided in the transaction of its change and is to be delivered, once."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_waiting", "id", sqlite_where=_WAITING, postgresql_where=_WAITING),
        Index("ix_outbox_delivered_at", "delivered_at", sqlite_where=_DELIVERED, postgresql_where=_DELIVERED),
        Index("ix_outbox_order_id", "order_id"),
        {"sqlite_autoincrement": True},
    )
    id: Mapped[int] = mapped_column(BigNumber, primary_key=True)
    recipient_role: Mapped[str]
    recipient_id: Mapped[str]
    code: Mapped[str]
    params: Mapped[dict[str, Any]]
    order_id: Mapped[str | None]
    dispute_id: Mapped[str | None]
    appeal_id: Mapped[str | None]
    created_at: Mapped[datetime]
    attempts: Mapped[int]
    retry_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
