"""Flow request_extension: the seller asks for a later delivery date (M-36 to M-38)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from actions.backend import Confirmation, OrderSnapshot, Proposal
from actions.handlers import case as asking
from actions.handlers.base import FlowAction
from actions.handlers.case import Case
from actions.handlers.dates import resolve
from actions.handlers.order_flow import OrderFlow, common_params
from actions.handlers.orders import due_phrase
from actions.handlers.own_words import reason_in
from actions.handlers.refusal import explain
from actions.handlers.turn import Turn
from actions.policy import Refused, RequestExtension, Role

# What the picker shows: how far it goes and which day it begins with. Any later day can be typed.
_PICK_WITHIN = timedelta(days=180)
_PICK_FIRST = timedelta(days=2)
_ABOUT_THE_DATE = frozenset({"date_not_later", "date_past"})


class RequestExtensionFlow(OrderFlow):
    """Takes effect only when the customer accepts; said before it is sent."""

    name = "request_extension"
    optional_text = True
    role = Role.SELLER

    def command(self, case: Case, order: OrderSnapshot, turn: Turn) -> RequestExtension:
        return RequestExtension(new_delivery_at=_resolved(turn, case, order), text=case.text or "")

    def take(self, turn: Turn, case: Case) -> None:
        if value := turn.value("date"):
            case.date = value
        if said := reason_in(turn.text):
            case.text = said

    def give(self, turn: Turn, case: Case) -> bool:
        other_order = OrderFlow.give(self, turn, case)
        if not turn.value("date"):
            return other_order
        case.date = turn.value("date")
        return True

    def fitting(self, turn: Turn, case: Case, orders: Sequence[OrderSnapshot]) -> list[OrderSnapshot]:
        """Whether the date is late enough is not what makes an order fit."""
        without_date = Case(flow=self.name)
        return OrderFlow.fitting(self, turn, without_date, orders)

    async def ask(self, turn: Turn, case: Case, order: OrderSnapshot) -> bool:
        if case.date and _resolved(turn, case, order) is not None:
            return False
        await self._ask_date(turn, case, order)
        return True

    async def _ask_date(self, turn: Turn, case: Case, order: OrderSnapshot) -> None:
        case.asked, case.date = asking.DATE, None
        params = await common_params(turn, order, None)
        turn.say("ask_date" if order.effective_delivery_at else "ask_date_undated", **params)
        _offer_days(turn, order)

    async def refused(self, turn: Turn, case: Case, order: OrderSnapshot, verdict: object) -> None:
        """A date that is too early is asked for again; anything else is a refusal."""
        if isinstance(verdict, Refused) and set(verdict.codes) <= _ABOUT_THE_DATE:
            turn.note_refusal(self.name, verdict, order.id)
            explain(turn, verdict.reasons[0], order)
            turn.custom["reasons"] = [{"rule": reason.rule, "code": reason.code} for reason in verdict.reasons]
            case.asked, case.date = asking.DATE, None
            _offer_days(turn, order)
            return
        await OrderFlow.refused(self, turn, case, order, verdict)

    async def present(self, turn: Turn, order: OrderSnapshot, proposal: Proposal) -> None:
        command = proposal.command
        assert isinstance(command, RequestExtension)
        params = await common_params(turn, order, command.text)
        params["new"] = command.new_delivery_at
        params["delivery"] = order.effective_delivery_at or turn.phrase("no_date_yet")
        window = turn.backend.limits.extension_answer_window
        params["silence"] = turn.phrase("silence_extension_limited" if window else "silence_extension", window=window)
        name = "propose_request_extension" if command.text else "propose_request_extension_bare"
        turn.say(name, **params)

    async def report(self, turn: Turn, order: OrderSnapshot, done: Confirmation) -> None:
        params = await common_params(turn, order, None)
        dispute = order.open_dispute
        params["new"] = dispute.new_delivery_at if dispute else None
        params["until"] = due_phrase(turn, dispute) if dispute else ""
        turn.say("extension_sent", **params)


def _offer_days(turn: Turn, order: OrderSnapshot) -> None:
    """A date picker where there is one: from the day after the promised one, which is the first that can be later."""
    promised = order.effective_delivery_at
    latest = max(turn.now, promised) if promised else turn.now
    first = latest.astimezone(turn.zone).date() + timedelta(days=1)
    turn.custom["pick"] = {
        "kind": "date",
        "min": first.isoformat(),
        "max": (first + _PICK_WITHIN).isoformat(),
        "suggest": (first + _PICK_FIRST).isoformat(),
    }


def _resolved(turn: Turn, case: Case, order: OrderSnapshot) -> datetime | None:
    if not case.date:
        return None
    return resolve(case.date, now=turn.now, zone=turn.zone, current=order.effective_delivery_at)


class ActionRequestExtension(FlowAction):
    """Intent request_extension."""

    flow = "request_extension"
