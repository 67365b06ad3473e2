"""The reasons of the appeal policy in words, for a penalty that is asked about and for an appeal that was refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from actions.handlers.turn import Turn
from actions.policy import Reason
from actions.wording import Term, appeal_notices


def type_term(turn: Turn, appeal_type: str) -> Term | str:
    """The type in words; one that we have no words for is shown as the marketplace calls it."""
    return appeal_notices.type_term(turn.wording, appeal_type)


def say_reason(turn: Turn, reason: Reason, *, penalty: str, order: str) -> None:
    """One failing condition, and where the same thing has a way without it (Q20)."""
    turn.say(_name(reason), **_params(turn, reason), penalty=penalty, order=order)
    if other := reason.params.get("other_route"):
        turn.say("appeal_other_route", other=type_term(turn, other))


def appeal_text(code: str) -> str:
    """The text of a reason's code; the appeals' texts begin with ``appeal_``."""
    return code if code.startswith("appeal_") else f"appeal_{code}"


def _name(reason: Reason) -> str:
    params = reason.params
    if reason.code == "not_appealable" and "category" in params:
        return "appeal_not_appealable_refund"
    if params.get("link_unlisted"):
        return "appeal_link_unlisted"
    if reason.code == "appeal_open" and params["filed_as"] != params["type"]:
        return "appeal_open_as"
    return appeal_text(reason.code)


def _params(turn: Turn, reason: Reason) -> dict[str, Any]:
    """The reason's parameters as a text can name them: keys become terms, an anchor a day in UTC (Q14)."""
    given = reason.params
    params: dict[str, Any] = {
        **given,
        "id": given["subject_id"],
        "infraction": given["infraction_id"],
        "type": type_term(turn, given.get("unlisted") or given["type"]),
        "window": turn.backend.limits.appeal_window_days,
    }
    if "anchor" in params:
        params["anchor"] = Term(f"anchor_{given['anchor']}")
    if isinstance(given.get("anchor_at"), datetime):
        params["since"] = given["anchor_at"].astimezone(UTC).date()
    for name in ("issued_as", "filed_as"):
        if given.get(name):
            params[name] = type_term(turn, given[name])
    if "cancelled_by" in params:
        params["cancelled_by"] = Term(f"cancelled_by_{given['cancelled_by'] or 'nobody'}")
    return params
