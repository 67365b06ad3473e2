"""Notices about appeals, which only the merchant ever gets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from actions.wording import spell
from actions.wording.texts import Button, Rendered, Term, Wording, Zoned

PREFIXES = ("appeal_", "own_appeal_")
"""How the codes of these notices begin."""


def appeal_notice(
    wording: Wording, code: str, params: Mapping[str, Any], *, locale: str, zone: str | ZoneInfo, now: datetime | None
) -> Rendered:
    """The notice ``code`` about an appeal.

    ``params`` is the outbox row's JSON (see ``actions.backend.appeal_notices``). Raises ``MissingText``.
    """

    def phrase(name: str, **values: Any) -> str:
        return wording.text(name, locale, zone, values, now=now)

    subject = str(params["subject_id"])
    on_order = params.get("order_id") not in (None, subject)
    values: dict[str, Any] = {
        "appeal_id": params["appeal_id"],
        "penalty": phrase(
            "penalty_on_order" if on_order else "penalty",
            id=subject,
            type=type_term(wording, str(params["type"])),
            order=params.get("order_id") or "",
        ),
        "infraction": params.get("infraction_id"),
        "attempt": params["attempt"] + 1,
        "attempts": params.get("attempts_limit"),
        "reason": spell.quoted(str(params.get("reason") or ""), locale),
    }
    if params.get("last_day"):
        values["last_day"] = date.fromisoformat(params["last_day"])
    if params.get("closes_at"):
        values["ends"] = Zoned(datetime.fromisoformat(params["closes_at"]))
    if code == "appeal_rejected":
        values["next"] = phrase(_next(params), **values)
    return Rendered(phrase(_variant(code, params), **values), _buttons(code, params, subject, phrase))


def type_term(wording: Wording, appeal_type: str) -> Term | str:
    """The type in words; one that we have no words for is shown as the marketplace calls it."""
    known = f"type_{appeal_type}" in wording
    return Term(f"type_{appeal_type}") if known else appeal_type.replace("_", " ")


def _variant(code: str, params: Mapping[str, Any]) -> str:
    name = f"notice_{code}"
    if code == "own_appeal_submitted" and not params.get("last_day"):
        return f"{name}_no_window"
    if code == "appeal_approved" and params["type"] == "refund":
        return f"{name}_refund"
    if code == "appeal_approved" and not params.get("infraction_id"):
        return f"{name}_metric"
    if code == "appeal_rejected" and not spell.plain(str(params.get("reason") or "")):
        return f"{name}_bare"
    if code == "appeal_warning" and params.get("late_confirmation") == "honour_if_filed_in_time":
        return f"{name}_honoured"
    return name


def _next(params: Mapping[str, Any]) -> str:
    """What a rejection leaves: another try while the window is open (Q23), of a refund up to the cap (W-13)."""
    if not params.get("again"):
        return "appeal_next_none"
    if params.get("attempts_limit"):
        return "appeal_next_try"
    return "appeal_next_until" if params.get("last_day") else "appeal_next_any"


def _buttons(code: str, params: Mapping[str, Any], subject: str, phrase: Any) -> tuple[Button, ...]:
    if code == "appeal_warning":
        return (Button(phrase("button_appeal_status"), _payload("appeal_status", appeal_id=params["appeal_id"])),)
    if code == "appeal_lapsed":
        return (Button(phrase("button_support"), "/contact_support"),)
    if code != "appeal_rejected":
        return ()
    carried = {"appeal_type": params["type"], f"{params['subject_kind']}_id": subject}
    if params.get("again"):
        return (Button(phrase("button_appeal_again"), _payload("submit_appeal", **carried)),)
    title = phrase("button_penalty_why", id=subject)
    return (Button(title, _payload("check_appeal_eligibility", **carried)),)


def _payload(intent: str, **carried: Any) -> str:
    return f"/{intent}{json.dumps(carried)}"
