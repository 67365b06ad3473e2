"""Flow request_cancellation: asking the other side to cancel (M-14 to M-18, M-23, M-33 to M-35)."""

from __future__ import annotations

import re

from actions.backend import Confirmation, OrderSnapshot, Proposal
from actions.handlers import case as asking
from actions.handlers.base import FlowAction
from actions.handlers.case import Case
from actions.handlers.order_flow import OrderFlow, common_params
from actions.handlers.own_words import reason_in
from actions.handlers.reasons import reason_title
from actions.handlers.turn import Turn
from actions.policy import Allowed, CloseDispute, DisputeKind, ForceCancel, RequestCancellation, Role, decide
from actions.wording import Term

# „stornieren, aber frag ihn erst": consent is wanted although it is not needed.
_ASK_FIRST = re.compile(
    r"\b(?:frag\w* (?:ihn|sie|den|die|erst|vorher|lieber)|(?:lieber|erst|vorher) (?:nach)?fragen"
    r"|(?:um|mit) zustimmung"
    r"|ask (?:him|her|them|the seller|first)|with (?:his|her|their) consent)\b",
    re.IGNORECASE,
)


class RequestCancellationFlow(OrderFlow):
    """Customer: comment optional. Seller: reason and explanation, both needed (M-33)."""

    name = "request_cancellation"
    optional_text = True

    def command(self, case: Case, order: OrderSnapshot, turn: Turn) -> RequestCancellation:
        return RequestCancellation(
            reason=case.reason, text=case.text or "", withdraw_dispute_id=_own_open(order, turn.me.role)
        )

    def take(self, turn: Turn, case: Case) -> None:
        if said := reason_in(turn.text):
            case.text = said
        case.prefer_request = case.prefer_request or bool(_ASK_FIRST.search(turn.text))

    def give(self, turn: Turn, case: Case) -> bool:
        other_order = OrderFlow.give(self, turn, case)
        if not turn.value("reason"):
            return other_order
        case.reason = turn.value("reason")
        return True

    async def redirect(self, turn: Turn, case: Case, order: OrderSnapshot) -> str | None:
        """Cancelling without consent, or accepting the seller's own request, settles it at once (M-26, Q6b)."""
        if turn.me.role is Role.CUSTOMER and not case.prefer_request:
            forced = decide(order.facts, ForceCancel(), turn.actor, turn.now, turn.backend.limits)
            if isinstance(forced, Allowed):
                return "force_cancellation"
        dispute = order.open_dispute
        if dispute is not None and dispute.kind == "cancellation" and dispute.filed_by is not turn.me.role:
            case.dispute_id = dispute.id
            return "accept_request"
        return None

    async def ask(self, turn: Turn, case: Case, order: OrderSnapshot) -> bool:
        if turn.me.role is Role.CUSTOMER:
            return False
        if not case.reason:
            case.asked = asking.REASON
            turn.say("reason_needed", **await common_params(turn, order, None))
            for reason in turn.backend.limits.seller_reasons:
                turn.offer_titled(reason_title(turn, reason), "inform", reason=reason)
            return True
        if not case.text:
            case.asked = asking.TEXT
            turn.say("ask_text_request_cancellation", **await common_params(turn, order, None))
            return True
        return False

    async def present(self, turn: Turn, order: OrderSnapshot, proposal: Proposal) -> None:
        command = proposal.command
        assert isinstance(command, RequestCancellation)
        params = await common_params(turn, order, command.text)
        params["silence"] = Term(f"silence_{turn.backend.limits.cancel_silence}")
        if any(isinstance(effect, CloseDispute) for effect in proposal.effects) and order.open_dispute:
            turn.say("withdraw_first_too", kind=Term(f"kind_{order.open_dispute.kind}"), **params)
        if turn.me.role is Role.SELLER:
            params["reason"] = reason_title(turn, command.reason or "other")
            turn.say("propose_request_cancellation_seller", **params)
        else:
            said = command.text
            turn.say("propose_request_cancellation" if said else "propose_request_cancellation_bare", **params)

    async def report(self, turn: Turn, order: OrderSnapshot, done: Confirmation) -> None:
        params = await common_params(turn, order, None)
        if order.open_dispute is not None and order.open_dispute.due_at is not None:
            params["due"] = order.open_dispute.due_at
        turn.say("cancel_sent" if turn.me.role is Role.CUSTOMER else "cancel_sent_seller", **params)


def _own_open(order: OrderSnapshot, role: Role) -> str | None:
    """An own open dispute is withdrawn in the same confirmed step (M-23); an own cancellation request just stays."""
    dispute = order.open_dispute
    if dispute is None or dispute.filed_by is not role or dispute.kind is DisputeKind.CANCELLATION:
        return None
    return dispute.id


class ActionRequestCancellation(FlowAction):
    """Intent request_cancellation."""

    flow = "request_cancellation"
