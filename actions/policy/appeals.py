"""Facts about a penalty and its appeal, as `decide` needs them (rules W-01 to W-26).

Every instant is aware; constructors convert to UTC and raise ValueError for a datetime without an offset.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from actions.policy.instants import utc_or_none


class AppealType(StrEnum):
    """The types the policy names. Which of them can be appealed, and how, is data (appeal_types.toml)."""

    FULFILMENT_RATE = "fulfilment_rate"
    VALID_TRACKING_RATE = "valid_tracking_rate"
    CONFIRMED_FULFILMENT_SPEED = "confirmed_fulfilment_speed"
    REFUND = "refund"
    MISLEADING_TRACKING = "misleading_tracking"
    ORDER_CANCELLATION = "order_cancellation"
    UNFULFILLED_ORDER = "unfulfilled_order"
    LATE_CONFIRMED_FULFILMENT = "late_confirmed_fulfilment"
    PROHIBITED_PRODUCT = "prohibited_product"
    MISLEADING_LISTING = "misleading_listing"
    IP_INFRINGEMENT = "ip_infringement"
    MATERIAL_LISTING_CHANGE = "material_listing_change"
    REPEAT_IP_INFRINGEMENT = "repeat_ip_infringement"


class AppealStatus(StrEnum):
    """Status of an appeal (W.D); all but DRAFT and SUBMITTED are final."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


class Outcome(StrEnum):
    """What the platform decides."""

    APPROVED = "approved"
    REJECTED = "rejected"


class SubjectKind(StrEnum):
    """The level on which an appeal is made (W-01)."""

    ORDER = "order"
    INFRACTION = "infraction"


class Canceller(StrEnum):
    """Who cancelled a goods order (W-10)."""

    MERCHANT = "merchant"
    CUSTOMER = "customer"
    PLATFORM = "platform"


class RefundCategory(StrEnum):
    """Why money went back. Appeals exist for the first two (W-13, Q17b)."""

    QUALITY = "quality"
    LOGISTICS = "logistics"
    OTHER = "other"


class Responsibility(StrEnum):
    """Who bears a refund (W-13)."""

    MERCHANT = "merchant"
    PLATFORM = "platform"


class EvidenceKind(StrEnum):
    """The two sorts of proof the policy names (W-12)."""

    LINK = "link"
    IMAGE = "image"


@dataclass(frozen=True, slots=True)
class Subject:
    """What is appealed: an order or an infraction, and its id."""

    kind: SubjectKind
    id: str


@dataclass(frozen=True, slots=True)
class Infraction:
    """An infraction as the marketplace issued it. `notified_at` only where it differs from `issued_at` (Q12)."""

    id: str
    type: str
    issued_at: datetime | None
    notified_at: datetime | None = None
    order_id: str | None = None
    is_reversed: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "issued_at", utc_or_none(self.issued_at))
        object.__setattr__(self, "notified_at", utc_or_none(self.notified_at))

    @property
    def anchor_at(self) -> datetime | None:
        """The earlier of the two instants, so that what is promised holds for either (Q12)."""
        return min((at for at in (self.issued_at, self.notified_at) if at is not None), default=None)


@dataclass(frozen=True, slots=True)
class Refund:
    """One refund on an order; `rejected_appeals` were decided before Lotse was connected."""

    id: str
    category: RefundCategory
    responsibility: Responsibility
    rejected_appeals: int = 0

    @property
    def is_appealable(self) -> bool:
        """A quality or logistics refund that the merchant bears (W-13, Q17b)."""
        return self.category is not RefundCategory.OTHER and self.responsibility is Responsibility.MERCHANT


@dataclass(frozen=True, slots=True)
class GoodsOrder:
    """What the marketplace says of the order behind a penalty; None where it says nothing.

    Without `cancelled_by`, an order that `is_cancelled` was cancelled by somebody unknown, any other by nobody.
    """

    id: str
    released_at: datetime | None = None
    confirmed_fulfilled_at: datetime | None = None
    is_cancelled: bool = False
    cancelled_by: Canceller | None = None
    tracking_number: str | None = None
    refunds: tuple[Refund, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "released_at", utc_or_none(self.released_at))
        object.__setattr__(self, "confirmed_fulfilled_at", utc_or_none(self.confirmed_fulfilled_at))


@dataclass(frozen=True, slots=True)
class Evidence:
    """One piece of proof. `carrier_listed`: the link's host is on the list of carriers; without meaning for images."""

    kind: EvidenceKind
    carrier_listed: bool = False

    @property
    def is_proof(self) -> bool:
        """A link to a carrier's site, or a screenshot; a link elsewhere needs a screenshot as well (W-12, Q22)."""
        return self.kind is EvidenceKind.IMAGE or self.carrier_listed


@dataclass(frozen=True, slots=True)
class Appeal:
    """One appeal as stored. `closes_at` was fixed when it was filed: the first instant outside its window."""

    id: str
    type: str
    status: AppealStatus
    order_id: str | None = None
    infraction_id: str | None = None
    filed_at: datetime | None = None
    closes_at: datetime | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "filed_at", utc_or_none(self.filed_at))
        object.__setattr__(self, "closes_at", utc_or_none(self.closes_at))


@dataclass(frozen=True, slots=True)
class AppealFacts:
    """What is appealed, as which type, with what is known of it.

    `infraction` is the one appealed, or for a metric the one that carries it (see `AppealKind.carriers`); `order` the
    order behind it; `tracking_number` what the merchant adds to it; `appeal` the draft or appeal a command is about,
    None when there is none yet; `others` the merchant's other appeals on the same order or infraction.
    """

    type: str
    seller_id: str
    subject: Subject
    infraction: Infraction | None = None
    order: GoodsOrder | None = None
    tracking_number: str | None = None
    evidence: tuple[Evidence, ...] = ()
    appeal: Appeal | None = None
    others: tuple[Appeal, ...] = ()

    @property
    def order_id(self) -> str | None:
        """The order this is about, None when an infraction has none."""
        if self.order is not None:
            return self.order.id
        if self.infraction is not None and self.infraction.order_id is not None:
            return self.infraction.order_id
        return self.subject.id if self.subject.kind is SubjectKind.ORDER else None

    @property
    def infraction_id(self) -> str | None:
        """The infraction this is about, None when an order is appealed and no infraction is known."""
        if self.infraction is not None:
            return self.infraction.id
        return self.subject.id if self.subject.kind is SubjectKind.INFRACTION else None
