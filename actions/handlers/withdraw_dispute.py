"""Flow withdraw_dispute: taking an own open request back (M-08, M-24, M-25)."""

from __future__ import annotations

from actions.backend import Confirmation, DisputeSnapshot, OrderSnapshot, Proposal
from actions.handlers.base import FlowAction
from actions.handlers.case import Case
from actions.handlers.dispute_flow import DisputeFlow
from actions.handlers.order_flow import common_params
from actions.handlers.orders import offer_steps
from actions.handlers.turn import Turn
from actions.policy import Withdraw
from actions.wording import Term


class WithdrawDispute(DisputeFlow):
    """Only the filer withdraws; the order stays as it is."""

    name = "withdraw_dispute"

    def command(self, case: Case, order: OrderSnapshot, turn: Turn) -> Withdraw:
        return Withdraw(case.dispute_id or "")

    def concerns(self, turn: Turn, dispute: DisputeSnapshot) -> bool:
        return dispute.filed_by is turn.me.role

    async def present(self, turn: Turn, order: OrderSnapshot, proposal: Proposal) -> None:
        dispute = order.open_dispute
        assert dispute is not None
        turn.say(
            "propose_withdraw_dispute", kind=Term(f"kind_{dispute.kind}"), **await common_params(turn, order, None)
        )

    async def report(self, turn: Turn, order: OrderSnapshot, done: Confirmation) -> None:
        assert done.proposal is not None and isinstance(done.proposal.command, Withdraw)
        dispute = order.dispute(done.proposal.command.dispute_id)
        kind = Term(f"kind_{dispute.kind}") if dispute else Term("kind_other")
        turn.say("withdrawn", kind=kind, **await common_params(turn, order, None))
        offer_steps(turn, order)


class ActionWithdrawDispute(FlowAction):
    """Intent withdraw_dispute."""

    flow = "withdraw_dispute"
