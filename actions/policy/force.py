"""Cancelling a late order without the seller's consent (M-26 to M-28)."""

from __future__ import annotations

from actions.policy.case import Case, slot_reasons, verdict
from actions.policy.effects import CancelOrder, CloseDispute, OrderEffect
from actions.policy.instants import after
from actions.policy.orders import DisputeKind, DisputeStatus, OrderState
from actions.policy.verdict import Reason, Refused, Undetermined, Verdict


def force_cancel(case: Case, role: tuple[Reason, ...]) -> Verdict:
    if role:
        return Refused(role)
    facts, dispute = case.facts, case.open
    reasons: list[Reason] = []
    effects: list[OrderEffect] = []
    rules = ["M-26"]
    if case.state is OrderState.DELIVERED:
        reasons.append(case.reason("M-26", "force_delivered", delivered_at=facts.delivered_at))
    if dispute and case.is_own(dispute):
        effects.append(CloseDispute(dispute.id, DisputeStatus.WITHDRAWN))
        rules += ["M-23", "M-24"]
    elif dispute and dispute.kind is DisputeKind.CANCELLATION:
        reasons += slot_reasons(case, cancelling=True)
    elif dispute:
        # A pending extension is not an agreed one, and must not bar the customer for ever (Q8).
        effects.append(CloseDispute(dispute.id, DisputeStatus.DECLINED))
        rules += ["M-37"]
    expected = facts.effective_delivery_at
    if expected is None:
        return Refused(tuple(reasons)) if reasons else Undetermined(("expected_delivery_at",), ("M-26",))
    possible_from = after(expected, case.limits.force_after)
    if case.now < possible_from:
        if facts.agreed_delivery_at is not None:
            reasons.append(case.reason("M-28", "force_extended", possible_from=possible_from, agreed=expected))
        else:
            reasons.append(case.reason("M-27", "force_early", possible_from=possible_from, expected=expected))
    return verdict(tuple(reasons), (*effects, CancelOrder()), tuple(rules))
