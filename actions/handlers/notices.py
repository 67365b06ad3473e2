"""A bare yes or no: it answers the question or the one notice that was seen, or nothing."""

from __future__ import annotations

from actions.backend import Notice
from actions.handlers.case import Case
from actions.handlers.turn import Turn
from actions.policy import DisputeKind


async def seen_notices(turn: Turn) -> list[Notice]:
    """The open requests of the other side that were on this person's screen when they wrote, one per dispute."""
    notices = await turn.backend.conversations.open_notices(turn.conversation_id, turn.last_seen_seq)
    return list({notice.dispute_id: notice for notice in notices}.values())


async def question_seen(turn: Turn, case: Case) -> bool:
    """Whether the open question was on the screen when the person wrote; anything else that came since is not it.

    While the answer to their wish took long they have seen a sentence that says so, and may have agreed to that.
    A client that does not say what it shows was handed the question in the answer to the wish, unless it came later.
    What a person of the desk asked after that is not our question either.
    """
    if turn.backend.desk and await turn.backend.handovers.agent_spoke_since(turn.conversation_id, case.seen_seq):
        return False
    question = await turn.backend.conversations.shown(turn.conversation_id, case.seen_seq)
    if question is None:
        return turn.last_seen_seq > case.seen_seq
    handed = turn.seen_assumed and not question.later and question.seq < turn.seq
    return handed or turn.last_seen_seq >= question.seq


async def newer_notices(turn: Turn, case: Case) -> list[Notice]:
    """Those that came after the open question was shown and concern something else."""
    return [
        notice
        for notice in await seen_notices(turn)
        if notice.seq > case.seen_seq and notice.dispute_id != case.dispute_id
    ]


def ask_which(turn: Turn, case: Case | None, notices: list[Notice]) -> None:
    """Ask what the yes was about, with a button for each possibility."""
    turn.say("ask_which_yes")
    if case is not None and case.proposal_id:
        turn.offer_titled(
            turn.phrase("choice_my_case", what=turn.phrase(f"what_{case.flow}"), order=case.order_id or ""),
            "affirm",
            proposal_id=case.proposal_id,
        )
        turn.case = case
    for notice in notices:
        turn.offer_titled(
            turn.phrase(f"choice_dispute_{notice.kind}", order=notice.order_id),
            reply_to(notice, turn.intent),
            order_id=notice.order_id,
            dispute_id=notice.dispute_id,
        )


def reply_to(notice: Notice, intent: str) -> str:
    """The flow that a bare yes or no to this notice begins; an update request is answered in words either way."""
    if notice.kind is DisputeKind.UPDATE:
        return "provide_update"
    return "decline_request" if intent == "deny" else "accept_request"
