"""Commands by which people end a dispute: answer, accept, decline, withdraw (M-10 to M-17, M-24, M-25, M-35)."""

from __future__ import annotations

from actions.policy.case import Case, gone, not_later, not_yours, verdict
from actions.policy.commands import Accept, AnswerUpdate, Decline, Withdraw
from actions.policy.effects import CancelOrder, CloseDispute, MoveDelivery, OrderEffect
from actions.policy.orders import Dispute, DisputeKind, DisputeStatus
from actions.policy.verdict import Allowed, Reason, Refused, Verdict

_ANSWER_STATUS = {
    AnswerUpdate: DisputeStatus.ANSWERED,
    Accept: DisputeStatus.ACCEPTED,
    Decline: DisputeStatus.DECLINED,
}
_ANSWER_RULES = {
    (DisputeKind.UPDATE, DisputeStatus.ANSWERED): ("M-10", "M-11"),
    (DisputeKind.CANCELLATION, DisputeStatus.ACCEPTED): ("M-15", "M-16", "M-35"),
    (DisputeKind.CANCELLATION, DisputeStatus.DECLINED): ("M-15", "M-17", "M-35"),
    (DisputeKind.EXTENSION, DisputeStatus.ACCEPTED): ("M-37", "M-38"),
    (DisputeKind.EXTENSION, DisputeStatus.DECLINED): ("M-37", "M-38"),
}


def withdraw(case: Case, command: Withdraw) -> Verdict:
    dispute = case.find(command.dispute_id)
    reasons = [*_ended(case, command.dispute_id, dispute)]
    if dispute and _matters(case, dispute) and not case.is_own(dispute):
        reasons.append(not_yours(case, dispute))
    return verdict(tuple(reasons), (CloseDispute(command.dispute_id, DisputeStatus.WITHDRAWN),), ("M-08", "M-24"))


def answer(case: Case, command: AnswerUpdate | Accept | Decline) -> Verdict:
    dispute = case.find(command.dispute_id)
    reasons = [*_ended(case, command.dispute_id, dispute)]
    if dispute and _matters(case, dispute):
        if case.is_own(dispute):
            reasons.append(case.reason("M-24", "own_dispute", dispute_id=dispute.id, kind=dispute.kind))
        if isinstance(command, AnswerUpdate) and dispute.kind is not DisputeKind.UPDATE:
            reasons.append(case.reason("M-15", "not_an_update", dispute_id=dispute.id, kind=dispute.kind))
        if not isinstance(command, AnswerUpdate) and dispute.kind is DisputeKind.UPDATE:
            reasons.append(case.reason("M-10", "answer_with_text", dispute_id=dispute.id, due_at=dispute.due_at))
        if isinstance(command, Accept) and dispute.new_delivery_at:
            # The marketplace may have moved the date since; an extension never brings delivery forward.
            reasons += not_later(case, dispute.new_delivery_at)
    if isinstance(command, AnswerUpdate) and not command.text.strip():
        reasons.append(case.reason("M-11", "answer_missing"))
    if reasons or dispute is None:
        return Refused(tuple(reasons))
    status = _ANSWER_STATUS[type(command)]
    effects: list[OrderEffect] = [CloseDispute(dispute.id, status)]
    if status is DisputeStatus.ACCEPTED and dispute.kind is DisputeKind.CANCELLATION:
        effects.append(CancelOrder())
    if status is DisputeStatus.ACCEPTED and dispute.new_delivery_at:
        effects.append(MoveDelivery(dispute.new_delivery_at))
    return Allowed(tuple(effects), _ANSWER_RULES[dispute.kind, status])


def _matters(case: Case, dispute: Dispute) -> bool:
    """Whether who filed it and what it asked still matters: it is open, or nothing but its time ran out."""
    return dispute is case.open or _ran_out(case, dispute)


def _ran_out(case: Case, dispute: Dispute) -> bool:
    return dispute is case.due or dispute.status is DisputeStatus.EXPIRED


def _ended(case: Case, dispute_id: str, dispute: Dispute | None) -> tuple[Reason, ...]:
    """M-13 for a dispute whose time is over, the same before and after the sweeper; M-24 for any other that ended."""
    if dispute is not None and dispute is case.open:
        return ()
    if dispute is not None and _ran_out(case, dispute):
        params = {"dispute_id": dispute_id, "kind": dispute.kind, "due_at": dispute.due_at}
        return (case.reason("M-13", "too_late", **params),)
    return (gone(case, dispute_id, dispute),)
