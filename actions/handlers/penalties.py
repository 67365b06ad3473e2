"""Penalties as the handlers talk about them: naming, finding the one that is meant, explaining what can be done."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC
from typing import Any

from actions.backend import ScanItem
from actions.handlers import case as asking
from actions.handlers.appeal_reasons import say_reason, type_term
from actions.handlers.case import Case
from actions.handlers.orders import MAX_CHOICES, meant_by_title
from actions.handlers.own_words import reason_in
from actions.handlers.turn import Turn
from actions.policy import APPEAL_TYPES, AppealType, Refused, Role, Standing, SubjectKind, Undetermined, Verdict
from actions.wording import Term, Zoned

# „wegen irreführender Sendungsverfolgung" says what is appealed, not what is wrong with it.
_NAMES_THE_TYPE = re.compile(r"(?:wegen|due to|because of)\b", re.IGNORECASE)
# „den mit der Sendungsnummer", "the other one": one of several is told apart, so it need not be the one spoken of last.
_TELLS_APART = re.compile(
    r"\b(?:de[rnm]|die|das|dem|denjenigen|diejenige|dasjenige)\s+(?:mit|wegen|v[oö][nm]|zu[rm]?|für|fuer|fürs|über|ueber|aus)\b"
    r"|\b(?:one|penalty|infraction|violation)\s+(?:with|about|for|on|from|because|due|where)\b"
    r"|\b(?:ander(?:e[nrsm]?)|zweite[nrsm]?|dritte[nrsm]?|letzte[nrsm]?|other|second|third|last)\b",
    re.IGNORECASE,
)


def for_sellers_only(turn: Turn) -> bool:
    """Tell a customer kindly that appeals are for sellers, and what they can do; whether that was said."""
    if turn.person is not None and turn.me.role is Role.SELLER:
        return False
    turn.case = None
    if turn.person is None:
        turn.say("sign_in")
        return True
    turn.say("appeals_for_sellers")
    turn.offer("button_ask_update", "request_order_update")
    turn.offer("button_request_cancellation", "request_cancellation")
    turn.custom.update(kind="refusal", reasons=[{"rule": "W-05", "code": "no_access"}])
    return True


def name_of(turn: Turn, item: ScanItem) -> str:
    """„V-5531 (Irreführende Sendungsverfolgung, WO-12)"."""
    return turn.phrase(
        "penalty_on_order" if item.order_id and item.order_id != item.subject.id else "penalty",
        id=item.subject.id,
        type=type_term(turn, item.type),
        order=item.order_id or "",
    )


def carried(item: ScanItem) -> dict[str, Any]:
    """What a button about this penalty carries."""
    subject = "infraction_id" if item.subject.kind is SubjectKind.INFRACTION else "order_id"
    return {"appeal_type": item.type, subject: item.subject.id}


def take_subject(turn: Turn, case: Case) -> bool:
    """Take infraction, order and type from the message; whether one was new."""
    _leave_out_types_of_the_ground(turn)
    subject = case.infraction_id or case.order_id
    before = (case.infraction_id, case.order_id, case.appeal_type)
    if turn.value("infraction_id"):
        case.infraction_id, case.order_id = turn.value("infraction_id"), None
    elif turn.value("order_id"):
        case.order_id, case.infraction_id = turn.value("order_id"), None
    if subject and subject != (case.infraction_id or case.order_id):
        case.appeal_type = None  # which was that of the other one
    if len(turn.appeal_types) == 1:
        case.appeal_type = turn.appeal_types[0]
    return (case.infraction_id, case.order_id, case.appeal_type) != before


def ground_in(turn: Turn) -> str:
    """What the message says is wrong with the data, or an empty string."""
    said = reason_in(turn.text)
    return "" if _NAMES_THE_TYPE.match(said) else said


def _leave_out_types_of_the_ground(turn: Turn) -> None:
    """„V-1 anfechten, weil ich die Marke führen darf": the number says what is meant, the ground may name anything."""
    if turn.value("infraction_id") and (ground := ground_in(turn)):
        begins = len(turn.text) - len(ground)
        turn.appeal_types = [name for name in turn.appeal_types if turn.type_starts.get(name, 0) < begins]


async def find(turn: Turn, case: Case, intent: str = "inform") -> ScanItem | None:
    """The penalty that is meant; asks with the candidates as buttons, or says that there is none (W-05).

    The buttons carry ``intent``: ``inform`` answers the open case.
    """
    nothing_said = not (case.infraction_id or case.order_id or case.appeal_type or turn.appeal_types)
    if nothing_said and turn.penalty and not _TELLS_APART.search(turn.text):
        case.infraction_id = turn.penalty.get("infraction_id")  # the one talked about last
        case.order_id, case.appeal_type = turn.penalty.get("order_id"), turn.penalty.get("appeal_type")
    named = bool(case.infraction_id or case.order_id)
    items = await turn.backend.appeals.candidates(
        turn.actor, infraction_id=case.infraction_id, order_id=case.order_id, type=case.appeal_type
    )
    if not items and named and case.appeal_type:  # that thing, but not under this type
        case.appeal_type = None
        items = await turn.backend.appeals.candidates(
            turn.actor, infraction_id=case.infraction_id, order_id=case.order_id
        )
    if not named and len(turn.appeal_types) > 1:
        items = [item for item in items if item.type in turn.appeal_types]
    if not named and (by_title := meant_by_title(turn.text, items)):
        items = by_title
    if len(items) == 1:
        return items[0]
    if not items:
        nothing_found(turn, case)
        return None
    case.asked = asking.PENALTY
    turn.say("ask_which_penalty")
    offer_penalties(turn, items, intent)
    return None


def nothing_found(turn: Turn, case: Case) -> None:
    """Not there or not theirs: the same sentence (W-05); or nothing of this type."""
    subject = case.infraction_id or case.order_id
    turn.case = None
    if subject:
        turn.say("appeal_no_access", id=subject)
        turn.custom.update(kind="refusal", reasons=[{"rule": "W-05", "code": "no_access"}])
    elif case.appeal_type:
        turn.say("no_penalty_of_type", type=type_term(turn, case.appeal_type))
    else:
        turn.say("no_penalties")
        return
    turn.offer("button_my_penalties", "list_infractions")


def offer_penalties(turn: Turn, items: Sequence[ScanItem], intent: str) -> None:
    """One button a penalty."""
    for item in items[:MAX_CHOICES]:
        turn.offer_titled(name_of(turn, item), intent, **carried(item))


def explain(turn: Turn, item: ScanItem, verdict: Verdict | None = None) -> None:
    """Whether it can be appealed, every failing condition, and what would help.

    ``verdict``: the one to explain when it is not that of the scan, as for a draft that could not be begun.
    """
    verdict = verdict or item.option.verdict
    if isinstance(verdict, Refused):
        for reason in verdict.reasons:
            say_reason(turn, reason, penalty=name_of(turn, item), order=item.order_id or item.subject.id)
        reasons = [{"rule": reason.rule, "code": reason.code} for reason in verdict.reasons]
        turn.custom.update(kind="refusal", reasons=reasons)
        if lacks_only_attachments(item):
            turn.say("appeal_would_pass", penalty=name_of(turn, item))
            say_deadline(turn, item)
    elif isinstance(verdict, Undetermined):
        missing = [Term(f"unknown_{name}") for name in verdict.missing]
        turn.say("appeal_undetermined", penalty=name_of(turn, item), missing=missing)
    else:
        turn.say("appeal_possible", penalty=name_of(turn, item))
        say_deadline(turn, item)


def lacks_only_attachments(item: ScanItem) -> bool:
    """Whether nothing stands against it but what the merchant can attach here."""
    verdict, kind = item.option.verdict, APPEAL_TYPES.get(item.type)
    if kind is None or not isinstance(verdict, Refused):
        return False
    return set(verdict.codes) <= {condition.code for condition in kind.conditions if condition.check in kind.needs}


def say_deadline(turn: Turn, item: ScanItem) -> None:
    """The last day for filing and confirmation (W-03, W-11, W-20), or that there is none (W-13), and the try."""
    option, window = item.option, item.option.window
    if window is not None and option.days_left is not None and option.days_left >= 0:
        turn.say(
            "appeal_deadline",
            last_day=window.last_day,
            days=days(turn, option.days_left),
            anchor=Term(f"anchor_{window.anchor}"),
            since=window.anchor_at.astimezone(UTC).date(),
            ends=Zoned(window.closes_at),
        )
        if option.is_urgent:
            turn.say("appeal_urgent")
    elif item.type == AppealType.REFUND:
        turn.say("refund_no_deadline", window=turn.backend.limits.appeal_window_days)
    if option.attempts is not None and option.attempt <= option.attempts:
        turn.say("refund_try", attempt=option.attempt, attempts=option.attempts)


def days(turn: Turn, count: int) -> str:
    """„noch 3 Tage", „heute"."""
    if count == 0:
        return turn.phrase("days_left_none")
    return turn.phrase("days_left_one") if count == 1 else turn.phrase("days_left", count=count)


def offer_steps(turn: Turn, item: ScanItem) -> None:
    """The next step of a penalty as buttons."""
    standing, verdict = item.option.standing, item.option.verdict
    if standing is Standing.POSSIBLE or lacks_only_attachments(item):
        turn.offer("button_appeal", "submit_appeal", **carried(item))
        turn.offer("button_appeal_steps", "ask_appeal_steps", **carried(item))
        return
    if standing is Standing.RUNNING:
        appeal_id = item.appeal.id if item.appeal else None  # it may be of the other type of two that share one (Q20)
        turn.offer("button_appeal_status", "appeal_status", appeal_id=appeal_id)
        turn.offer("button_withdraw_appeal", "withdraw_appeal", appeal_id=appeal_id)
        return
    if standing is Standing.UNKNOWN:
        turn.offer("button_support", "contact_support")
    for reason in verdict.reasons if isinstance(verdict, Refused) else ():
        if other := reason.params.get("other_route"):
            params = {"id": item.infraction_id, "type": type_term(turn, other)}
            turn.offer(
                "button_appeal_one_as", "submit_appeal", params, appeal_type=other, infraction_id=item.infraction_id
            )
    turn.offer("button_my_penalties", "list_infractions")
