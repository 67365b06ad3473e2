"""Notices: what the other party (or the acting one, elsewhere) is told, with the buttons that answer it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from actions.wording.appeal_notices import PREFIXES, appeal_notice
from actions.wording.spell import quoted
from actions.wording.texts import Button, Rendered, Term, Wording

# Which buttons a notice carries: intent and the title's text. They act on the dispute where there is one to answer,
# and on the order otherwise.
_ANSWERS: dict[str, tuple[tuple[str, str], ...]] = {
    "update_request": (("provide_update", "button_answer"),),
    "cancel_request": (("accept_request", "button_accept_cancellation"), ("decline_request", "button_decline")),
    "extension_request": (("accept_request", "button_accept_extension"), ("decline_request", "button_decline")),
}
_NEXT: dict[str, tuple[tuple[str, str], ...]] = {
    "update_answered": (),
    "update_expired": (("request_order_update", "button_ask_again"), ("request_cancellation", "button_cancel_order")),
    "cancel_declined": (("request_order_update", "button_ask_update"),),
    "cancel_expired": (("request_cancellation", "button_request_again"),),
    "extension_declined": (("request_extension", "button_other_date"),),
    "extension_expired": (("request_extension", "button_request_again"),),
}
_INSTANTS = ("due_at", "opened_at", "new_delivery_at", "expected", "possible_from", "delivery_at", "at")
_ROLE_ONLY = {  # steps that only one side may take
    "request_order_update": "customer",
    "request_extension": "seller",
}


def named_order(order_id: str, title: str | None, locale: str) -> str:
    """An order as people recognise it: number and title."""
    return f"{order_id} ({title})" if title else order_id


def notice(
    wording: Wording,
    code: str,
    params: Mapping[str, Any],
    *,
    role: str,
    locale: str,
    zone: str | ZoneInfo,
    now: datetime | None = None,
) -> Rendered:
    """The notice ``code`` for a recipient in ``role``.

    ``params`` is the outbox row's JSON: instants are ISO 8601 strings. A text may have two forms, ``notice_<code>`` and
    ``notice_<code>_bare`` for when the other side wrote nothing. Raises ``MissingText``.
    """
    if code.startswith(PREFIXES):
        return appeal_notice(wording, code, params, locale=locale, zone=zone, now=now)
    values: dict[str, Any] = dict(params)
    for name in _INSTANTS:
        if isinstance(values.get(name), str):
            values[name] = datetime.fromisoformat(values[name])
    other = "seller" if role == "customer" else "customer"
    values["order"] = named_order(str(values.get("order_id", "")), values.get("title"), locale)
    values["other"] = Term(f"role_{other}")
    values["Other"] = Term(f"role_{other}_start")
    values["name"] = values.get("by_name") or Term(f"role_{other}_start")
    said = quoted(str(values.get("answer") or values.get("text") or ""), locale)
    values["said"] = said
    for name, prefix in (("kind", "kind"), ("state", "state"), ("reason", "reason")):
        if values.get(name):
            values[name] = _term(wording, prefix, str(values[name]))
    variant = _variant(wording, code, said, values)
    return Rendered(
        wording.text(variant, locale, zone, values, now=now), _buttons(wording, code, params, role, locale, zone)
    )


def _term(wording: Wording, prefix: str, value: str) -> Term | str:
    return Term(f"{prefix}_{value}") if f"{prefix}_{value}" in wording else value.replace("_", " ")


def _variant(wording: Wording, code: str, said: str, values: Mapping[str, Any]) -> str:
    name = f"notice_{code}"
    if values.get("reason") and f"{name}_reason" in wording:
        return f"{name}_reason"
    if not values.get("due_at") and f"{name}_open_end" in wording:
        return f"{name}_open_end" if said or f"{name}_open_end_bare" not in wording else f"{name}_open_end_bare"
    if not said and f"{name}_bare" in wording:
        return f"{name}_bare"
    return name


def _buttons(
    wording: Wording, code: str, params: Mapping[str, Any], role: str, locale: str, zone: str | ZoneInfo
) -> tuple[Button, ...]:
    subject = {"order_id": params.get("order_id")}
    if code in _ANSWERS and params.get("dispute_id"):
        subject["dispute_id"] = params["dispute_id"]
    steps = _ANSWERS.get(code) or _NEXT.get(code) or ()
    if params.get("state") in ("cancelled", "completed"):  # ended in the same step: there is nothing left to do (M-02)
        steps = ()
    return tuple(
        Button(wording.text(title, locale, zone), f"/{intent}{json.dumps(subject)}")
        for intent, title in steps
        if _ROLE_ONLY.get(intent, role) == role
    )
