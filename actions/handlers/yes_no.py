"""A yes, a no, a stop or a correction when no question of ours claims it."""

from __future__ import annotations

from actions.handlers import answers
from actions.handlers.appeal_confirming import confirm as confirm_appeals
from actions.handlers.base import IntentAction
from actions.handlers.confirming import confirm
from actions.handlers.flow import Flow
from actions.handlers.inform import show_order
from actions.handlers.menu import offer_menu
from actions.handlers.notices import ask_which, reply_to, seen_notices
from actions.handlers.orders import (
    my_orders,
)
from actions.handlers.reading import drop
from actions.handlers.router import begin
from actions.handlers.turn import Turn

# What a button under a proposal carries, and a flow that can discard such a proposal.
_ABOUT = {
    "proposal_id": "request_cancellation",
    "appeal_proposal_id": "submit_appeal",
    "handover_id": "contact_support",
}


class ActionAffirm(IntentAction):
    """Intent affirm: a button's own proposal, or the one notice that was seen; otherwise nothing happens."""

    intent = "affirm"

    async def respond(self, turn: Turn) -> None:
        if turn.person is None:
            turn.say("sign_in")
        elif turn.pressed and turn.value("proposal_id"):
            await confirm(turn, turn.value("proposal_id") or "")
        elif turn.pressed and turn.value("appeal_proposal_id"):
            await confirm_appeals(turn, turn.value("appeal_proposal_id") or "")
        elif turn.pressed and turn.value("handover_id"):
            await Flow.known["contact_support"].confirm(turn, turn.value("handover_id") or "")
        else:
            await _bare(turn)


class ActionDeny(IntentAction):
    """Intent deny: drops the proposal, or declines the one notice that was seen (after a confirmation)."""

    intent = "deny"

    async def respond(self, turn: Turn) -> None:
        if turn.person is None:
            turn.say("sign_in")
        elif turn.pressed and (proposal_id := _proposal_of(turn)):
            if turn.case is not None and turn.case.proposal_id == proposal_id:
                await drop(turn, turn.case)
            else:
                await Flow.known[_ABOUT[next(name for name in _ABOUT if turn.value(name))]].discard(turn, proposal_id)
                turn.say("proposal_unknown")
        else:
            await _bare(turn)


def _proposal_of(turn: Turn) -> str | None:
    return next((found for name in _ABOUT if (found := turn.value(name))), None)


async def _bare(turn: Turn) -> None:
    notices = await seen_notices(turn)
    if len(notices) == 1:
        notice = notices[0]
        turn.entities.update(order_id=[notice.order_id], dispute_id=[notice.dispute_id])
        await begin(turn, reply_to(notice, turn.intent))
    elif notices:
        ask_which(turn, None, notices)
    else:
        turn.say("nothing_to_confirm")
        await offer_menu(turn)


class ActionStop(IntentAction):
    """Intent stop without an open question: a bare „abbrechen" might mean an order, so ask (intents.md)."""

    intent = "stop"

    async def respond(self, turn: Turn) -> None:
        turn.case = None
        turn.say("stop_nothing_open")
        if turn.person is not None and await my_orders(turn):
            turn.offer("button_cancel_order", "request_cancellation")
            turn.offer("button_never_mind", "thank")


class ActionCorrect(IntentAction):
    """Intent correct without an open question."""

    intent = "correct"

    async def respond(self, turn: Turn) -> None:
        if turn.case is not None:
            await answers.correct(turn, turn.case)
        elif turn.person is not None and turn.value("order_id"):
            await show_order(turn, turn.value("order_id") or "")
        else:
            turn.say("correct_nothing")
            await offer_menu(turn)
