"""Flow decline_request: refusing the other side's cancellation or extension (M-15, M-17, M-37)."""

from __future__ import annotations

from actions.backend import Confirmation, DisputeSnapshot, OrderSnapshot, Proposal
from actions.handlers.accept_request import answered_with_text
from actions.handlers.base import FlowAction
from actions.handlers.case import Case
from actions.handlers.dispute_flow import DisputeFlow
from actions.handlers.order_flow import common_params
from actions.handlers.orders import offer_steps
from actions.handlers.own_words import reason_in
from actions.handlers.turn import Turn
from actions.policy import Decline, DisputeKind


class DeclineRequest(DisputeFlow):
    """The order stays as it was; a word to the other side is optional and goes along with the answer."""

    name = "decline_request"
    optional_text = True

    def command(self, case: Case, order: OrderSnapshot, turn: Turn) -> Decline:
        return Decline(case.dispute_id or "", text=case.text or "")

    def take(self, turn: Turn, case: Case) -> None:
        if said := reason_in(turn.text):
            case.text = said

    def concerns(self, turn: Turn, dispute: DisputeSnapshot) -> bool:
        return dispute.filed_by is not turn.me.role and dispute.kind is not DisputeKind.UPDATE

    async def redirect(self, turn: Turn, case: Case, order: OrderSnapshot) -> str | None:
        """An update request is not declined but answered (M-10)."""
        return answered_with_text(turn, order)

    async def present(self, turn: Turn, order: OrderSnapshot, proposal: Proposal) -> None:
        command, dispute = proposal.command, order.open_dispute
        assert isinstance(command, Decline) and dispute is not None
        bare = "" if command.text else "_bare"
        turn.say(f"propose_decline_{dispute.kind}{bare}", **await common_params(turn, order, command.text))

    async def report(self, turn: Turn, order: OrderSnapshot, done: Confirmation) -> None:
        assert done.proposal is not None and isinstance(done.proposal.command, Decline)
        dispute = order.dispute(done.proposal.command.dispute_id)
        extension = dispute is not None and dispute.kind is DisputeKind.EXTENSION
        turn.say("ext_declined" if extension else "cancel_declined", **await common_params(turn, order, None))
        offer_steps(turn, order)


class ActionDeclineRequest(FlowAction):
    """Intent decline_request."""

    flow = "decline_request"
