"""What is open for this person: own requests and those of the other side (M-08, M-20, M-36)."""

from __future__ import annotations

from typing import Any

from actions.handlers.base import IntentAction
from actions.handlers.orders import MAX_CHOICES, OpenCase, my_orders, offer_orders, open_case, say_item
from actions.handlers.turn import Turn
from actions.policy import DisputeKind


class ActionListDisputes(IntentAction):
    """Intent list_disputes: each open dispute in a line, with the button that settles it."""

    intent = "list_disputes"

    async def respond(self, turn: Turn) -> None:
        if turn.person is None:
            turn.say("sign_in")
            return
        orders = await my_orders(turn)
        opened = [found for order in orders if (found := open_case(order))]
        if not opened:
            turn.say("no_disputes_open" if orders else "no_orders")
            offer_orders(turn, orders, "inform")
            return
        turn.say("disputes_open_one" if len(opened) == 1 else "disputes_open", count=len(opened))
        said = len(turn.paragraphs)
        for item in opened:
            say_item(turn, item)
        turn.drawn = len(turn.paragraphs)
        for item in opened[:MAX_CHOICES]:
            offer_item(turn, item)
        before = "\n\n".join(turn.paragraphs[:said])
        turn.custom["rich"] = {"text": before, "cards": [card(turn, item) for item in opened]}


def card(turn: Turn, item: OpenCase) -> dict[str, Any]:
    """A dispute for clients that draw cards: which order, what is asked, whose turn it is, until when."""
    dispute, theirs = item.dispute, item.dispute.filed_by is not turn.me.role
    asked = [{"label": turn.phrase(f"kind_{dispute.kind}"), "at": dispute.opened_at.isoformat()}]
    if dispute.new_delivery_at is not None:
        asked.append({"label": turn.phrase("card_new_date"), "at": dispute.new_delivery_at.isoformat()})
    drawn: dict[str, Any] = {
        "kind": "dispute",
        "id": item.order.id,
        "title": item.order.title,
        "state": turn.phrase("card_your_turn" if theirs else "card_their_turn"),
        "tone": "warn" if theirs else "calm",
        "fields": asked,
    }
    if dispute.due_at is not None:
        drawn |= {"due_label": turn.phrase("card_due"), "due_at": dispute.due_at.isoformat()}
    return drawn


def offer_item(turn: Turn, item: OpenCase) -> None:
    """The step that this person can take on the dispute, with the order's number on the button."""
    carried = {"order_id": item.order.id, "dispute_id": item.dispute.id}
    params = {"order": item.order.id}
    if item.dispute.filed_by is turn.me.role:
        turn.offer("button_withdraw_on", "withdraw_dispute", params, **carried)
    elif item.dispute.kind is DisputeKind.UPDATE:
        turn.offer("button_answer_on", "provide_update", params, **carried)
    else:
        turn.offer("button_accept_on", "accept_request", params, **carried)
        turn.offer("button_decline_on", "decline_request", params, **carried)
