"""Commands that open a dispute: update, cancellation, extension (M-09, M-14, M-33, M-36, M-37)."""

from __future__ import annotations

from actions.policy.case import Case, not_later, not_yours, slot_reasons, verdict
from actions.policy.commands import RequestCancellation, RequestExtension
from actions.policy.effects import CloseDispute, OpenDispute, OrderEffect
from actions.policy.instants import after
from actions.policy.orders import DisputeKind, DisputeStatus, Role
from actions.policy.verdict import Reason, Verdict


def request_update(case: Case, role: tuple[Reason, ...]) -> Verdict:
    due_at = after(case.now, case.limits.answer_window)
    return verdict((*role, *slot_reasons(case)), (OpenDispute(DisputeKind.UPDATE, due_at),), ("M-09", "M-10"))


def request_cancellation(case: Case, command: RequestCancellation) -> Verdict:
    by_seller = case.actor.role is Role.SELLER
    rules: tuple[str, ...] = ("M-33", "M-35") if by_seller else ("M-14", "M-15")
    reasons: tuple[Reason, ...] = ()
    effects: tuple[OrderEffect, ...] = ()
    blocking = case.open
    named = blocking is not None and blocking.id == command.withdraw_dispute_id
    if blocking and named and case.is_own(blocking):
        # Both steps that M-23 demands, in their order.
        effects = (CloseDispute(blocking.id, DisputeStatus.WITHDRAWN),)
        rules = (*rules, "M-23", "M-24")
    elif blocking:
        reasons = (*((not_yours(case, blocking),) if named else ()), *slot_reasons(case, cancelling=True))
    if by_seller:
        reasons = (*reasons, *_seller_reason(case, command))
    opened = OpenDispute(DisputeKind.CANCELLATION, after(case.now, case.limits.answer_window))
    return verdict(reasons, (*effects, opened), rules)


def _seller_reason(case: Case, command: RequestCancellation) -> tuple[Reason, ...]:
    """M-33: a reason from the list and an explanation, both compulsory for the seller."""
    reasons = []
    missing = [
        name for name, given in (("reason", command.reason), ("text", command.text)) if not (given or "").strip()
    ]
    if missing:
        reasons.append(case.reason("M-33", "reason_needed", missing=missing))
    if "reason" not in missing and command.reason not in case.limits.seller_reasons:
        reasons.append(case.reason("M-33", "reason_unknown", allowed=list(case.limits.seller_reasons)))
    return tuple(reasons)


def request_extension(case: Case, command: RequestExtension, role: tuple[Reason, ...]) -> Verdict:
    reasons = [*role, *slot_reasons(case)]
    asked = command.new_delivery_at
    if asked is None:
        reasons.append(case.reason("M-37", "date_missing"))
    else:
        reasons += not_later(case, asked)
        if asked <= case.now:
            reasons.append(case.reason("M-37", "date_past", asked=asked))
    window = case.limits.extension_answer_window
    due_at = None if window is None else after(case.now, window)
    return verdict(tuple(reasons), (OpenDispute(DisputeKind.EXTENSION, due_at, asked),), ("M-36", "M-37", "M-38"))
