"""Orders, their disputes and their audit trail."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta

from bot.gateway.schemas.common import Identifier, Instant, PersonId, Request, Struct, Title

OrderState = Literal["active", "delivered", "completed", "cancelled"]
DisputeKind = Literal["update", "cancellation", "extension"]
DisputeStatus = Literal["open", "answered", "accepted", "declined", "withdrawn", "expired", "superseded"]
Party = Literal["customer", "seller"]
CancelledBy = Literal["merchant", "customer", "platform"]
ShortText = Annotated[str, Meta(pattern=r"^[^\x00]{1,300}(?![\s\S])")]


class OrderPath(Request, kw_only=True):
    """Names an order."""

    id: Identifier


class Tracking(Request, kw_only=True):
    """Shipment tracking of a goods order."""

    carrier: ShortText | None = None
    number: ShortText | None = None
    url: Annotated[str, Meta(pattern=r"^https?://[^\x00-\x20\x7f]{1,2000}(?![\s\S])")] | None = None


class Refund(Request, kw_only=True):
    """A refund of a goods order. `rejected_appeals` were decided before Lotse was connected."""

    id: Identifier
    category: Literal["quality", "logistics", "other"]
    responsibility: Literal["merchant", "platform"]
    refunded_at: Instant
    rejected_appeals: Annotated[int, Meta(ge=0, le=1000)] = 0


class OrderPush(Request, kw_only=True):
    """An order as the marketplace knows it now. It replaces what was known; `updated_at` decides what is newer."""

    customer_id: PersonId
    seller_id: PersonId
    title: Title = ""
    state: OrderState
    expected_delivery_at: Instant | None = None
    delivered_at: Instant | None = None
    updated_at: Instant
    released_at: Instant | None = None
    confirmed_fulfilled_at: Instant | None = None
    cancelled_by: CancelledBy | None = None
    tracking: Tracking | None = None
    refunds: Annotated[tuple[Refund, ...], Meta(max_length=100)] = ()


class DisputeOut(Struct, kw_only=True):
    """A dispute; `answer` is what the other side said, `due_at` the last instant at which it can be answered."""

    id: str
    kind: DisputeKind
    filed_by: Party
    status: DisputeStatus
    opened_at: datetime
    due_at: datetime | None
    closed_at: datetime | None
    text: str
    reason: str | None
    answer: str | None
    new_delivery_at: datetime | None


class OrderOut(Struct, kw_only=True):
    """An order with its disputes, the newest last. `agreed_delivery_at` is Lotse's own, from accepted extensions."""

    id: str
    customer_id: str
    seller_id: str
    title: str
    state: OrderState
    expected_delivery_at: datetime | None
    agreed_delivery_at: datetime | None
    delivered_at: datetime | None
    updated_at: datetime
    released_at: datetime | None
    confirmed_fulfilled_at: datetime | None
    cancelled_by: CancelledBy | None
    tracking: dict[str, Any] | None
    refunds: list[dict[str, Any]]
    version: int
    disputes: tuple[DisputeOut, ...]


class OrderPushed(Struct, kw_only=True):
    """Whether the push was newer than what was known, and the order as it is now."""

    applied: bool
    order: OrderOut
