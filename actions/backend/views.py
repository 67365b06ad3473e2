"""What the order side of the backend takes and returns. Frozen values; every instant is aware and in UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from actions.policy import (
    CLOSED_STATES,
    Dispute,
    DisputeKind,
    DisputeStatus,
    OrderFacts,
    OrderState,
    Role,
)


def plain(value: Any) -> Any:
    """The value as JSON types: instants (in UTC) and days become ISO 8601, enums their value, tuples lists."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return value


@dataclass(frozen=True, slots=True)
class OrderPush:
    """An order as the marketplace knows it (`PUT /v1/orders/{id}`): it replaces all of these fields.

    `cancelled_by`: merchant, customer or platform. `tracking`: {carrier, number, url}. `refunds`: list of {id,
    category, responsibility, refunded_at, rejected_appeals}, instants as ISO 8601 strings.
    """

    id: str
    customer_id: str
    seller_id: str
    state: OrderState
    updated_at: datetime
    title: str = ""
    expected_delivery_at: datetime | None = None
    delivered_at: datetime | None = None
    released_at: datetime | None = None
    confirmed_fulfilled_at: datetime | None = None
    cancelled_by: str | None = None
    tracking: Mapping[str, Any] | None = None
    refunds: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class DisputeSnapshot:
    """One dispute. `status` is judged by the clock at reading: past its due instant it is expired (M-13).

    `text` and `reason` are the filer's words, `answer` the other side's.
    """

    id: str
    order_id: str
    kind: DisputeKind
    filed_by: Role
    status: DisputeStatus
    opened_at: datetime
    due_at: datetime | None = None
    closed_at: datetime | None = None
    text: str = ""
    reason: str | None = None
    answer: str | None = None
    new_delivery_at: datetime | None = None

    @property
    def answered_by(self) -> Role:
        """The side that answers it."""
        return Role.SELLER if self.filed_by is Role.CUSTOMER else Role.CUSTOMER

    @property
    def facts(self) -> Dispute:
        """The dispute as the policy takes it."""
        return Dispute(
            id=self.id,
            kind=self.kind,
            filed_by=self.filed_by,
            opened_at=self.opened_at,
            due_at=self.due_at,
            status=self.status,
            new_delivery_at=self.new_delivery_at,
        )

    def to_json(self) -> dict[str, Any]:
        """The dispute as in api.md."""
        return {name: plain(value) for name, value in asdict(self).items() if name != "order_id"}


@dataclass(frozen=True, slots=True)
class OrderSnapshot:
    """An order with its disputes, oldest first. `version` grows with each change that matters to the rules."""

    id: str
    customer_id: str
    seller_id: str
    title: str
    state: OrderState
    version: int
    updated_at: datetime
    expected_delivery_at: datetime | None = None
    agreed_delivery_at: datetime | None = None
    delivered_at: datetime | None = None
    released_at: datetime | None = None
    confirmed_fulfilled_at: datetime | None = None
    cancelled_by: str | None = None
    tracking: Mapping[str, Any] | None = None
    refunds: tuple[Mapping[str, Any], ...] = ()
    disputes: tuple[DisputeSnapshot, ...] = ()

    @property
    def effective_delivery_at(self) -> datetime | None:
        """The delivery date that counts (M-37)."""
        return self.agreed_delivery_at or self.expected_delivery_at

    @property
    def open_dispute(self) -> DisputeSnapshot | None:
        """The dispute that is open at the instant of reading, if any (M-22: at most one)."""
        return next((dispute for dispute in self.disputes if dispute.status is DisputeStatus.OPEN), None)

    @property
    def facts(self) -> OrderFacts:
        """What `decide` and `available` take: the same verdicts as on the stored order at the instant of reading."""
        disputes = [dispute.facts for dispute in self.disputes]
        return OrderFacts(
            id=self.id,
            customer_id=self.customer_id,
            seller_id=self.seller_id,
            state=self.state,
            expected_delivery_at=self.expected_delivery_at,
            agreed_delivery_at=self.agreed_delivery_at,
            delivered_at=self.delivered_at,
            open_dispute=next((dispute for dispute in disputes if dispute.status is DisputeStatus.OPEN), None),
            past_disputes=tuple(dispute for dispute in disputes if dispute.status is not DisputeStatus.OPEN),
        )

    @property
    def closed(self) -> bool:
        """Whether the resolution centre is unavailable (M-02)."""
        return self.state in CLOSED_STATES

    def dispute(self, dispute_id: str) -> DisputeSnapshot | None:
        """The dispute of this id, if the order has it."""
        return next((dispute for dispute in self.disputes if dispute.id == dispute_id), None)

    def role_of(self, person_id: str) -> Role | None:
        """The role in which somebody takes part, the customer first."""
        if person_id == self.customer_id:
            return Role.CUSTOMER
        return Role.SELLER if person_id == self.seller_id else None

    def to_json(self) -> dict[str, Any]:
        """The order as in api.md, with version."""
        return {**plain(asdict(self)), "disputes": [dispute.to_json() for dispute in self.disputes]}


@dataclass(frozen=True, slots=True)
class PutResult:
    """`applied` is False when the push was older than what is stored; `order` is what is stored now."""

    applied: bool
    order: OrderSnapshot


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """Somebody's settings: what their token says, else what the marketplace put."""

    role: Role
    id: str
    locale: str | None = None
    zoneinfo: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One row of the event feed. `kind`: change (an audit row), notice, handover or feedback. `data` depends on it:

    change: command, actor {role, id}, origin (chat, api, push, clock, receiver), rules, policy_version, before, after,
    key;
    notice: recipient {role, id}, code, params, text, locale, conversation_id, message_seq, outbox_id;
    handover: type, handover_id, conversation_id, status, scope (handover_rows.event); feedback: type, feedback_id.
    """

    seq: int
    at: datetime
    kind: str
    order_id: str | None
    data: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The event as JSON, `data` spread out."""
        return {"seq": self.seq, "at": plain(self.at), "kind": self.kind, "order_id": self.order_id, **plain(self.data)}
