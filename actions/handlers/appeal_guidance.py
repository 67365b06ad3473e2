"""Questions about appeals: where to click, how long, what became of one (W-03, W-04, W-10 to W-24, Q18)."""

from __future__ import annotations

from actions.backend import AppealSnapshot
from actions.handlers.appeal_confirming import appeal_params, offer_next
from actions.handlers.appeal_reasons import type_term
from actions.handlers.base import IntentAction
from actions.handlers.case import Case
from actions.handlers.orders import MAX_CHOICES
from actions.handlers.penalties import (
    carried,
    explain,
    find,
    for_sellers_only,
    say_deadline,
    take_subject,
)
from actions.handlers.turn import Turn
from actions.policy import APPEAL_TYPES, AppealStatus, AppealType
from actions.wording import ShortDay

_MOST = 5
_FINAL = (AppealStatus.APPROVED, AppealStatus.REJECTED, AppealStatus.WITHDRAWN, AppealStatus.LAPSED)


class ActionAskAppealSteps(IntentAction):
    """Intent ask_appeal_steps: the policy's own labels, per type."""

    intent = "ask_appeal_steps"

    async def respond(self, turn: Turn) -> None:
        if for_sellers_only(turn):
            return
        types = await self._types(turn)
        known = [APPEAL_TYPES[name] for name in types if name in APPEAL_TYPES]
        if len(known) > 1:
            turn.say("ask_which_type")
            for kind in known[:MAX_CHOICES]:
                turn.offer_titled(str(turn.phrase(f"type_{kind.key}")), "ask_appeal_steps", appeal_type=kind.key)
            return
        if not known:
            turn.say("appeal_steps_general")
            turn.offer("button_my_penalties", "list_infractions")
            return
        turn.say("appeal_steps_for", type=type_term(turn, known[0].key))
        turn.say(f"route_{known[0].route}")
        if known[0].refer is None and (turn.case is None or turn.case.flow != "submit_appeal"):
            turn.say("appeal_do_it_here")
            turn.offer("button_appeal_type", "submit_appeal", appeal_type=known[0].key)

    @staticmethod
    async def _types(turn: Turn) -> list[str]:
        if turn.appeal_types:
            return turn.appeal_types
        case = Case(flow="")
        take_subject(turn, case)
        if not (case.infraction_id or case.order_id):
            return [turn.penalty["appeal_type"]] if turn.penalty.get("appeal_type") else []
        items = await turn.backend.appeals.candidates(
            turn.actor, infraction_id=case.infraction_id, order_id=case.order_id
        )
        return list(dict.fromkeys(item.type for item in items))


class ActionAskAppealDeadline(IntentAction):
    """Intent ask_appeal_deadline: the rule, and the last day of what was named (W-03, W-11, W-13, W-20)."""

    intent = "ask_appeal_deadline"

    async def respond(self, turn: Turn) -> None:
        if for_sellers_only(turn):
            return
        case = Case(flow="check_appeal_eligibility")
        take_subject(turn, case)
        if not (case.infraction_id or case.order_id or turn.appeal_types) and turn.case is not None:
            case.infraction_id, case.appeal_type = turn.case.infraction_id, turn.case.appeal_type
            case.order_id = turn.case.order_id if turn.case.appeal_type else None  # else it is no order of goods
        if case.infraction_id or case.order_id:
            before = turn.case
            item = await find(turn, case, "ask_appeal_deadline")
            turn.case = before  # a question in between leaves open what was open
            if item is not None:
                turn.penalty = carried(item)
                is_running_out = item.option.days_left is not None and item.option.days_left >= 0
                say_deadline(turn, item) if is_running_out else explain(turn, item)
            return
        window = turn.backend.limits.appeal_window_days
        if turn.appeal_types == ["refund"]:
            turn.say("refund_no_deadline", window=window)
        elif turn.appeal_types == ["valid_tracking_rate"]:
            turn.say("appeal_deadline_rule_released", window=window)
        elif turn.appeal_types == ["repeat_ip_infringement"]:
            turn.say("appeal_deadline_repeat_ip")
        else:
            turn.say("appeal_deadline_rule", window=window)
        turn.offer("button_my_penalties", "list_infractions")


class ActionAppealStatus(IntentAction):
    """Intent appeal_status: what became of the merchant's appeals, the open ones first."""

    intent = "appeal_status"

    async def respond(self, turn: Turn) -> None:
        if for_sellers_only(turn):
            return
        case = Case(flow="")
        take_subject(turn, case)
        appeal_id = turn.value("appeal_id")
        mine = [
            appeal
            for appeal in await turn.backend.appeals.of_seller(turn.me.id)
            if appeal_id in (None, appeal.id)
            and case.infraction_id in (None, appeal.infraction_id)
            and case.order_id in (None, appeal.order_id)
            and case.appeal_type in (None, appeal.type)
        ]
        if not mine:
            turn.say("no_appeals")
            turn.offer("button_my_penalties", "list_infractions")
            return
        for appeal in sorted(mine, key=lambda found: found.status in _FINAL)[:_MOST]:
            filed = ShortDay(appeal.filed_at) if appeal.filed_at else ""
            turn.say(status_text(appeal), filed=filed, **appeal_params(turn, appeal))
            offer_next(turn, appeal)


def status_text(appeal: AppealSnapshot) -> str:
    """The text that says how an appeal stands."""
    if appeal.status is AppealStatus.SUBMITTED and appeal.last_day is None:
        return "appeal_is_submitted_no_window"
    if appeal.status is AppealStatus.REJECTED and not appeal.decision_reason:
        return "appeal_is_rejected_bare"
    if appeal.status is AppealStatus.APPROVED and appeal.type == AppealType.REFUND:
        return "appeal_is_approved_refund"
    if appeal.status is AppealStatus.APPROVED and appeal.infraction_id is None:
        return "appeal_is_approved_metric"
    return f"appeal_is_{appeal.status}"
