"""What a person most likely wants next, as buttons."""

from __future__ import annotations

from actions.handlers.orders import (
    my_orders,
    open_case,
)
from actions.handlers.turn import Turn
from actions.policy import Role


async def offer_menu(turn: Turn) -> None:
    """What this person most likely wants next: what waits for them first."""
    if turn.person is None:
        return
    waiting = [found for order in await my_orders(turn) if (found := open_case(order))]
    theirs = [item for item in waiting if item.dispute.filed_by is not turn.me.role]
    if theirs:
        turn.offer("button_open_requests", "list_disputes")
    if turn.me.role is Role.CUSTOMER:
        turn.offer("button_ask_update", "request_order_update")
    else:
        turn.offer("button_extend", "request_extension")
        turn.offer("button_my_penalties", "list_infractions")
    turn.offer("button_request_cancellation", "request_cancellation")
    if not theirs:
        turn.offer("button_my_orders", "list_disputes")
