"""Who answers a message: the open question first, then the intent; afterwards the open question is asked again."""

from __future__ import annotations

from typing import Protocol

from actions.handlers import answers, feedback
from actions.handlers.case import Case
from actions.handlers.flow import Flow
from actions.handlers.turn import Turn
from actions.handlers.what_if import supposes

_ABOUT_ORDERS = frozenset(
    {
        *("request_order_update", "request_cancellation", "force_cancellation", "request_extension", "provide_update"),
        *("withdraw_dispute", "list_disputes", "accept_request", "decline_request"),
    }
)


class Answering(Protocol):
    """What answers an intent."""

    async def respond(self, turn: Turn) -> None: ...


async def respond(turn: Turn, action: Answering) -> None:
    """Answer one message."""
    case = turn.case
    if turn.text.startswith("/"):
        # What looks like the inside of a button is no button: it may resemble a yes, and must not count as one.
        turn.missed = True
        turn.say("fallback_again")
    elif turn.person is not None and turn.pressed and turn.value("feedback_id"):
        await feedback.rate(turn)
    elif turn.person is not None and case is not None and case.asked and await answers.answer(turn, case):
        turn.answers = True
        return
    elif turn.person is not None and case is None and supposes(turn):
        await begin(turn, "check_appeal_eligibility")
    else:
        await action.respond(turn)
        if turn.intent in _ABOUT_ORDERS:
            turn.penalty = {}  # what is said next is no longer about it
    if case is not None and turn.case is case and case.asked:
        await Flow.known[case.flow].again(turn, case)


async def begin(turn: Turn, name: str) -> None:
    """Begin a flow with everything that the message says; a case that was open before is put aside."""
    if turn.person is None:
        turn.say("sign_in")
        return
    before, flow = turn.case, Flow.known[name]
    case = Case(
        flow=name,
        order_id=turn.value("order_id"),
        dispute_id=turn.value("dispute_id"),
        reason=turn.value("reason"),
        prefer_request=bool(turn.value("prefer_request")),
        appeal_type=turn.value("appeal_type") if turn.pressed else None,
    )
    if before is not None:
        if before.proposal_id:
            await Flow.known[before.flow].discard(turn, before.proposal_id)
        if before.flow == name and case.order_id is None:
            case.order_id, case.dispute_id = before.order_id, before.dispute_id
    flow.take(turn, case)
    await flow.run(turn, case)
