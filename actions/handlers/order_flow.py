"""Flows that end in one command on one order: find it, ask for what is missing, propose."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from actions.backend import Confirmation, OrderSnapshot, Proposal
from actions.handlers import case as asking
from actions.handlers.case import Case
from actions.handlers.flow import Flow
from actions.handlers.orders import (
    ASKABLE,
    meant_by_title,
    my_orders,
    name_of,
    offer_orders,
    order_of,
    other_party,
)
from actions.handlers.refusal import refuse
from actions.handlers.turn import Turn
from actions.policy import Allowed, Command, Refused, Role, decide
from actions.wording.spell import quoted


class OrderFlow(Flow, ABC):
    """A flow that ends in one command on one order."""

    role: ClassVar[Role | None] = None  # whose flow it is; the other role is refused by the policy with a reason

    # -- what a flow says of itself ------------------------------------------------------------------------------

    @abstractmethod
    def command(self, case: Case, order: OrderSnapshot, turn: Turn) -> Command:
        """The command as far as it is known; also used to see which orders allow it."""

    @abstractmethod
    async def present(self, turn: Turn, order: OrderSnapshot, proposal: Proposal) -> None:
        """Say what a yes will do: the order, the effect, the deadline, and what silence does."""

    @abstractmethod
    async def report(self, turn: Turn, order: OrderSnapshot, done: Confirmation) -> None:
        """Say what was done."""

    async def ask(self, turn: Turn, case: Case, order: OrderSnapshot) -> bool:
        """Ask for one value that is still missing; whether something was asked."""
        return False

    async def redirect(self, turn: Turn, case: Case, order: OrderSnapshot) -> str | None:
        """The name of another flow that serves the wish better on this order."""
        return None

    # -- running it ----------------------------------------------------------------------------------------------

    async def run(self, turn: Turn, case: Case) -> None:
        turn.case, case.seen_seq = case, turn.seq
        order = await self.find(turn, case)
        if order is None:
            return
        case.order_id = turn.topic = order.id
        better = await self.redirect(turn, case, order)
        if better is not None:
            case.flow = better
            await Flow.known[better].run(turn, case)
            return
        verdict = decide(order.facts, self.command(case, order, turn), turn.actor, turn.now, turn.backend.limits)
        if not isinstance(verdict, Allowed) and not _only_askable(verdict):
            await self.refused(turn, case, order, verdict)
            return
        if await self.ask(turn, case, order):
            return
        await self.propose(turn, case, order)

    async def refused(self, turn: Turn, case: Case, order: OrderSnapshot, verdict: Any) -> None:
        """Explain and offer what is possible; a flow may know a better way out."""
        refuse(turn, order, verdict)

    async def propose(self, turn: Turn, case: Case, order: OrderSnapshot) -> None:
        """Store the proposal and show it. Nothing is written to the order before a yes."""
        proposal = await turn.backend.proposals.create(
            turn.conversation_id, turn.actor, order.id, self.command(case, order, turn)
        )
        if not isinstance(proposal, Proposal):
            refuse(turn, order, proposal)
            return
        case.asked, case.proposal_id = asking.CONFIRM, proposal.id
        await self.present(turn, order, proposal)
        turn.custom.update(kind="proposal", order_id=order.id)
        self._offer_yes(turn, case)

    def _offer_yes(self, turn: Turn, case: Case) -> None:
        """The two buttons under a proposal."""
        turn.offer(f"button_yes_{self.name}", "affirm", proposal_id=case.proposal_id)
        turn.offer("button_no", "deny", proposal_id=case.proposal_id)

    async def find(self, turn: Turn, case: Case) -> OrderSnapshot | None:
        """The order that is meant; asks or refuses (and returns ``None``) where it is not clear."""
        if case.order_id:
            order = await order_of(turn, case.order_id)
            if order is None:
                not_found(turn, case.order_id)
            return order
        orders = [order for order in await my_orders(turn) if order.id != case.not_order]
        if not orders:
            turn.case = None
            turn.say("no_orders")
            return None
        fitting = self.fitting(turn, case, orders)
        named = meant_by_title(turn.text, orders)
        if len(named) == 1:
            return named[0]
        if named and any(order in fitting for order in named):
            fitting = [order for order in named if order in fitting]
        if len(fitting) == 1:
            return fitting[0]
        if not fitting:
            return self.none_fitting(turn, orders)
        if turn.topic and (last := [order for order in fitting if order.id == turn.topic]):
            return last[0]
        case.asked = asking.ORDER
        turn.say(f"ask_order_{self.name}" if f"ask_order_{self.name}" in turn.wording else "ask_order")
        offer_orders(turn, fitting, "inform")
        return None

    def fitting(self, turn: Turn, case: Case, orders: Sequence[OrderSnapshot]) -> list[OrderSnapshot]:
        """The orders on which the command is allowed, or would be once something was answered."""
        verdicts = [
            (order, decide(order.facts, self.command(case, order, turn), turn.actor, turn.now, turn.backend.limits))
            for order in orders
        ]
        return [order for order, verdict in verdicts if isinstance(verdict, Allowed) or _only_askable(verdict)]

    def none_fitting(self, turn: Turn, orders: Sequence[OrderSnapshot]) -> OrderSnapshot | None:
        """With one order its refusal explains itself; with several the person picks one to hear why."""
        if len(orders) == 1:
            return orders[0]
        if turn.case is not None:
            turn.case.asked = asking.ORDER
        turn.say("none_fitting")
        offer_orders(turn, orders, "inform")
        return None

    async def confirm(self, turn: Turn, proposal_id: str) -> None:
        from actions.handlers.confirming import confirm  # which executes any order flow, hence builds on this module

        await confirm(turn, proposal_id)

    async def discard(self, turn: Turn, proposal_id: str) -> None:
        await turn.backend.proposals.discard(proposal_id, turn.conversation_id)

    def give(self, turn: Turn, case: Case) -> bool:
        order_id = turn.value("order_id")
        if not order_id or order_id == case.order_id:
            return False
        case.order_id, case.dispute_id, case.not_order = order_id, turn.value("dispute_id"), None
        return True

    async def again(self, turn: Turn, case: Case) -> None:
        turn.case = case
        if case.asked == asking.CONFIRM and case.order_id:
            order = await order_of(turn, case.order_id)
            if order is not None:
                turn.say("back_to_proposal", order=name_of(turn, order), what=turn.phrase(f"what_{self.name}"))
                self._offer_yes(turn, case)
                return
        await self.run(turn, case)


def order_flow(name: str) -> OrderFlow:
    """The order flow of this name."""
    flow = Flow.known[name]
    assert isinstance(flow, OrderFlow)
    return flow


def _only_askable(verdict: object) -> bool:
    return isinstance(verdict, Refused) and set(verdict.codes) <= ASKABLE


def not_found(turn: Turn, order_id: str) -> None:
    """An order that is not there or not theirs: the same sentence for both (M-04)."""
    turn.case = None
    turn.say("no_access", order_id=order_id, order=order_id)
    turn.custom.update(kind="refusal", reasons=[{"rule": "M-04", "code": "no_access"}])
    turn.offer("button_my_orders", "list_disputes")


async def common_params(turn: Turn, order: OrderSnapshot, text: str | None) -> dict[str, Any]:
    """What nearly every proposal and report names."""
    limits = turn.backend.limits
    due: datetime = turn.now + limits.answer_window
    other, at_start = await other_party(turn, order)
    return {
        "order": name_of(turn, order),
        "other": other,
        "Other": at_start,
        "said": quoted(text or "", turn.locale),
        "due": due,
        "window": limits.answer_window,
        "delivery": order.effective_delivery_at,
    }
