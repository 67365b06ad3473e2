"""What the flows on an open dispute share: which dispute is meant, and what to say when there is none."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Sequence

from actions.backend import DisputeSnapshot, OrderSnapshot
from actions.handlers import case as asking
from actions.handlers.case import Case
from actions.handlers.order_flow import OrderFlow, not_found
from actions.handlers.orders import OpenCase, meant_by_title, my_orders, name_of, offer_steps, open_case, order_of
from actions.handlers.turn import Turn
from actions.policy import DisputeKind

_KIND_WORDS = {
    DisputeKind.CANCELLATION: re.compile(r"storn|cancel|abbr[ue]ch|abbrech|annull", re.IGNORECASE),
    DisputeKind.EXTENSION: re.compile(
        r"verl[aä]e?nger|termin|frist|aufschub|sp[aä]e?ter|datum|exten|deadline|more time|later|date|\btage?\b",
        re.IGNORECASE,
    ),
    DisputeKind.UPDATE: re.compile(r"update|nachfrag|stand|status|progress", re.IGNORECASE),
}


class DisputeFlow(OrderFlow):
    """A flow whose subject is an open dispute; ``case.dispute_id`` names it once it is clear."""

    @abstractmethod
    def concerns(self, turn: Turn, dispute: DisputeSnapshot) -> bool:
        """Whether this flow can do something with the dispute, as far as its kind and filer go."""

    async def find(self, turn: Turn, case: Case) -> OrderSnapshot | None:
        """The order of the dispute that is meant; ``case.dispute_id`` is set with it."""
        if case.order_id:
            order = await order_of(turn, case.order_id)
            if order is None:
                not_found(turn, case.order_id)
                return None
            return self._on_order(turn, case, order)
        opened = [found for order in await my_orders(turn) if (found := open_case(order))]
        return self._choose(turn, case, opened)

    def _on_order(self, turn: Turn, case: Case, order: OrderSnapshot) -> OrderSnapshot | None:
        if case.dispute_id is None:
            if order.open_dispute is None:
                self.nothing_open(turn, order)
                return None
            case.dispute_id = order.open_dispute.id
        return order

    def _choose(self, turn: Turn, case: Case, opened: Sequence[OpenCase]) -> OrderSnapshot | None:
        if case.dispute_id:
            named = [item for item in opened if item.dispute.id == case.dispute_id]
            if named:
                return named[0].order
        fitting = [item for item in opened if self.concerns(turn, item.dispute)]
        if narrowed := [item for item in fitting if _kind_named(turn.text, item.dispute.kind)]:
            fitting = narrowed
        by_title = meant_by_title(turn.text, [item.order for item in fitting])
        if len(by_title) == 1:
            fitting = [item for item in fitting if item.order.id == by_title[0].id]
        if len(fitting) == 1 or (not fitting and len(opened) == 1):
            chosen = (fitting or opened)[0]
            case.dispute_id = chosen.dispute.id
            return chosen.order
        if not fitting:
            self.nothing_open(turn, None)
            return None
        case.asked = asking.DISPUTE
        turn.say("ask_which_dispute")
        offer_disputes(turn, fitting, "inform")
        return None

    def nothing_open(self, turn: Turn, order: OrderSnapshot | None) -> None:
        """There is nothing to act on; the fact, and what can be done."""
        turn.case = None
        if order is None:
            turn.say(f"nothing_open_{self.name}" if f"nothing_open_{self.name}" in turn.wording else "nothing_open")
            turn.offer("button_my_orders", "list_disputes")
            return
        turn.topic = order.id
        turn.say("nothing_open_on_order", order=name_of(turn, order))
        offer_steps(turn, order)

    def dispute(self, case: Case, order: OrderSnapshot) -> DisputeSnapshot | None:
        """The dispute that the case is about, whatever became of it."""
        return order.dispute(case.dispute_id) if case.dispute_id else None


def _kind_named(text: str, kind: DisputeKind) -> bool:
    return bool(_KIND_WORDS[kind].search(text))


def offer_disputes(turn: Turn, opened: Sequence[OpenCase], intent: str) -> None:
    """One button a dispute: what it is and on which order."""
    if turn.case is not None:
        turn.case.choices = [item.order.id for item in opened]
    for item in opened:
        title = turn.phrase(f"choice_dispute_{item.dispute.kind}", order=name_of(turn, item.order))
        turn.offer_titled(title, intent, order_id=item.order.id, dispute_id=item.dispute.id)
