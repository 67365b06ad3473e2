"""Flow request_order_update: how an order stands, and asking the seller for news (M-09 to M-13)."""

from __future__ import annotations

from actions.backend import Confirmation, OrderSnapshot, Proposal
from actions.handlers.base import FlowAction
from actions.handlers.case import Case
from actions.handlers.order_flow import OrderFlow, common_params
from actions.handlers.orders import name_of, offer_steps, open_case, say_item
from actions.handlers.own_words import message_in, tidy
from actions.handlers.turn import Turn
from actions.policy import OrderState, RequestUpdate, Role


class RequestOrderUpdate(OrderFlow):
    """The state of the order first, then the question to the seller, after a yes."""

    name = "request_order_update"
    optional_text = True
    questions_are_text = True
    role = Role.CUSTOMER

    def command(self, case: Case, order: OrderSnapshot, turn: Turn) -> RequestUpdate:
        return RequestUpdate(text=case.text or turn.phrase("default_update_question"))

    def take(self, turn: Turn, case: Case) -> None:
        if said := message_in(turn.text):
            case.text = said

    def reword(self, turn: Turn, case: Case) -> None:
        """A question asked after ours is the one to send."""
        self.take(turn, case)
        if turn.text.endswith("?") and not message_in(turn.text):
            case.text = tidy(turn.text)

    async def run(self, turn: Turn, case: Case) -> None:
        """A seller only wants to know how the order stands: there is nothing to ask the customer for (M-07)."""
        if turn.me.role is Role.SELLER:
            await self._seller_status(turn, case)
        else:
            await OrderFlow.run(self, turn, case)

    async def _seller_status(self, turn: Turn, case: Case) -> None:
        order = await self.find(turn, case)
        if order is not None:
            turn.case, turn.topic = None, order.id
            say_state(turn, order)
            if (opened := open_case(order)) is not None:
                say_item(turn, opened)
            offer_steps(turn, order)

    async def refused(self, turn: Turn, case: Case, order: OrderSnapshot, verdict: object) -> None:
        """The question how it stands is answered even where the seller cannot be asked."""
        say_state(turn, order)
        await OrderFlow.refused(self, turn, case, order, verdict)

    async def present(self, turn: Turn, order: OrderSnapshot, proposal: Proposal) -> None:
        say_state(turn, order)
        said = proposal.command.text if isinstance(proposal.command, RequestUpdate) else ""
        turn.say("propose_request_order_update", **await common_params(turn, order, said))

    async def report(self, turn: Turn, order: OrderSnapshot, done: Confirmation) -> None:
        params = await common_params(turn, order, None)
        opened = order.open_dispute
        if opened is not None and opened.due_at is not None:
            params["due"] = opened.due_at
        turn.say("update_opened", **params)


def say_state(turn: Turn, order: OrderSnapshot) -> None:
    """One sentence: delivered, late, due, or without a date."""
    due = order.effective_delivery_at
    params = {"order": name_of(turn, order), "due": due, "delivered": order.delivered_at or turn.now}
    if order.state in (OrderState.COMPLETED, OrderState.CANCELLED):
        return  # the refusal says so
    if order.state is OrderState.DELIVERED:  # back in revision it is active, whenever it was delivered before
        turn.say("state_order_delivered" if order.delivered_at else "state_order_delivered_undated", **params)
    elif due is None:
        turn.say("state_order_undated", **params)
    elif turn.now > due:
        turn.say("state_order_late", late=turn.now - due, **params)
    else:
        turn.say("state_order_extended" if order.agreed_delivery_at else "state_order_due", **params)


class ActionRequestOrderUpdate(FlowAction):
    """Intent request_order_update."""

    flow = "request_order_update"
