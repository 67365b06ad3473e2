"""What an allowed command changes. The backend applies the effects in order, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from actions.policy.orders import DisputeKind, DisputeStatus


@dataclass(frozen=True, slots=True)
class OpenDispute:
    """A dispute opens; it can be answered up to and including `due_at` (UTC), None means without a limit."""

    kind: DisputeKind
    due_at: datetime | None
    new_delivery_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CloseDispute:
    """The open dispute of this id takes a final status."""

    dispute_id: str
    status: DisputeStatus


@dataclass(frozen=True, slots=True)
class CancelOrder:
    """The order becomes CANCELLED."""


@dataclass(frozen=True, slots=True)
class MoveDelivery:
    """The agreed delivery date becomes `new_delivery_at` (UTC)."""

    new_delivery_at: datetime


OrderEffect = OpenDispute | CloseDispute | CancelOrder | MoveDelivery
Effect = OrderEffect
