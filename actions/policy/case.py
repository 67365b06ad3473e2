"""One command by one actor at one instant: the stored facts as the clock makes them, and the reasons rules share."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from actions.policy.effects import OrderEffect
from actions.policy.instants import utc
from actions.policy.limits import Limits
from actions.policy.orders import (
    CLOSED_STATES,
    Actor,
    Dispute,
    DisputeKind,
    DisputeStatus,
    OrderFacts,
    OrderState,
    Role,
)
from actions.policy.verdict import Allowed, Reason, Refused, Verdict


class Case:
    """One command by one actor at one instant, with what the clock makes of the stored facts."""

    def __init__(self, facts: OrderFacts, actor: Actor, now: datetime, limits: Limits) -> None:
        self.facts, self.actor, self.now, self.limits = facts, actor, utc(now), limits
        stored = facts.open_dispute if facts.open_dispute and facts.open_dispute.status is DisputeStatus.OPEN else None
        self.due = stored if stored and stored.expired_at(self.now) else None
        self.open = None if self.due else stored
        self.state = facts.state
        # Silence that cancels has done so at the due instant, even when no sweeper wrote it down yet (M-13, M-18).
        if self.due and cancels_by_silence(self.due, limits) and facts.state not in CLOSED_STATES:
            self.state = OrderState.CANCELLED

    def reason(self, rule: str, code: str, **params: Any) -> Reason:
        return Reason(rule, code, {"order_id": self.facts.id, **params})

    def find(self, dispute_id: str) -> Dispute | None:
        """The dispute of this id, open, past due or closed; None when there is none on this order."""
        known = (*((self.facts.open_dispute,) if self.facts.open_dispute else ()), *self.facts.past_disputes)
        return next((dispute for dispute in known if dispute.id == dispute_id), None)

    def is_own(self, dispute: Dispute) -> bool:
        return dispute.filed_by is self.actor.role


def cancels_by_silence(dispute: Dispute, limits: Limits) -> bool:
    return dispute.kind is DisputeKind.CANCELLATION and limits.cancel_silence == "auto_cancel"


def slot_reasons(case: Case, cancelling: bool = False) -> tuple[Reason, ...]:
    """M-22, in the customer's wish to cancel told as M-23: withdraw one's own first, accept the seller's instead."""
    dispute = case.open
    if dispute is None:
        return ()
    own = case.is_own(dispute)
    params = {
        "dispute_id": dispute.id,
        "kind": dispute.kind,
        "filed_by": dispute.filed_by,
        "opened_at": dispute.opened_at,
        "due_at": dispute.due_at,
        "way": "withdraw" if own else "answer",
    }
    if cancelling and case.actor.role is Role.CUSTOMER:
        if own:
            return (case.reason("M-23", "withdraw_first", **params),)
        if dispute.kind is DisputeKind.CANCELLATION:
            return (case.reason("M-23", "accept_instead", dispute_id=dispute.id, due_at=dispute.due_at),)
    return (case.reason("M-22", "slot_taken", **params),)


def gone(case: Case, dispute_id: str, dispute: Dispute | None) -> Reason:
    return case.reason("M-24", "dispute_gone", dispute_id=dispute_id, status=dispute.status if dispute else None)


def not_yours(case: Case, dispute: Dispute) -> Reason:
    return case.reason(
        "M-25",
        "not_yours",
        dispute_id=dispute.id,
        kind=dispute.kind,
        filed_by=dispute.filed_by,
        due_at=dispute.due_at,
    )


def not_later(case: Case, asked: datetime) -> tuple[Reason, ...]:
    """M-37: later than the present date. Without a present date there is nothing to be later than."""
    current = case.facts.effective_delivery_at
    if current is None or asked > current:
        return ()
    return (case.reason("M-37", "date_not_later", current=current, asked=asked),)


def verdict(reasons: tuple[Reason, ...], effects: tuple[OrderEffect, ...], rules: tuple[str, ...]) -> Verdict:
    return Refused(reasons) if reasons else Allowed(effects, rules)
