"""Whether one penalty can be appealed, why (not), and what would help; also „what if" (W-03, W-10 to W-24)."""

from __future__ import annotations

from abc import ABC

from actions.handlers.base import FlowAction
from actions.handlers.case import Case
from actions.handlers.flow import Flow
from actions.handlers.penalties import carried, explain, find, for_sellers_only, offer_steps, take_subject
from actions.handlers.turn import Turn
from actions.handlers.what_if import assumed, when


class PenaltyFlow(Flow, ABC):
    """A flow about one penalty that writes nothing."""

    def take(self, turn: Turn, case: Case) -> None:
        take_subject(turn, case)

    def give(self, turn: Turn, case: Case) -> bool:
        return take_subject(turn, case)

    async def again(self, turn: Turn, case: Case) -> None:
        await self.run(turn, case)

    async def confirm(self, turn: Turn, proposal_id: str) -> None:
        raise LookupError("a question proposes nothing")

    async def discard(self, turn: Turn, proposal_id: str) -> None:
        raise LookupError("a question proposes nothing")


class CheckAppealEligibility(PenaltyFlow):
    """The same decision as for filing, with other facts or at another time where the question supposes them."""

    name = "check_appeal_eligibility"

    async def run(self, turn: Turn, case: Case) -> None:
        if for_sellers_only(turn):
            return
        turn.case, case.seen_seq = case, turn.seq
        item = await find(turn, case)
        if item is None:
            return
        turn.case, turn.penalty = None, carried(item)
        assume, at = assumed(turn), when(turn)
        supposed = None
        if assume or at is not None:
            supposed = await turn.backend.appeals.check(turn.actor, item.type, item.subject, at=at, assume=assume)
        if supposed is not None:
            given = [turn.phrase(f"suppose_{name}") for name in assume]
            if at is not None:
                given.append(turn.phrase("suppose_at", day=at.astimezone(turn.zone).date()))
            turn.say("what_if", given=given)
        explain(turn, supposed or item)
        offer_steps(turn, item)


class ActionCheckAppealEligibility(FlowAction):
    """Intent check_appeal_eligibility."""

    flow = "check_appeal_eligibility"
