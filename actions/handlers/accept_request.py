"""Flow accept_request: agreeing to the other side's cancellation or extension (M-15, M-16, M-37)."""

from __future__ import annotations

from actions.backend import Confirmation, DisputeSnapshot, OrderSnapshot, Proposal
from actions.handlers.base import FlowAction
from actions.handlers.case import Case
from actions.handlers.dispute_flow import DisputeFlow
from actions.handlers.order_flow import common_params
from actions.handlers.orders import offer_steps
from actions.handlers.reasons import reason_title
from actions.handlers.turn import Turn
from actions.policy import Accept, DisputeKind
from actions.wording.spell import quoted


class AcceptRequest(DisputeFlow):
    """Accepting a cancellation ends the order and is always confirmed."""

    name = "accept_request"

    def command(self, case: Case, order: OrderSnapshot, turn: Turn) -> Accept:
        return Accept(case.dispute_id or "")

    def concerns(self, turn: Turn, dispute: DisputeSnapshot) -> bool:
        return dispute.filed_by is not turn.me.role and dispute.kind is not DisputeKind.UPDATE

    async def redirect(self, turn: Turn, case: Case, order: OrderSnapshot) -> str | None:
        """An update request is not accepted but answered (M-10)."""
        return answered_with_text(turn, order)

    async def present(self, turn: Turn, order: OrderSnapshot, proposal: Proposal) -> None:
        dispute = order.open_dispute
        assert dispute is not None
        params = await common_params(turn, order, None)
        said = quoted(dispute.text, turn.locale)
        if dispute.reason:
            said = turn.phrase("said_with_reason", reason=reason_title(turn, dispute.reason), said=said)
        params.update(said=said, new=dispute.new_delivery_at)
        params["force_after"] = turn.backend.limits.force_after
        turn.say(f"propose_accept_{dispute.kind}{'' if dispute.text else '_bare'}", **params)

    async def report(self, turn: Turn, order: OrderSnapshot, done: Confirmation) -> None:
        params = await common_params(turn, order, None)
        if order.closed:
            turn.say("cancelled", at=turn.now, **params)
            return
        turn.say("ext_accepted", new=order.agreed_delivery_at, **params)
        offer_steps(turn, order)


def answered_with_text(turn: Turn, order: OrderSnapshot) -> str | None:
    """The flow that answers an open update request of the other side, if that is what is open."""
    dispute = order.open_dispute
    if dispute is not None and dispute.kind is DisputeKind.UPDATE and dispute.filed_by is not turn.me.role:
        return "provide_update"
    return None


class ActionAcceptRequest(FlowAction):
    """Intent accept_request."""

    flow = "accept_request"
