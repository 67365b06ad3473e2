"""The appeal policy as one decision (W-01 to W-26).

Gate        W-05 only the merchant's own; W-02 only listed types; W-24 not repeated infringement: the account manager.
Window      W-03, W-20 90 calendar days from the infraction, W-11 from the order's release, W-13 none, for filing and
            for the platform's confirmation; what that does to an appeal filed in time is a switch (Q15).
Conditions  W-10 to W-13, each type's own, from the list of types.
One         W-26 one open appeal for a subject and type; what was withdrawn or lapsed is no rejection.
Effect      W-21 approved reverses the infraction, and nothing else does.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from actions.policy.appeal_conditions import CHECKS, rejections, same_claim
from actions.policy.appeal_types import APPEAL_TYPES, APPEAL_TYPES_VERSION, AppealKind
from actions.policy.appeal_window import Window, status_at, window_of
from actions.policy.appeals import Appeal, AppealFacts, AppealStatus, AppealType, Outcome, SubjectKind
from actions.policy.commands import AppealCommand, DecideAppeal, LapseAppeal, SubmitAppeal, WithdrawAppeal
from actions.policy.effects import AppealEffect, CloseAppeal, CorrectMetric, FileAppeal, MoveRefunds, ReverseInfraction
from actions.policy.instants import utc
from actions.policy.limits import Limits
from actions.policy.orders import Actor, Role
from actions.policy.verdict import Allowed, Reason, Refused, Undetermined, Verdict


class _Case:
    """One command by one actor at one instant."""

    def __init__(self, facts: AppealFacts, now: datetime, limits: Limits) -> None:
        self.facts, self.now, self.limits = facts, utc(now), limits
        self.status = status_at(facts.appeal, now, limits) if facts.appeal else None

    def reason(self, rule: str, code: str, **params: Any) -> Reason:
        facts = self.facts
        about = {
            "type": facts.type,
            "subject_kind": facts.subject.kind,
            "subject_id": facts.subject.id,
            "order_id": facts.order_id,
            "infraction_id": facts.infraction_id,
        }
        return Reason(rule, code, {**about, **params})

    def refuse(self, rule: str, code: str, **params: Any) -> Refused:
        return Refused((self.reason(rule, code, **params),))

    def ended(self, appeal: Appeal | None) -> Refused:
        """The appeal is no longer, or not yet, what the command needs."""
        if appeal is not None and self.status is AppealStatus.LAPSED:
            return self.refuse("W-03", "appeal_lapsed", appeal_id=appeal.id, **_closing(appeal))
        return self.refuse("W-26", "appeal_gone", appeal_id=appeal.id if appeal else None, status=self.status)


def decide_appeal(facts: AppealFacts, command: AppealCommand, actor: Actor, now: datetime, limits: Limits) -> Verdict:
    """Judge one command on one appeal, or on what could become one, at `now` (aware). Pure; see the module."""
    case = _Case(facts, now, limits)
    is_owner = actor == Actor(Role.SELLER, facts.seller_id)
    match command:
        case SubmitAppeal() | WithdrawAppeal() if not is_owner:
            return case.refuse("W-05", "no_access")
        case DecideAppeal() | LapseAppeal() if actor.role is not Role.PLATFORM:
            return case.refuse("W-05", "platform_only" if is_owner else "no_access", command=command.name)
        case SubmitAppeal():
            return _submit(case, command)
        case WithdrawAppeal():
            return _withdraw(case, facts.appeal)
        case DecideAppeal():
            return _decide(case, facts.appeal, command.outcome)
        case LapseAppeal():
            return _lapse(case, facts.appeal)


def _submit(case: _Case, command: SubmitAppeal) -> Verdict:
    facts = case.facts
    types = (facts.type, *((facts.infraction.type,) if facts.infraction else ()))
    unlisted = next((name for name in types if name not in APPEAL_TYPES), None)
    if unlisted is not None:
        return case.refuse("W-02", "not_appealable", unlisted=unlisted, version=APPEAL_TYPES_VERSION)
    # The infraction's own type counts too: a repeated infringement does not become another by being called so.
    referred = next((APPEAL_TYPES[name] for name in types if APPEAL_TYPES[name].refer), None)
    if referred is not None and referred.refer is not None:
        return case.refuse(referred.rule, referred.refer)
    kind = APPEAL_TYPES[facts.type]
    accepted = kind.carriers if facts.subject.kind is SubjectKind.ORDER else kind.infractions
    if facts.infraction is not None and facts.infraction.type not in accepted:
        return case.refuse(kind.rule, "type_mismatch", issued_as=facts.infraction.type, accepted=list(accepted))
    if case.status is AppealStatus.SUBMITTED and facts.appeal is not None:
        return Refused((_open(case, facts.appeal),))
    if case.status not in (None, AppealStatus.DRAFT):
        return case.ended(facts.appeal)
    window = window_of(facts, kind, case.limits)
    reasons = [*_taken(case, kind), *_expired(case, kind, window)]
    missing = []
    if kind.anchor != "none" and window is None:
        missing.append("order" if kind.anchor == "released" and facts.order is None else f"{kind.anchor}_at")
    for condition in kind.conditions:
        finding = CHECKS[condition.check](facts, case.limits)
        if finding.failed:
            reasons.append(case.reason(condition.rule or kind.rule, condition.code, **finding.params))
        elif finding.missing:
            missing.append(finding.missing)
    if case.limits.ground_required and not command.ground.strip():
        reasons.append(case.reason("W-01", "ground_missing"))
    rules = (kind.rule, *((kind.window,) if kind.window and kind.window != kind.rule else ()))
    if reasons:
        return Refused(tuple(reasons))
    if missing:
        return Undetermined(tuple(dict.fromkeys(missing)), rules)
    closes_at = window.closes_at if window else None
    return Allowed((FileAppeal(closes_at, rejections(facts, kind) + 1),), (*rules, "W-26"))


def _taken(case: _Case, kind: AppealKind) -> list[Reason]:
    """W-21: nothing is left to appeal; W-26: the same is being appealed already."""
    facts, others = case.facts, same_claim(case.facts, kind)
    reasons = []
    # A refund moves with its approval, and another may follow on the same order: its own conditions look at that.
    approved = None
    if kind.key != AppealType.REFUND:
        approved = next((other for other in others if other.status is AppealStatus.APPROVED), None)
    is_reversed = facts.infraction is not None and facts.infraction.is_reversed
    if approved or (is_reversed and facts.infraction and facts.infraction.type in kind.infractions):
        reasons.append(case.reason("W-21", "already_reversed", appeal_id=approved.id if approved else None))
    submitted = (AppealStatus.SUBMITTED,)
    reasons += [_open(case, other) for other in others if status_at(other, case.now, case.limits) in submitted]
    return reasons


def _open(case: _Case, appeal: Appeal) -> Reason:
    params = {"appeal_id": appeal.id, "filed_at": appeal.filed_at, "filed_as": appeal.type}
    return case.reason("W-26", "appeal_open", **params)


def _expired(case: _Case, kind: AppealKind, window: Window | None) -> list[Reason]:
    if window is None or kind.window is None or window.is_open(case.now):
        return []
    params = {
        "anchor": window.anchor,
        "anchor_at": window.anchor_at,
        "last_day": window.last_day,
        "closes_at": window.closes_at,
    }
    return [case.reason(kind.window, "expired", **params)]


def _withdraw(case: _Case, appeal: Appeal | None) -> Verdict:
    if appeal is None or case.status not in (AppealStatus.DRAFT, AppealStatus.SUBMITTED):
        return case.ended(appeal)
    return Allowed((CloseAppeal(appeal.id, AppealStatus.WITHDRAWN),), ("W-26",))


def _decide(case: _Case, appeal: Appeal | None, outcome: Outcome) -> Verdict:
    if appeal is not None and case.status is AppealStatus.DRAFT:
        return case.refuse("W-03", "not_submitted", appeal_id=appeal.id)
    if appeal is None or case.status is not AppealStatus.SUBMITTED:
        return case.ended(appeal)
    if outcome is Outcome.REJECTED:
        return Allowed((CloseAppeal(appeal.id, AppealStatus.REJECTED),), ("W-21",))
    return Allowed((CloseAppeal(appeal.id, AppealStatus.APPROVED), *_settled(case.facts)), ("W-21",))


def _settled(facts: AppealFacts) -> list[AppealEffect]:
    """W-21: what an approval undoes, in the same transaction."""
    effects: list[AppealEffect] = []
    kind = APPEAL_TYPES.get(facts.type)
    infraction, order_id = facts.infraction, facts.order_id
    # A type may have left the list since the appeal was filed.
    carriers = kind.infractions if kind else (facts.type,)
    if infraction and not infraction.is_reversed and infraction.type in carriers:
        effects.append(ReverseInfraction(infraction.id))
    if facts.type == AppealType.REFUND:
        refunds = tuple(refund.id for refund in facts.order.refunds if refund.is_appealable) if facts.order else ()
        effects += [MoveRefunds(facts.order.id, refunds)] if facts.order and refunds else []
    elif kind is not None and order_id is not None:
        metrics = (other for other in APPEAL_TYPES.values() if other.level == "metric" and other.claim == kind.claim)
        effects += [CorrectMetric(metric.key, order_id) for metric in metrics]
    return effects


def _lapse(case: _Case, appeal: Appeal | None) -> Verdict:
    if appeal is None or appeal.status is not AppealStatus.SUBMITTED:
        params = {"appeal_id": appeal.id if appeal else None, "status": appeal.status if appeal else None}
        return case.refuse("W-26", "appeal_gone", **params)
    if case.status is not AppealStatus.LAPSED:
        return case.refuse("W-03", "not_due", appeal_id=appeal.id, closes_at=appeal.closes_at)
    return Allowed((CloseAppeal(appeal.id, AppealStatus.LAPSED),), ("W-03",))


def _closing(appeal: Appeal) -> dict[str, Any]:
    if appeal.closes_at is None:
        return {"closes_at": None, "last_day": None}
    window = Window("", appeal.closes_at, appeal.closes_at)
    return {"closes_at": window.closes_at, "last_day": window.last_day}
