"""Flow provide_update: the seller answers a request for an update (M-10, M-11)."""

from __future__ import annotations

from actions.backend import Confirmation, DisputeSnapshot, OrderSnapshot, Proposal
from actions.handlers import case as asking
from actions.handlers.base import FlowAction
from actions.handlers.case import Case
from actions.handlers.dispute_flow import DisputeFlow
from actions.handlers.order_flow import common_params
from actions.handlers.orders import offer_steps
from actions.handlers.own_words import answer_in
from actions.handlers.turn import Turn
from actions.policy import AnswerUpdate, DisputeKind, Role
from actions.wording.spell import quoted


class ProvideUpdate(DisputeFlow):
    """The seller's words go to the customer after a yes; the order stays as it is."""

    name = "provide_update"
    optional_text = True
    role = Role.SELLER

    def command(self, case: Case, order: OrderSnapshot, turn: Turn) -> AnswerUpdate:
        return AnswerUpdate(case.dispute_id or "", text=case.text or "")

    def take(self, turn: Turn, case: Case) -> None:
        if said := answer_in(turn.text):
            case.text = said

    def concerns(self, turn: Turn, dispute: DisputeSnapshot) -> bool:
        return dispute.kind is DisputeKind.UPDATE and dispute.filed_by is not turn.me.role

    async def ask(self, turn: Turn, case: Case, order: OrderSnapshot) -> bool:
        if case.text:
            return False
        case.asked = asking.TEXT
        dispute = order.open_dispute
        params = await common_params(turn, order, None)
        if dispute is not None:
            params.update(said=quoted(dispute.text, turn.locale), due=dispute.due_at)
        turn.say("ask_text_provide_update", **params)
        return True

    async def present(self, turn: Turn, order: OrderSnapshot, proposal: Proposal) -> None:
        assert isinstance(proposal.command, AnswerUpdate)
        turn.say("propose_provide_update", **await common_params(turn, order, proposal.command.text))

    async def report(self, turn: Turn, order: OrderSnapshot, done: Confirmation) -> None:
        turn.say("update_sent", **await common_params(turn, order, None))
        offer_steps(turn, order)


class ActionProvideUpdate(FlowAction):
    """Intent provide_update."""

    flow = "provide_update"
