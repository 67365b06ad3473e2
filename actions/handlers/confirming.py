"""What a yes does: exactly the stored proposal, or the new one is shown when facts changed."""

from __future__ import annotations

import structlog

from actions.backend import Confirmation, ConfirmStatus, Proposal
from actions.handlers import feedback
from actions.handlers.case import Case
from actions.handlers.order_flow import order_flow
from actions.handlers.orders import name_of, offer_steps
from actions.handlers.refusal import refuse
from actions.handlers.turn import Turn
from actions.policy import (
    Accept,
    AnswerUpdate,
    Decline,
    ForceCancel,
    Refused,
    RequestCancellation,
    RequestExtension,
    RequestUpdate,
    Undetermined,
    Withdraw,
)

log = structlog.get_logger(__name__)


async def confirm(turn: Turn, proposal_id: str) -> None:
    """Execute the proposal, or say why nothing was done."""
    done: Confirmation = await turn.backend.proposals.confirm(
        proposal_id, turn.conversation_id, turn.actor, turn.message_id, feedback.settled_by
    )
    proposal = done.proposal
    if proposal is None or done.status is ConfirmStatus.UNKNOWN:
        turn.case = None
        turn.say("proposal_unknown")
        turn.offer("button_my_orders", "list_disputes")
        return
    case = rebuilt(proposal)
    order = done.outcome.order if done.outcome and done.outcome.order else proposal.order
    turn.topic = order.id
    if done.status is ConfirmStatus.EXECUTED:
        turn.case = None
        turn.custom.update(kind="done", order_id=order.id)
        try:
            await order_flow(case.flow).report(turn, order, done)
        except (
            LookupError,
            AssertionError,
            TypeError,
            ValueError,
        ):  # it is done all the same, and must not sound undone
            log.exception("report_failed", conversation=turn.conversation_id, message=turn.message_id)
            turn.say("done_plainly", order=name_of(turn, order))
        feedback.show(turn, done.feedback_id)
    elif done.status is ConfirmStatus.ALREADY_DONE:
        turn.case = None
        turn.say("already_done", order=name_of(turn, order))
        offer_steps(turn, order)
    elif done.status is ConfirmStatus.REFUSED and isinstance(done.verdict, Refused | Undetermined):
        turn.say("proposal_changed")
        refuse(turn, order, done.verdict)
    else:
        turn.say("proposal_expired" if done.status is ConfirmStatus.EXPIRED else "proposal_changed")
        await order_flow(case.flow).run(turn, case)


def rebuilt(proposal: Proposal) -> Case:
    """The case that led to a proposal, so that it can be shown anew."""
    case = Case(flow="", order_id=proposal.order_id)
    match proposal.command:
        case RequestUpdate(text=text):
            case.flow, case.text = "request_order_update", text
        case RequestCancellation(reason=reason, text=text):
            case.flow, case.reason, case.text = "request_cancellation", reason, text
            case.prefer_request = True
        case RequestExtension(new_delivery_at=new, text=text):
            case.flow, case.text = "request_extension", text
            case.date = new.isoformat() if new else None
        case AnswerUpdate(dispute_id=dispute_id, text=text):
            case.flow, case.dispute_id, case.text = "provide_update", dispute_id, text
        case Accept(dispute_id=dispute_id):
            case.flow, case.dispute_id = "accept_request", dispute_id
        case Decline(dispute_id=dispute_id, text=text):
            case.flow, case.dispute_id, case.text = "decline_request", dispute_id, text
        case Withdraw(dispute_id=dispute_id):
            case.flow, case.dispute_id = "withdraw_dispute", dispute_id
        case ForceCancel():
            case.flow = "force_cancellation"
        case other:
            raise TypeError(f"no flow proposes {other!r}")
    return case
