"""The conditions of the single types (W-10 to W-13), and what counts as the same claim (W-26, Q20)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from actions.policy.appeal_types import APPEAL_TYPES, AppealKind, Check
from actions.policy.appeals import Appeal, AppealFacts, AppealStatus, AppealType, Canceller, GoodsOrder, RefundCategory
from actions.policy.limits import Limits


@dataclass(frozen=True, slots=True)
class Finding:
    """A condition fails (with the values its message needs), cannot be judged (the fact it lacks), or neither."""

    failed: bool = False
    params: Mapping[str, Any] = field(default_factory=dict)
    missing: str | None = None


_FINE = Finding()
_NO_ORDER = Finding(missing="order")


def _fails(**params: Any) -> Finding:
    return Finding(failed=True, params=params)


def claim_of(kind: AppealKind, order_id: str | None, infraction_id: str | None) -> tuple[str, str | None]:
    """What is claimed: types and subjects with equal claims have one open appeal between them (W-26).

    A metric is judged for an order, and so is the cancellation that is metric and infraction at once (Q20); any other
    infraction stands for itself.
    """
    of_order = kind.level == "metric" or kind.shares is not None
    return kind.claim, (order_id or infraction_id) if of_order else (infraction_id or order_id)


def same_claim(facts: AppealFacts, kind: AppealKind) -> tuple[Appeal, ...]:
    """The merchant's other appeals with the same claim."""
    claim = claim_of(kind, facts.order_id, facts.infraction_id)
    return tuple(
        other
        for other in facts.others
        if (known := APPEAL_TYPES.get(other.type)) and claim_of(known, other.order_id, other.infraction_id) == claim
    )


def rejections(facts: AppealFacts, kind: AppealKind) -> int:
    """How often the platform rejected this claim; for refunds those from before Lotse included. Nothing else counts."""
    ours = sum(other.status is AppealStatus.REJECTED for other in same_claim(facts, kind))
    before = sum(refund.rejected_appeals for refund in facts.order.refunds) if facts.order else 0
    return ours + before if kind.key == AppealType.REFUND else ours


def _cancelled_by_merchant(order: GoodsOrder, facts: AppealFacts) -> Finding:
    if order.cancelled_by is Canceller.MERCHANT:
        return _FINE
    if order.is_cancelled and order.cancelled_by is None:
        return Finding(missing="cancelled_by")
    # The infraction of the same name has no such condition in the text (Q20).
    infraction = facts.infraction
    open_route = infraction is not None and infraction.type == AppealType.ORDER_CANCELLATION
    return _fails(cancelled_by=order.cancelled_by, other_route=AppealType.ORDER_CANCELLATION if open_route else None)


def _not_confirmed(order: GoodsOrder, _: AppealFacts) -> Finding:
    at = order.confirmed_fulfilled_at
    return _FINE if at is None else _fails(confirmed_at=at)


def _confirmed(order: GoodsOrder, _: AppealFacts) -> Finding:
    return _fails() if order.confirmed_fulfilled_at is None else _FINE


def _refund(order: GoodsOrder, _: AppealFacts) -> Finding:
    return _FINE if order.refunds else _fails()


def _refund_listed(order: GoodsOrder, _: AppealFacts) -> Finding:
    other = bool(order.refunds) and all(refund.category is RefundCategory.OTHER for refund in order.refunds)
    return _fails(category=RefundCategory.OTHER) if other else _FINE


def _refund_borne(order: GoodsOrder, _: AppealFacts) -> Finding:
    listed = any(refund.category is not RefundCategory.OTHER for refund in order.refunds)
    return _fails() if listed and not any(refund.is_appealable for refund in order.refunds) else _FINE


def _of_order(check: Callable[[GoodsOrder, AppealFacts], Finding]) -> Callable[[AppealFacts, Limits], Finding]:
    return lambda facts, _: _NO_ORDER if facts.order is None else check(facts.order, facts)


def _tracking(facts: AppealFacts, _: Limits) -> Finding:
    if any((number or "").strip() for number in (facts.tracking_number, facts.order and facts.order.tracking_number)):
        return _FINE
    return _NO_ORDER if facts.order is None else _fails()


def _proof(facts: AppealFacts, _: Limits) -> Finding:
    if any(evidence.is_proof for evidence in facts.evidence):
        return _FINE
    # A link is there, but its host is not a known carrier's: a screenshot is needed as well.
    return _fails(link_unlisted=bool(facts.evidence))


def _refund_tries(facts: AppealFacts, limits: Limits) -> Finding:
    rejected = rejections(facts, APPEAL_TYPES[AppealType.REFUND])
    if rejected >= limits.refund_rejections:
        return _fails(rejected=rejected, limit=limits.refund_rejections)
    return _NO_ORDER if facts.order is None else _FINE


CHECKS: Mapping[Check, Callable[[AppealFacts, Limits], Finding]] = {
    "cancelled_by_merchant": _of_order(_cancelled_by_merchant),
    "not_confirmed": _of_order(_not_confirmed),
    "confirmed": _of_order(_confirmed),
    "tracking": _tracking,
    "proof": _proof,
    "refund": _of_order(_refund),
    "refund_listed": _of_order(_refund_listed),
    "refund_borne": _of_order(_refund_borne),
    "refund_tries": _refund_tries,
}
"""How each check of the list of types is judged."""
