"""What happens without a party: silence (M-12, M-18) and the marketplace closing an order (M-03)."""

from __future__ import annotations

from datetime import datetime

from actions.policy.case import Case, cancels_by_silence, gone
from actions.policy.commands import Expire
from actions.policy.effects import CancelOrder, CloseDispute, OrderEffect
from actions.policy.limits import Limits
from actions.policy.orders import CLOSED_STATES, PLATFORM, DisputeKind, DisputeStatus, OrderFacts, OrderState, Role
from actions.policy.verdict import Allowed, Refused, Verdict

_RULE = {DisputeKind.UPDATE: "M-12", DisputeKind.CANCELLATION: "M-18", DisputeKind.EXTENSION: "M-38"}


def expire(case: Case, command: Expire) -> Verdict:
    if case.actor.role is not Role.PLATFORM:
        return Refused((case.reason("M-12", "platform_only", command=command.name),))
    if case.facts.state in CLOSED_STATES:
        return Refused((case.reason("M-02", "rc_closed", state=case.facts.state),))
    if case.due and case.due.id == command.dispute_id:
        return Allowed(expiry_effects(case.facts, case.now, case.limits), (_RULE[case.due.kind],))
    if case.open and case.open.id == command.dispute_id:
        params = {"dispute_id": case.open.id, "kind": case.open.kind, "due_at": case.open.due_at}
        return Refused((case.reason("M-12", "not_due", **params),))
    return Refused((gone(case, command.dispute_id, case.find(command.dispute_id)),))


def expiry_effects(facts: OrderFacts, now: datetime, limits: Limits) -> tuple[OrderEffect, ...]:
    """What the clock alone has done to the stored facts by `now`, to be written before anything else; often nothing."""
    due = Case(facts, PLATFORM, now, limits).due
    if due is None:
        return ()
    cancels = cancels_by_silence(due, limits) and facts.state not in CLOSED_STATES
    closed = CloseDispute(due.id, DisputeStatus.EXPIRED)
    return (closed, CancelOrder()) if cancels else (closed,)


def push_effects(facts: OrderFacts, new_state: OrderState, now: datetime) -> tuple[OrderEffect, ...]:
    """M-03: what a state that the marketplace reports does to the stored open dispute.

    An order that closes supersedes it; one whose time had already run out is expired (M.I invariant 4).
    """
    dispute = facts.open_dispute
    if new_state not in CLOSED_STATES or dispute is None or dispute.status is not DisputeStatus.OPEN:
        return ()
    status = DisputeStatus.EXPIRED if dispute.expired_at(now) else DisputeStatus.SUPERSEDED
    return (CloseDispute(dispute.id, status),)
