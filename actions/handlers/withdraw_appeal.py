"""Flow withdraw_appeal: taking a draft or a filed appeal back (W-26)."""

from __future__ import annotations

from actions.handlers import case as asking
from actions.handlers.appeal_confirming import AppealProposing, penalty_of, propose
from actions.handlers.base import FlowAction
from actions.handlers.case import Case
from actions.handlers.orders import MAX_CHOICES
from actions.handlers.penalties import for_sellers_only, take_subject
from actions.handlers.turn import Turn
from actions.policy import AppealStatus

OPEN = (AppealStatus.DRAFT, AppealStatus.SUBMITTED)


class WithdrawAppeal(AppealProposing):
    """A withdrawn appeal does not count as rejected."""

    name = "withdraw_appeal"
    command = "withdraw"

    def take(self, turn: Turn, case: Case) -> None:
        case.appeal_id = turn.value("appeal_id") or case.appeal_id
        take_subject(turn, case)

    def give(self, turn: Turn, case: Case) -> bool:
        if turn.value("appeal_id"):
            case.appeal_id = turn.value("appeal_id")
            return True
        return take_subject(turn, case)

    async def run(self, turn: Turn, case: Case) -> None:
        if for_sellers_only(turn):
            return
        turn.case, case.seen_seq = case, turn.seq
        mine = [appeal for appeal in await turn.backend.appeals.of_seller(turn.me.id) if appeal.status in OPEN]
        fitting = [
            appeal
            for appeal in mine
            if case.appeal_id in (None, appeal.id)
            and case.infraction_id in (None, appeal.infraction_id)
            and case.order_id in (None, appeal.order_id)
            and case.appeal_type in (None, appeal.type)
        ]
        if not fitting:
            turn.case = None
            turn.say("no_appeal_to_withdraw")
            turn.offer("button_appeal_status", "appeal_status")
        elif len(fitting) == 1:
            await propose(turn, case, self, [fitting[0].id])
        else:
            case.asked = asking.PENALTY
            turn.say("ask_which_appeal")
            for appeal in fitting[:MAX_CHOICES]:
                turn.offer_titled(penalty_of(turn, appeal), "withdraw_appeal", appeal_id=appeal.id)


class ActionWithdrawAppeal(FlowAction):
    """Intent withdraw_appeal."""

    flow = "withdraw_appeal"
