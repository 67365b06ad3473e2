"""Facts about a service order and its disputes, as `decide` needs them (rules M-01 to M-39).

Every instant is aware; constructors convert to UTC and raise ValueError for a datetime without an offset.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from actions.policy.instants import utc, utc_or_none


class Role(StrEnum):
    """Who acts. A merchant is a seller; the platform is the marketplace and Lotse itself."""

    CUSTOMER = "customer"
    SELLER = "seller"
    PLATFORM = "platform"


class OrderState(StrEnum):
    """State of an order (M.I). Late is derived from the clock, never stored."""

    ACTIVE = "active"
    DELIVERED = "delivered"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


CLOSED_STATES = frozenset({OrderState.COMPLETED, OrderState.CANCELLED})
"""The two states in which the resolution centre is not available (M-02)."""


class DisputeKind(StrEnum):
    """What a dispute asks for (M-22)."""

    UPDATE = "update"
    CANCELLATION = "cancellation"
    EXTENSION = "extension"


class DisputeStatus(StrEnum):
    """Status of a dispute (M.I); all but OPEN are final."""

    OPEN = "open"
    ANSWERED = "answered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class Actor:
    """A person with the role and id of the verified token, or the platform."""

    role: Role
    id: str


PLATFORM = Actor(Role.PLATFORM, "platform")


@dataclass(frozen=True, slots=True)
class Dispute:
    """One dispute as stored.

    `due_at` is the last instant at which it can be answered, None when nothing limits it; `new_delivery_at` the date an
    extension asks for, None for other kinds.
    """

    id: str
    kind: DisputeKind
    filed_by: Role
    opened_at: datetime
    due_at: datetime | None = None
    status: DisputeStatus = DisputeStatus.OPEN
    new_delivery_at: datetime | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "opened_at", utc(self.opened_at))
        object.__setattr__(self, "due_at", utc_or_none(self.due_at))
        object.__setattr__(self, "new_delivery_at", utc_or_none(self.new_delivery_at))

    def expired_at(self, now: datetime) -> bool:
        """Whether the time to answer is over at `now`: the due instant itself still counts (M-12, Q2)."""
        return self.due_at is not None and utc(now) > self.due_at


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """One order as stored. `open_dispute` may be past its due instant: expiry is judged by the clock (M-13).

    `expected_delivery_at` comes from the marketplace, `agreed_delivery_at` from the last accepted extension (M-37).
    """

    id: str
    customer_id: str
    seller_id: str
    state: OrderState
    expected_delivery_at: datetime | None = None
    agreed_delivery_at: datetime | None = None
    delivered_at: datetime | None = None
    open_dispute: Dispute | None = None
    past_disputes: tuple[Dispute, ...] = ()

    def __post_init__(self) -> None:
        for name in ("expected_delivery_at", "agreed_delivery_at", "delivered_at"):
            object.__setattr__(self, name, utc_or_none(getattr(self, name)))

    @property
    def effective_delivery_at(self) -> datetime | None:
        """The delivery date that counts: the one agreed in an extension, else the expected one (M-37, Q7)."""
        return self.agreed_delivery_at or self.expected_delivery_at

    def is_party(self, actor: Actor) -> bool:
        """Whether the actor is the customer or the seller of this order (M-04)."""
        return (actor.role, actor.id) in {(Role.CUSTOMER, self.customer_id), (Role.SELLER, self.seller_id)}
