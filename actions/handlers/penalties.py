"""Penalties as the handlers talk about them: naming, finding the one that is meant, explaining what can be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from actions.backend import ScanItem
from actions.handlers import case as asking
from actions.handlers.case import Case
from actions.handlers.orders import MAX_CHOICES, meant_by_title
from actions.handlers.turn import Turn
from actions.policy import APPEAL_TYPES, Refused, Role, Standing, SubjectKind, Undetermined
from actions.wording import Term


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
    """„V-5531: Irreführende Sendungsverfolgung (WO-12)"."""
    return turn.phrase(
        "penalty_on_order" if item.order_id and item.order_id != item.subject.id else "penalty",
        id=item.subject.id,
        type=type_term(turn, item.type),
        order=item.order_id or "",
    )


def type_term(turn: Turn, appeal_type: str) -> Term | str:
    """The type in words; one that we have no words for is shown as the marketplace calls it."""
    known = f"type_{appeal_type}" in turn.wording
    return Term(f"type_{appeal_type}") if known else appeal_type.replace("_", " ")


def carried(item: ScanItem) -> dict[str, Any]:
    """What a button about this penalty carries."""
    subject = "infraction_id" if item.subject.kind is SubjectKind.INFRACTION else "order_id"
    return {"appeal_type": item.type, subject: item.subject.id}


def take_subject(turn: Turn, case: Case) -> bool:
    """Take infraction, order and type from the message; whether one was new."""
    before = (case.infraction_id, case.order_id, case.appeal_type)
    if turn.value("infraction_id"):
        case.infraction_id, case.order_id = turn.value("infraction_id"), None
    elif turn.value("order_id"):
        case.order_id, case.infraction_id = turn.value("order_id"), None
    if len(turn.appeal_types) == 1:
        case.appeal_type = turn.appeal_types[0]
    return (case.infraction_id, case.order_id, case.appeal_type) != before


async def find(turn: Turn, case: Case) -> ScanItem | None:
    """The penalty that is meant; asks with the candidates as buttons, or says that there is none (W-05)."""
    if not (case.infraction_id or case.order_id or case.appeal_type or turn.appeal_types) and turn.penalty:
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
    offer(turn, items, "inform")
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


def offer(turn: Turn, items: Sequence[ScanItem], intent: str) -> None:
    """One button a penalty."""
    for item in items[:MAX_CHOICES]:
        turn.offer_titled(name_of(turn, item), intent, **carried(item))


def explain(turn: Turn, item: ScanItem) -> None:
    """Whether it can be appealed, every failing condition, and what would help."""
    option, verdict = item.option, item.option.verdict
    if isinstance(verdict, Refused):
        for reason in verdict.reasons:
            turn.say(text_of(reason.code), **reason_params(turn, item, reason.params))
        turn.custom["reasons"] = [{"rule": reason.rule, "code": reason.code} for reason in verdict.reasons]
        if lacks_only_attachments(item):
            turn.say("appeal_would_pass", needs=[Term(f"need_{need}") for need in option.needs if need != "ground"])
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
    option = item.option
    if option.window is not None and option.days_left is not None and option.days_left >= 0:
        anchor = Term(f"anchor_{option.window.anchor}")
        turn.say("appeal_deadline", last_day=option.window.last_day, days=days(turn, option.days_left), anchor=anchor)
        if option.is_urgent:
            turn.say("appeal_urgent")
    elif item.type == "refund":
        turn.say("refund_no_deadline")
    if option.attempts is not None and option.attempt <= option.attempts:
        turn.say("refund_try", attempt=option.attempt, attempts=option.attempts)


def days(turn: Turn, count: int) -> str:
    """„noch 3 Tage", „heute"."""
    if count == 0:
        return turn.phrase("days_left_none")
    return turn.phrase("days_left_one") if count == 1 else turn.phrase("days_left", count=count)


def text_of(code: str) -> str:
    """The text of a reason's code; the appeals' texts begin with ``appeal_``."""
    return code if code.startswith("appeal_") else f"appeal_{code}"


def reason_params(turn: Turn, item: ScanItem, given: Mapping[str, Any]) -> dict[str, Any]:
    """A reason's parameters as a text can name them."""
    params: dict[str, Any] = {**given, "penalty": name_of(turn, item), "type": type_term(turn, item.type)}
    params["order"] = item.order_id or item.subject.id
    return spelled(turn, params)


def spelled(turn: Turn, params: dict[str, Any]) -> dict[str, Any]:
    """Parameters with their keys replaced by terms."""
    if "anchor" in params:
        params["anchor"] = Term(f"anchor_{params['anchor']}")
    if params.get("issued_as"):
        params["issued_as"] = type_term(turn, params["issued_as"])
    if params.get("filed_as"):
        params["filed_as"] = type_term(turn, params["filed_as"])
    if "cancelled_by" in params:
        params["cancelled_by"] = Term(f"cancelled_by_{params['cancelled_by'] or 'nobody'}")
    return params


def offer_steps(turn: Turn, item: ScanItem) -> None:
    """The next step of a penalty as buttons."""
    if item.option.standing in (Standing.POSSIBLE, Standing.MISSING):
        turn.offer("button_appeal", "submit_appeal", **carried(item))
        turn.offer("button_appeal_steps", "ask_appeal_steps", **carried(item))
    elif item.option.standing is Standing.RUNNING:
        turn.offer("button_appeal_status", "appeal_status", **carried(item))
        turn.offer("button_withdraw_appeal", "withdraw_appeal", **carried(item))
    elif item.option.standing is Standing.LOST:
        turn.offer("button_my_penalties", "list_infractions")
