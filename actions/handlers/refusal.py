"""Saying no: every failing rule in words, the instant from which it works, and what is possible instead."""

from __future__ import annotations

from typing import Any

from actions.backend import OrderSnapshot
from actions.handlers.orders import ASKABLE, by_whom, name_of, offer_steps
from actions.handlers.reasons import reason_title
from actions.handlers.turn import Turn
from actions.policy import Reason, Refused, Undetermined
from actions.policy.orders import Role
from actions.wording import Term

# From when it would have been possible, once it has been delivered (Q9).
_MOOT = frozenset({"force_early", "force_extended"})


def refuse(turn: Turn, order: OrderSnapshot | None, verdict: Refused | Undetermined) -> None:
    """Say each reason (M-02 to M-37) and offer the possible steps of the order as buttons. The case is closed."""
    turn.note_refusal(turn.case.flow if turn.case else turn.intent, verdict, order.id if order else None)
    turn.case = None
    if isinstance(verdict, Undetermined):
        turn.say("undetermined", order=name_of(turn, order) if order else "")
    else:
        # What is still missing is no news to whoever may not do it at all.
        hidden = ASKABLE | (_MOOT if "force_delivered" in verdict.codes else frozenset())
        reasons = [reason for reason in verdict.reasons if reason.code not in hidden] or verdict.reasons
        for reason in reasons:
            explain(turn, reason, order)
        turn.custom["reasons"] = [{"rule": reason.rule, "code": reason.code} for reason in reasons]
    turn.custom["kind"] = "refusal"
    if order is None or (isinstance(verdict, Refused) and verdict.codes == ("no_access",)):
        return
    turn.topic = order.id
    offer_steps(turn, order)


def explain(turn: Turn, reason: Reason, order: OrderSnapshot | None) -> None:
    """One reason in words; its code is the name of the text."""
    turn.say(reason.code, **reason_params(turn, reason, order))


def reason_params(turn: Turn, reason: Reason, order: OrderSnapshot | None) -> dict[str, Any]:
    """A reason's parameters as a text can name them."""
    params: dict[str, Any] = dict(reason.params)
    params["order"] = name_of(turn, order) if order else str(params.get("order_id", ""))
    if "kind" in params:
        params["kind"] = Term(f"kind_{params['kind']}")
    if "state" in params:
        params["state"] = Term(f"state_{params['state']}")
    if params.get("filed_by"):
        params["by"] = by_whom(turn, Role(params["filed_by"]))
    if "due_at" in params:
        due = params["due_at"]
        params["until"] = turn.phrase("until_due", due=due) if due else turn.phrase("until_open")
    if "way" in params:
        params["way"] = Term(f"way_{params['way']}")
    if "possible_from" in params:
        params["wait"] = params["possible_from"] - turn.now
    if "missing" in params:
        params["missing"] = [Term(f"missing_{name}") for name in params["missing"]]
    if "allowed" in params:
        params["allowed"] = [reason_title(turn, key) for key in params["allowed"]]
    return params
