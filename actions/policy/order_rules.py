"""The resolution centre's rules as one decision (M-01 to M-39).

Gate        M-04 only the two parties; M-02 not on completed or cancelled orders.
Roles       M-07 updates are asked by customers; M-36 extensions by sellers; M-29 force is the customer's.
Slot        M-22 one open dispute an order, whoever filed it; M-23 a customer withdraws first, then cancels;
            the seller's own request to cancel is accepted instead (Q6b, Q8).
Answers     M-10, M-15, M-35 by the other party, M-24, M-25 withdrawal by the filer, up to and including the due
            instant; M-13 nothing but expiry after it, whether or not a sweeper has run.
Force       M-26 to M-28 undelivered, and the effective delivery date at least 24 h ago.
Extension   M-37 a date later than the present one and after now; it counts once accepted.

A rule is judged for whoever the catalogue names: what the customer needs for a forced cancellation is not held against
a seller, who can never do it.
"""

from __future__ import annotations

from datetime import datetime

from actions.policy.answers import answer, withdraw
from actions.policy.case import Case
from actions.policy.commands import (
    Accept,
    AnswerUpdate,
    Decline,
    Expire,
    ForceCancel,
    OrderCommand,
    RequestCancellation,
    RequestExtension,
    RequestUpdate,
    Withdraw,
)
from actions.policy.expiry import expire
from actions.policy.filing import request_cancellation, request_extension, request_update
from actions.policy.force import force_cancel
from actions.policy.limits import Limits
from actions.policy.orders import CLOSED_STATES, Actor, OrderFacts, Role
from actions.policy.verdict import Reason, Refused, Verdict


def decide_order(facts: OrderFacts, command: OrderCommand, actor: Actor, now: datetime, limits: Limits) -> Verdict:
    """Judge one command on one order at `now` (aware). Pure; see the module for the rules."""
    case = Case(facts, actor, now, limits)
    if isinstance(command, Expire):
        return expire(case, command)
    if not facts.is_party(actor):
        return Refused((case.reason("M-04", "no_access"),))
    role = _role_reasons(case, command)
    if case.state in CLOSED_STATES:
        return Refused((case.reason("M-02", "rc_closed", state=case.state), *role))
    match command:
        case RequestUpdate():
            return request_update(case, role)
        case RequestCancellation():
            return request_cancellation(case, command)
        case RequestExtension():
            return request_extension(case, command, role)
        case ForceCancel():
            return force_cancel(case, role)
        case Withdraw():
            return withdraw(case, command)
        case AnswerUpdate() | Accept() | Decline():
            return answer(case, command)


def _role_reasons(case: Case, command: OrderCommand) -> tuple[Reason, ...]:
    if isinstance(command, RequestUpdate) and case.actor.role is not Role.CUSTOMER:
        return (case.reason("M-07", "customer_only", command=command.name),)
    if isinstance(command, RequestExtension) and case.actor.role is not Role.SELLER:
        return (case.reason("M-36", "seller_only", command=command.name),)
    if isinstance(command, ForceCancel) and case.actor.role is not Role.CUSTOMER:
        return (case.reason("M-29", "force_seller"),)
    return ()
