"""Proposing and confirming appeals: one stored proposal for one or many, one result for each."""

from __future__ import annotations

from abc import ABC
from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from actions.backend import AppealOutcome, AppealProposal, AppealSnapshot, ConfirmStatus, Settled, SettledCase
from actions.handlers import case as asking
from actions.handlers import feedback
from actions.handlers.appeal_reasons import say_reason, type_term
from actions.handlers.case import Case
from actions.handlers.flow import Flow
from actions.handlers.turn import Turn
from actions.policy import AppealType, Refused, SubjectKind
from actions.wording import Term, Zoned
from actions.wording.spell import quoted


class AppealProposing(Flow, ABC):
    """A flow that ends in a command on one or more appeals."""

    command: ClassVar[Literal["submit", "withdraw"]]

    async def discard(self, turn: Turn, proposal_id: str) -> None:
        await turn.backend.appeal_proposals.discard(proposal_id, turn.conversation_id)

    async def confirm(self, turn: Turn, proposal_id: str) -> None:
        await confirm(turn, proposal_id)

    async def again(self, turn: Turn, case: Case) -> None:
        turn.case = case
        if case.asked == asking.CONFIRM and case.proposal_id:
            turn.say("back_to_appeal", what=turn.phrase(f"what_{self.name}"))
            offer_yes(turn, self, case.proposal_id)
            return
        await self.run(turn, case)


def offer_yes(turn: Turn, flow: AppealProposing, proposal_id: str) -> None:
    """The two buttons under a proposal."""
    turn.offer(f"button_yes_{flow.name}", "affirm", appeal_proposal_id=proposal_id)
    turn.offer("button_no", "deny", appeal_proposal_id=proposal_id)


async def propose(
    turn: Turn, case: Case, flow: AppealProposing, appeal_ids: Sequence[str], intro: str | None = None
) -> None:
    """Store the proposal and show it; nothing is filed or withdrawn before a yes. ``intro`` says why it comes anew."""
    made = await turn.backend.appeal_proposals.create(turn.conversation_id, turn.actor, flow.command, appeal_ids)
    if not isinstance(made, AppealProposal):
        turn.case = None
        turn.say("appeal_not_possible_any_more")
        appeal = await turn.backend.appeals.get(appeal_ids[0]) if len(appeal_ids) == 1 else None
        if appeal is not None and isinstance(made, Refused):
            _say_reasons(turn, appeal, made)
        turn.offer("button_my_penalties", "list_infractions")
        return
    turn.case = case
    case.asked, case.proposal_id = asking.CONFIRM, made.id
    if intro is not None:
        turn.say(intro)
    for left in made.left_out:
        if isinstance(left.verdict, Refused):
            _say_reasons(turn, left.appeal, left.verdict)
    show(turn, flow, made)
    turn.custom.update(kind="proposal", appeal_ids=[item.appeal.id for item in made.items])
    offer_yes(turn, flow, made.id)


def show(turn: Turn, flow: AppealProposing, proposal: AppealProposal) -> None:
    """Each appeal with its ground, evidence, deadline and try; then the question."""
    appeals = [item.appeal for item in proposal.items]
    if flow.command == "withdraw":
        for appeal in appeals:
            no_window = "" if appeal.last_day else "_no_window"
            name = "draft_to_withdraw" if appeal.is_draft else f"appeal_to_withdraw{no_window}"
            turn.say(name, **appeal_params(turn, appeal))
    elif len(appeals) > 1:
        _show_many(turn, appeals)
    else:
        _show_one(turn, appeals[0])
    many = "_many" if len(appeals) > 1 else ""
    turn.say(f"ask_{flow.name}{many}", count=len(appeals))


def _show_one(turn: Turn, appeal: AppealSnapshot) -> None:
    params = appeal_params(turn, appeal)
    turn.say("appeal_draft", **params)
    if appeal.tracking_doubtful:
        turn.say("tracking_doubtful", number=appeal.tracking_number)
    elif appeal.tracking_number:
        turn.say("appeal_draft_tracking", number=appeal.tracking_number)
    if appeal.evidence:
        turn.say("appeal_draft_proof", **params)
    if appeal.last_day is not None and appeal.closes_at is not None:
        turn.say("appeal_deadline_covers", last_day=appeal.last_day, ends=Zoned(appeal.closes_at))
    elif appeal.type == AppealType.REFUND:
        turn.say("refund_no_deadline", window=turn.backend.limits.appeal_window_days)
    if appeal.attempts_limit is not None:
        turn.say("refund_try", attempt=appeal.attempt, attempts=appeal.attempts_limit)


def _show_many(turn: Turn, appeals: Sequence[AppealSnapshot]) -> None:
    said = quoted(appeals[0].ground, turn.locale)  # one text was given for all of them
    lines = [turn.phrase("appeal_draft_many", count=len(appeals), said=said)]
    for appeal in appeals:
        params = {"attempt": appeal.attempt, "attempts": appeal.attempts_limit, **appeal_params(turn, appeal)}
        if appeal.last_day is not None:
            lines.append(turn.phrase("appeal_draft_line", **params))
        else:
            name = "appeal_draft_line_try" if appeal.attempts_limit else "appeal_draft_line_no_window"
            lines.append(turn.phrase(name, **params))
    turn.paragraphs.append("\n".join(lines))
    if any(appeal.last_day for appeal in appeals):
        turn.say("appeal_deadline_covers_many")


def appeal_params(turn: Turn, appeal: AppealSnapshot) -> dict[str, Any]:
    """What texts about an appeal name."""
    return {
        "appeal_id": appeal.id,
        "penalty": penalty_of(turn, appeal),
        "said": quoted(appeal.ground, turn.locale),
        "proof": [item.url or Term("evidence_image") for item in appeal.evidence],
        "last_day": appeal.last_day,
        "reason": quoted(appeal.decision_reason or "", turn.locale),
    }


def penalty_of(turn: Turn, appeal: AppealSnapshot) -> str:
    """The penalty of an appeal by number and type."""
    elsewhere = appeal.order_id and appeal.order_id != appeal.subject.id
    return turn.phrase(
        "penalty_on_order" if elsewhere else "penalty",
        id=appeal.subject.id,
        type=type_term(turn, appeal.type),
        order=appeal.order_id or "",
    )


async def confirm(turn: Turn, proposal_id: str) -> None:
    """Execute the proposal, or say why nothing was done; each appeal has its own result."""
    done = await turn.backend.appeal_proposals.confirm(
        proposal_id, turn.conversation_id, turn.actor, turn.message_id, _filed
    )
    proposal = done.proposal
    if proposal is None or done.status is ConfirmStatus.UNKNOWN:
        turn.case = None
        turn.say("proposal_unknown")
        turn.offer("button_my_penalties", "list_infractions")
        return
    flow = Flow.known["submit_appeal" if proposal.command == "submit" else "withdraw_appeal"]
    assert isinstance(flow, AppealProposing)
    if done.status is ConfirmStatus.EXECUTED:
        turn.case = None
        turn.custom.update(kind="done", appeal_ids=[result.appeal.id for result in done.results if result.appeal])
        for result in done.results:
            report(turn, flow, result)
        turn.offer("button_appeal_status", "appeal_status")
        feedback.show(turn, done.feedback_id)
        return
    if done.status is ConfirmStatus.ALREADY_DONE:
        turn.case = None
        turn.say("appeal_already_done")
    else:
        intro = "proposal_expired" if done.status is ConfirmStatus.EXPIRED else "proposal_changed"
        case = turn.case or Case(flow=flow.name)
        await propose(turn, case, flow, [item.appeal.id for item in proposal.items], intro)
    turn.offer("button_appeal_status", "appeal_status")


def _filed(command: str, results: Sequence[AppealOutcome]) -> SettledCase | None:
    """What was filed; of many that were filed together the first stands for all."""
    if command != "submit":
        return None
    filed = [result.appeal for result in results if result.appeal and result.allowed]
    return SettledCase("appeal", filed[0].id, Settled.FILED, filed[0].order_id) if filed else None


def report(turn: Turn, flow: AppealProposing, result: AppealOutcome) -> None:
    """The result of one appeal."""
    appeal = result.appeal
    if appeal is None:
        turn.say("appeal_not_possible_any_more")
        return
    params = appeal_params(turn, appeal)
    if result.changed:
        turn.say(f"appeal_changed_{flow.name}", **params)
        offer_next(turn, appeal)
    elif result.allowed:
        if flow.command == "withdraw":
            turn.say("appeal_withdrawn", **params)
        else:
            turn.say("appeal_submitted" if appeal.last_day else "appeal_submitted_no_window", **params)
            if appeal.last_day:
                turn.custom.setdefault("files", []).append(
                    {"name": f"{appeal.id}.ics", "url": f"/v1/chat/appeals/{appeal.id}/deadlines.ics"}
                )
    elif isinstance(result.verdict, Refused):
        _say_reasons(turn, appeal, result.verdict)


def offer_next(turn: Turn, appeal: AppealSnapshot) -> None:
    """The buttons for an appeal that is not at its end: to go on with a draft, and to take it back."""
    if appeal.is_draft:
        subject = "infraction_id" if appeal.subject.kind is SubjectKind.INFRACTION else "order_id"
        again = {"appeal_type": appeal.type, subject: appeal.subject.id}
        turn.offer("button_continue_appeal", "submit_appeal", {"id": appeal.id}, **again)
    if appeal.is_open:
        turn.offer("button_withdraw_appeal_one", "withdraw_appeal", {"id": appeal.id}, appeal_id=appeal.id)


def _say_reasons(turn: Turn, appeal: AppealSnapshot, refused: Refused) -> None:
    turn.note_refusal(turn.case.flow if turn.case else "submit_appeal", refused, appeal.id)
    for reason in refused.reasons:
        say_reason(turn, reason, penalty=penalty_of(turn, appeal), order=appeal.order_id or appeal.subject.id)
    turn.custom["reasons"] = [{"rule": reason.rule, "code": reason.code} for reason in refused.reasons]
