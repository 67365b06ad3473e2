"""Bare values, and words that are no wish: an order, a penalty, the answer to a request for an update."""

from __future__ import annotations

from actions.handlers.base import IntentAction
from actions.handlers.case import Case
from actions.handlers.flow import Flow
from actions.handlers.menu import offer_menu
from actions.handlers.notices import seen_notices
from actions.handlers.order_flow import not_found
from actions.handlers.orders import (
    name_of,
    offer_steps,
    open_case,
    order_of,
    say_item,
)
from actions.handlers.own_words import tidy
from actions.handlers.refusal import explain
from actions.handlers.request_order_update import say_state
from actions.handlers.router import begin
from actions.handlers.turn import Turn
from actions.policy import DisputeKind, Reason, Role

_WORDS_OF_AN_UPDATE = 3


class ActionInform(IntentAction):
    """Intent inform without an open question: an order number shows the order and what can be done."""

    intent = "inform"

    async def respond(self, turn: Turn) -> None:
        order_id = turn.value("order_id")
        if await about_a_penalty(turn):
            return
        if turn.person is not None and order_id:
            await show_order(turn, order_id)
            return
        if await answers_update_request(turn):
            return
        turn.say("inform_what")
        await offer_menu(turn)


async def answers_update_request(turn: Turn) -> bool:
    """Words that are no wish of their own, while one seen request for an update waits: they are the answer to it.

    Nothing is sent by this, the answer is proposed first.
    """
    if turn.person is None or turn.case is not None or len(turn.text.split()) < _WORDS_OF_AN_UPDATE:
        return False
    waiting = [notice for notice in await seen_notices(turn) if notice.kind is DisputeKind.UPDATE]
    if len(waiting) != 1 or turn.text.endswith("?"):
        return False
    turn.case = Case(
        flow="provide_update", order_id=waiting[0].order_id, dispute_id=waiting[0].dispute_id, text=tidy(turn.text)
    )
    await Flow.known["provide_update"].run(turn, turn.case)
    return True


async def about_a_penalty(turn: Turn) -> bool:
    """A merchant who only names an infraction, or an order with a penalty, hears whether it can be appealed."""
    if turn.person is None or turn.case is not None:
        return False
    if not (turn.value("infraction_id") or turn.appeal_types):
        if turn.me.role is not Role.SELLER:
            return False
        order_id = turn.value("order_id")
        if not order_id or not await turn.backend.appeals.candidates(turn.actor, order_id=order_id):
            return False
        order = await order_of(turn, order_id)
        if order is not None and not order.closed:
            return False
    await begin(turn, "check_appeal_eligibility")
    return True


async def show_order(turn: Turn, order_id: str) -> None:
    """An order, what is open on it, and every step that is possible now."""
    order = await order_of(turn, order_id)
    if order is None:
        not_found(turn, order_id)
        return
    turn.case, turn.topic = None, order.id
    if order.closed:
        explain(turn, Reason("M-02", "rc_closed", {"order_id": order.id, "state": order.state}), order)
    else:
        say_state(turn, order)
    if (found := open_case(order)) is not None:
        say_item(turn, found)
    if offer_steps(turn, order):
        turn.say("what_now", order=name_of(turn, order))
