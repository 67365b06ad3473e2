"""What an allowed command changes. The backend applies the effects in order, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from actions.policy.appeals import AppealStatus
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


@dataclass(frozen=True, slots=True)
class FileAppeal:
    """The draft becomes SUBMITTED, for the `attempt`-th time (from 1).

    It must be confirmed before `closes_at` (UTC, the first instant outside the window); None means without a limit.
    """

    closes_at: datetime | None
    attempt: int


@dataclass(frozen=True, slots=True)
class CloseAppeal:
    """The appeal of this id takes a final status."""

    appeal_id: str
    status: AppealStatus


@dataclass(frozen=True, slots=True)
class ReverseInfraction:
    """The infraction is undone (W-21)."""

    infraction_id: str


@dataclass(frozen=True, slots=True)
class CorrectMetric:
    """The order no longer counts against the merchant in this metric (W-01)."""

    type: str
    order_id: str


@dataclass(frozen=True, slots=True)
class MoveRefunds:
    """The merchant is no longer responsible for these refunds of the order (W-13)."""

    order_id: str
    refund_ids: tuple[str, ...]


AppealEffect = FileAppeal | CloseAppeal | ReverseInfraction | CorrectMetric | MoveRefunds
Effect = OrderEffect | AppealEffect
