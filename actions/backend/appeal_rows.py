"""Single rows of the appeals side as the policy's facts and as what is handed out."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, TypeVar

from actions.backend.appeal_tables import AppealRow, EvidenceRow, InfractionRow
from actions.backend.appeal_views import EvidenceSnapshot, InfractionSnapshot, InfractionStatus
from actions.backend.tables import OrderRow
from actions.policy import (
    Appeal,
    AppealStatus,
    Canceller,
    Evidence,
    EvidenceKind,
    GoodsOrder,
    Infraction,
    OrderState,
    Refund,
    RefundCategory,
    Responsibility,
)

E = TypeVar("E", bound=StrEnum)


def _known(kind: type[E], value: Any, otherwise: E | None) -> E | None:
    return next((member for member in kind if member.value == value), otherwise)


def order_facts(row: OrderRow) -> GoodsOrder:
    """The order as the policy takes it."""
    return GoodsOrder(
        id=row.id,
        released_at=row.released_at,
        confirmed_fulfilled_at=row.confirmed_fulfilled_at,
        is_cancelled=row.state == OrderState.CANCELLED,
        cancelled_by=_known(Canceller, row.cancelled_by, None),
        tracking_number=(row.tracking or {}).get("number"),
        refunds=tuple(_refund(refund) for refund in row.refunds),
    )


def _refund(refund: dict[str, Any]) -> Refund:
    return Refund(
        id=str(refund.get("id", "")),
        category=_known(RefundCategory, refund.get("category"), RefundCategory.OTHER) or RefundCategory.OTHER,
        responsibility=_known(Responsibility, refund.get("responsibility"), None) or Responsibility.MERCHANT,
        rejected_appeals=int(refund.get("rejected_appeals") or 0),
    )


def infraction_facts(row: InfractionRow) -> Infraction:
    """The infraction as the policy takes it."""
    return Infraction(
        id=row.id,
        type=row.type,
        issued_at=row.issued_at,
        notified_at=row.notified_at,
        order_id=row.order_id,
        is_reversed=row.status == InfractionStatus.REVERSED,
    )


def evidence_facts(row: EvidenceRow) -> Evidence:
    """The evidence as the policy takes it."""
    return Evidence(EvidenceKind(row.kind), row.carrier_listed)


def appeal_facts(row: AppealRow) -> Appeal:
    """The appeal as stored, as the policy takes it."""
    return Appeal(
        id=row.id,
        type=row.type,
        status=AppealStatus(row.status),
        order_id=row.order_id,
        infraction_id=row.infraction_id,
        filed_at=row.filed_at,
        closes_at=row.closes_at,
    )


def evidence_snapshot(row: EvidenceRow) -> EvidenceSnapshot:
    """The evidence as it is handed out."""
    return EvidenceSnapshot(
        id=row.id,
        kind=EvidenceKind(row.kind),
        url=row.url,
        media_type=row.media_type,
        carrier_listed=row.carrier_listed,
        size=row.size,
        added_at=row.added_at,
        digest=row.digest,
    )


def infraction_snapshot(row: InfractionRow) -> InfractionSnapshot:
    """The infraction as stored."""
    return InfractionSnapshot(
        id=row.id,
        seller_id=row.seller_id,
        type=row.type,
        status=InfractionStatus(row.status),
        updated_at=row.updated_at,
        issued_at=row.issued_at,
        order_id=row.order_id,
        listing=row.listing,
        title=row.title,
        notified_at=row.notified_at,
        reversed_at=row.reversed_at,
        reversed_by=row.reversed_by,
    )
