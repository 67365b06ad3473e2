"""Verdicts of the policy as the contract has them."""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus
from typing import Any, Literal

from actions.policy import Allowed, Effect, Refused, Undetermined, Verdict
from bot.gateway import encoding
from bot.gateway.permission import OperatorCall
from bot.gateway.problems import Problem
from bot.gateway.schemas.problems import ReasonOut


def verdict_name(verdict: Verdict) -> Literal["allowed", "refused", "undetermined"]:
    """The verdict in one word."""
    if isinstance(verdict, Allowed):
        return "allowed"
    return "refused" if isinstance(verdict, Refused) else "undetermined"


def no_access(verdict: Verdict) -> bool:
    """Whether it is refused because it is not this person's: nobody may learn that it exists (M-04, W-05)."""
    return isinstance(verdict, Refused) and verdict.reasons[0].code == "no_access"


def refusal(verdict: Refused | Undetermined, code: str | None = None) -> Problem:
    """409 with every failing rule, under the first one's code unless ``code`` is given; or what is not known."""
    if isinstance(verdict, Undetermined):
        detail = f"facts are missing: {', '.join(verdict.missing)}"
        return Problem(HTTPStatus.CONFLICT, "undetermined", detail, missing=verdict.missing)
    detail = "refused by " + ", ".join(reason.rule for reason in verdict.reasons)
    return Problem(HTTPStatus.CONFLICT, code or verdict.reasons[0].code, detail, reasons=reasons_out(verdict))


def refused(
    call: OperatorCall, command: str, subject: str | None, verdict: Refused | Undetermined, code: str | None = None
) -> Problem:
    """As ``refusal``, counted and kept for whoever runs this."""
    call.services.backend.refusals.note(command, verdict, origin="api", subject=subject)
    return refusal(verdict, code)


def reasons_out(verdict: Refused) -> tuple[ReasonOut, ...]:
    """The failing rules as in the contract, instants in UTC."""
    return tuple(ReasonOut(reason.rule, reason.code, encoding.plain(reason.params)) for reason in verdict.reasons)


def effect_json(effect: Effect) -> dict[str, Any]:
    """An effect with its kind, such as open_dispute, cancel_order, file_appeal or reverse_infraction."""
    name = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in type(effect).__name__)
    return {"effect": name.removeprefix("_"), **encoding.plain(asdict(effect))}
