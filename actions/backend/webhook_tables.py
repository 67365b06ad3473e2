"""Receivers of events, and what became of each event at each of them. Instants are real time.

No body is kept: it is made from the events table whenever it is sent, so what is erased there is not sent either.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from actions.backend.columns import BigNumber
from actions.backend.tables import Base


class WebhookRow(Base):
    """A receiver. `position`: every event up to this number is delivered, in `webhook_deliveries`, or not wanted.

    `secrets` [{secret, until}]: the newest first, without end; older ones sign as well until their instant. They are
    stored as they are, because a signature (HMAC) needs the secret itself. `failures` counts failed tries in a row
    since the last success; from some number on the receiver is left alone until `rest_until`.
    """

    __tablename__ = "webhooks"
    id: Mapped[str] = mapped_column(primary_key=True)
    url: Mapped[str] = mapped_column(index=True, unique=True)
    types: Mapped[list[str]]
    description: Mapped[str]
    enabled: Mapped[bool]
    disabled_reason: Mapped[str | None]
    secrets: Mapped[list[dict[str, Any]]]
    created_at: Mapped[datetime]
    position: Mapped[int] = mapped_column(BigNumber)
    failures: Mapped[int]
    rest_until: Mapped[datetime | None]
    lease_owner: Mapped[str | None]
    lease_until: Mapped[datetime | None]


_WAITING = text("status = 'waiting'")


class DeliveryRow(Base):
    """An event that was sent to a receiver at least once, or waits for it. `tries` are the newest ones.

    `since` is the first try, or when it was asked for again: three days later it is given up.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        Index(
            "ix_webhook_deliveries_due",
            *("webhook_id", "next_at"),
            sqlite_where=_WAITING,
            postgresql_where=_WAITING,
        ),
        Index("ix_webhook_deliveries_webhook_id_status_seq", "webhook_id", "status", "seq"),
        Index("ix_webhook_deliveries_settled_at", "settled_at"),
    )
    webhook_id: Mapped[str] = mapped_column(ForeignKey("webhooks.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(BigNumber, primary_key=True, autoincrement=False)
    type: Mapped[str]
    status: Mapped[str]
    attempts: Mapped[int]
    tries: Mapped[list[dict[str, Any]]]
    since: Mapped[datetime | None]
    next_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
