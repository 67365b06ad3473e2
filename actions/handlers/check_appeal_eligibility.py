"""Whether one penalty can be appealed, why (not), and what would help; also „what if" (W-03, W-10 to W-24)."""

from __future__ import annotations

import re
from abc import ABC
from datetime import datetime

from actions.backend.appeal_views import Assumption
from actions.handlers.base import FlowAction
from actions.handlers.case import Case
from actions.handlers.dates import resolve
from actions.handlers.flow import Flow
from actions.handlers.penalties import carried, explain, find, for_sellers_only, offer_steps, take_subject
from actions.handlers.turn import Turn

_SUPPOSE_PROOF = re.compile(
    r"nach(?:reich|lief|schick)|wenn ich .*(?:nachweis|beleg|screenshot|link|tracking|sendungs)"
    r"|mit (?:einem |dem )?(?:nachweis|beleg|screenshot)|if i .*(?:proof|evidence|screenshot|link|tracking)|with proof",
    re.IGNORECASE,
)


_SUPPOSE_DATE = re.compile(r"wenn .*erf[uü]e?llungsdatum|if .*fulfil?l?ment date", re.IGNORECASE)


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
        assume, at = _assumed(turn), _when(turn)
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


def _assumed(turn: Turn) -> tuple[Assumption, ...]:
    """What the question takes as given."""
    found: tuple[Assumption, ...] = ("proof", "tracking_number") if _SUPPOSE_PROOF.search(turn.text) else ()
    return (*found, "confirmed") if _SUPPOSE_DATE.search(turn.text) else found


def _when(turn: Turn) -> datetime | None:
    value = turn.value("date")
    at = resolve(value, now=turn.now, zone=turn.zone, current=None) if value else None
    return at if at is not None and at > turn.now else None


class ActionCheckAppealEligibility(FlowAction):
    """Intent check_appeal_eligibility."""

    flow = "check_appeal_eligibility"
