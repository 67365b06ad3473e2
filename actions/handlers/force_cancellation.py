"""Flow force_cancellation: cancelling without the seller's consent, 24 hours after the due date (M-26 to M-29)."""

from __future__ import annotations

from collections.abc import Sequence

from actions.backend import Confirmation, OrderSnapshot, Proposal
from actions.handlers.base import FlowAction
from actions.handlers.case import Case
from actions.handlers.guidance import possible_from
from actions.handlers.order_flow import OrderFlow, common_params
from actions.handlers.turn import Turn
from actions.policy import Allowed, CloseDispute, ForceCancel, RequestCancellation, Role, decide
from actions.wording import Term


class ForceCancellation(OrderFlow):
    """At once, after one yes; an own dispute or the seller's extension request ends in the same step (Q8)."""

    name = "force_cancellation"
    role = Role.CUSTOMER

    def command(self, case: Case, order: OrderSnapshot, turn: Turn) -> ForceCancel:
        return ForceCancel()

    async def redirect(self, turn: Turn, case: Case, order: OrderSnapshot) -> str | None:
        """Where the seller has asked to cancel, accepting that is the cancellation (Q6b)."""
        dispute = order.open_dispute
        if dispute is not None and dispute.kind == "cancellation" and dispute.filed_by is not turn.me.role:
            case.dispute_id = dispute.id
            return "accept_request"
        return None

    def none_fitting(self, turn: Turn, orders: Sequence[OrderSnapshot]) -> OrderSnapshot | None:
        """The order on which it becomes possible first explains best why not yet."""
        if turn.me.role is not Role.CUSTOMER:
            return orders[0]
        soonest = [(when, order) for order in orders if (when := possible_from(turn, order)) is not None]
        return min(soonest, key=lambda pair: pair[0])[1] if soonest else OrderFlow.none_fitting(self, turn, orders)

    async def present(self, turn: Turn, order: OrderSnapshot, proposal: Proposal) -> None:
        params = await common_params(turn, order, None)
        delivery = order.effective_delivery_at
        params["since"] = delivery + turn.backend.limits.force_after if delivery else turn.now
        if any(isinstance(effect, CloseDispute) for effect in proposal.effects) and order.open_dispute:
            mine = order.open_dispute.filed_by is turn.me.role
            turn.say(
                "force_ends_own" if mine else "force_declines_extension",
                kind=Term(f"kind_{order.open_dispute.kind}"),
                **params,
            )
        turn.say("propose_force_cancellation", **params)
        instead = decide(order.facts, RequestCancellation(), turn.actor, turn.now, turn.backend.limits)
        if isinstance(instead, Allowed):
            turn.custom["alternative"] = "request_cancellation"

    async def propose(self, turn: Turn, case: Case, order: OrderSnapshot) -> None:
        await OrderFlow.propose(self, turn, case, order)
        if turn.custom.pop("alternative", None):
            turn.offer("button_rather_ask", "request_cancellation", order_id=order.id, prefer_request=True)

    async def report(self, turn: Turn, order: OrderSnapshot, done: Confirmation) -> None:
        params = await common_params(turn, order, None)
        delivery = order.effective_delivery_at
        params["since"] = delivery + turn.backend.limits.force_after if delivery else turn.now
        turn.say("force_ok", **params)


class ActionForceCancellation(FlowAction):
    """Intent force_cancellation."""

    flow = "force_cancellation"
