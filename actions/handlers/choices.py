"""Reading an answer to a choice, a date, a number or a proof that was asked for."""

from __future__ import annotations

import re

from actions.handlers.case import Case
from actions.handlers.flow import Flow
from actions.handlers.orders import meant_by_position, meant_by_title, my_orders
from actions.handlers.reading import SHORT, drop, elsewhere, rerun
from actions.handlers.turn import UNSURE, Turn

_LINK = re.compile(r"https?://\S+", re.IGNORECASE)
_NUMBER = re.compile(r"\b(?=\w*\d)[A-Za-z0-9]{8,40}\b")


async def date(turn: Turn, case: Case) -> bool:
    if turn.intent == "deny":
        return await drop(turn, case)
    if turn.value("date"):
        Flow.known[case.flow].take(turn, case)
        return await rerun(turn, case)
    if elsewhere(turn, case):
        return False
    others = [order for order in meant_by_title(turn.text, await my_orders(turn)) if order.id != case.order_id]
    if len(others) == 1:
        case.order_id = others[0].id
        return await rerun(turn, case)
    return await _not_understood(turn, case, "date_not_understood")


async def subject(turn: Turn, case: Case) -> bool:
    """An order or a dispute from a list: by button, number, title or position."""
    if turn.value("order_id") and turn.intent in ("inform", "correct", "affirm", UNSURE, case.flow):
        case.order_id, case.dispute_id = turn.value("order_id"), turn.value("dispute_id")
        Flow.known[case.flow].take(turn, case)
        return await rerun(turn, case)
    if turn.pressed:
        return False
    if turn.intent == "deny" and len(turn.text.split()) <= SHORT // 2:
        return await drop(turn, case)
    orders = await my_orders(turn)
    named = meant_by_title(turn.text, orders)
    known = {order.id: order for order in orders}
    shown = [known[order_id] for order_id in case.choices if order_id in known] or orders
    position = meant_by_position(turn.text, len(shown))
    if len(named) == 1 or position is not None:
        case.order_id = (named[0] if len(named) == 1 else shown[position or 0]).id
        Flow.known[case.flow].take(turn, case)
        return await rerun(turn, case)
    if elsewhere(turn, case):
        return False
    return await _not_understood(turn, case, "order_not_understood")


async def penalty(turn: Turn, case: Case) -> bool:
    """A penalty or an appeal from a list: by button, number or type."""
    flow = Flow.known[case.flow]
    if turn.intent in ("inform", "correct", UNSURE, case.flow) and flow.give(turn, case):
        return await rerun(turn, case)
    before = case.dump()
    if turn.intent == case.flow:
        flow.take(turn, case)
        if case.dump() != before:
            return await rerun(turn, case)
    if elsewhere(turn, case):
        return False
    return await _not_understood(turn, case, "penalty_not_understood")


async def tracking(turn: Turn, case: Case) -> bool:
    if turn.value("url") or turn.value("evidence_id"):
        return await rerun(turn, case)
    if not turn.value("tracking_number") and (found := _NUMBER.search(turn.text)):
        turn.entities["tracking_number"] = [found.group()]  # of a form that we do not know; doubtful, not refused
    if turn.value("tracking_number"):
        return await rerun(turn, case)
    if elsewhere(turn, case):
        return False
    return await _not_understood(turn, case, "tracking_not_understood")


async def proof(turn: Turn, case: Case) -> bool:
    if not turn.value("url") and (link := _LINK.search(turn.text)):
        turn.entities["url"] = [link.group()]  # whatever is wrong with it, what it should be is said
    if turn.value("url") or turn.value("evidence_id"):
        return await rerun(turn, case)
    if elsewhere(turn, case):
        return False
    return await _not_understood(turn, case, "proof_not_understood")


async def _not_understood(turn: Turn, case: Case, name: str) -> bool:
    if turn.intent == "deny" and len(turn.text.split()) <= SHORT // 2:
        return await drop(turn, case)
    if turn.misses and turn.intent != "affirm":  # asked twice already: whoever does not answer wants something else
        turn.case = None
        return False
    turn.missed = True
    turn.say(name)
    return await rerun(turn, case)
