"""Questions about the resolution centre: answered from the policy, and from the person's own orders where it helps."""

from __future__ import annotations

from datetime import datetime

from actions.backend import OrderSnapshot
from actions.handlers.base import IntentAction
from actions.handlers.orders import my_orders, name_of, open_case, order_of, say_item
from actions.handlers.turn import Turn
from actions.policy import Allowed, ForceCancel, Limits, Option, Role, available
from actions.wording import Term

_MOST = 3  # orders named in an answer; more would bury it


def _role(turn: Turn) -> str:
    return turn.person.role if turn.person else Role.CUSTOMER


async def _about(turn: Turn) -> list[OrderSnapshot]:
    """The order that the question names, else the person's open orders."""
    if turn.person is None:
        return []
    if turn.value("order_id"):
        named = await order_of(turn, turn.value("order_id") or "")
        return [named] if named else []
    return await my_orders(turn)


class ActionAskResolutionCenter(IntentAction):
    """Intent ask_resolution_center: where to click, step by step (M-01, M-05 to M-08, M-30 to M-36)."""

    intent = "ask_resolution_center"

    async def respond(self, turn: Turn) -> None:
        turn.say("rc_intro")
        turn.say(f"rc_steps_{_role(turn)}")
        if turn.person is None:
            return
        turn.say("rc_do_it_here")
        if turn.me.role is Role.CUSTOMER:
            turn.offer("button_ask_update", "request_order_update")
        else:
            turn.offer("button_extend", "request_extension")
        turn.offer("button_request_cancellation", "request_cancellation")


class ActionAskResponseDeadline(IntentAction):
    """Intent ask_response_deadline: the window, what silence does, the own open deadlines (M-10, M-12, M-15, M-18)."""

    intent = "ask_response_deadline"

    async def respond(self, turn: Turn) -> None:
        limits: Limits = turn.backend.limits
        turn.say(
            f"answer_window_{_role(turn)}",
            window=limits.answer_window,
            silence=Term(f"silence_{limits.cancel_silence}"),
        )
        for order in (await _about(turn))[:_MOST]:
            if (found := open_case(order)) is not None:
                say_item(turn, found)


class ActionAskForcedCancellation(IntentAction):
    """Intent ask_forced_cancellation: the rule, and from when it holds on the person's own orders (M-26 to M-29)."""

    intent = "ask_forced_cancellation"

    async def respond(self, turn: Turn) -> None:
        after = turn.backend.limits.force_after
        if _role(turn) == Role.SELLER:
            turn.say("force_seller", order="")
            turn.say("force_rule_seller", after=after)
            turn.offer("button_request_cancellation", "request_cancellation")
            return
        turn.say("force_rule", after=after)
        for order in (await _about(turn))[:_MOST]:
            self._on_order(turn, order)

    @staticmethod
    def _on_order(turn: Turn, order: OrderSnapshot) -> None:
        option = _forced(turn, order)
        if isinstance(option.verdict, Allowed):
            turn.say("force_now", order=name_of(turn, order))
            turn.offer("button_force_on", "force_cancellation", {"order": order.id}, order_id=order.id)
        elif option.possible_from is not None:
            wait = option.possible_from - turn.now
            turn.say("force_from", order=name_of(turn, order), possible_from=option.possible_from, wait=wait)


def _forced(turn: Turn, order: OrderSnapshot) -> Option:
    options = available(order.facts, turn.actor, turn.now, turn.backend.limits)
    return next(option for option in options if option.command_name == ForceCancel.name)


def possible_from(turn: Turn, order: OrderSnapshot) -> datetime | None:
    """The instant from which the customer may cancel without consent, if only time is missing."""
    return _forced(turn, order).possible_from


class ActionAskDisputeVisibility(IntentAction):
    """Intent ask_dispute_visibility: both sides see it, support does not (M-19 to M-21)."""

    intent = "ask_dispute_visibility"

    async def respond(self, turn: Turn) -> None:
        turn.say("support_not_informed")
        turn.say("dispute_visibility")
