"""What was not understood: a question, then buttons, then support."""

from __future__ import annotations

from typing import Any

from actions.handlers import case as asking
from actions.handlers.base import IntentAction
from actions.handlers.case import Case
from actions.handlers.contact_support import say_support
from actions.handlers.flow import Flow
from actions.handlers.inform import about_a_penalty, answers_update_request
from actions.handlers.menu import offer_menu
from actions.handlers.orders import (
    MAX_CHOICES,
    meant_by_title,
    my_orders,
    offer_orders,
)
from actions.handlers.router import begin
from actions.handlers.turn import UNSURE, Turn

_CANCELLING = {"request_cancellation", "force_cancellation"}
_LIKELY = 0.5
_PLAUSIBLE = 0.15  # a guess below this confidence is not worth a button


class ActionFallback(IntentAction):
    """Not understood: once a question with the likely meanings, then buttons, then support. Never silence."""

    intent = "fallback"

    async def respond(self, turn: Turn) -> None:
        if await answers_update_request(turn) or await about_a_penalty(turn):
            return
        if turn.case is None and self._wants_to_cancel(turn):
            await begin(turn, "request_cancellation")  # which of the two it can be, the order's facts decide (M-26)
            return
        if wish := await self._wish_about_an_order(turn):
            await begin(turn, wish)
            return
        turn.missed = True
        if turn.misses == 0:
            self._guess(turn)
        elif turn.misses == 1:
            turn.say("fallback_menu")
            await offer_menu(turn)
            if turn.person is not None:
                offer_orders(turn, (await my_orders(turn))[: MAX_CHOICES // 2], "inform")
        else:
            turn.say("fallback_support")
            say_support(turn)
            await offer_menu(turn)

    @staticmethod
    def _wants_to_cancel(turn: Turn) -> bool:
        """Only whether with or without consent is unclear."""
        first = [(name, confidence) for name, confidence in turn.ranking if name != UNSURE][:2]
        return {name for name, _ in first} == _CANCELLING and sum(sure for _, sure in first) >= _LIKELY

    @staticmethod
    async def _wish_about_an_order(turn: Turn) -> str | None:
        """The likeliest wish where only "none of ours" is as likely, and an own order is named: then it is ours."""
        first = [(name, confidence) for name, confidence in turn.ranking if name != UNSURE][:2]
        if turn.case is not None or turn.person is None or len(first) < 2:
            return None
        (wish, sure), (other, _) = first
        if other != "out_of_scope" or wish not in Flow.known or sure < _LIKELY:
            return None
        return wish if turn.value("order_id") or meant_by_title(turn.text, await my_orders(turn)) else None

    @staticmethod
    def _guess(turn: Turn) -> None:
        guesses = [
            name
            for name, confidence in turn.ranking
            if name != UNSURE and confidence >= _PLAUSIBLE and f"guess_{name}" in turn.wording
        ][:2]
        known: dict[str, Any] = {
            name: turn.value(name) for name in ("order_id", "infraction_id", "appeal_type", "date")
        }
        turn.guessed = bool(guesses)
        turn.say("fallback_guess" if guesses else "fallback_again")
        if guesses and guesses[0] in Flow.known and turn.case is None and turn.person is not None:
            turn.case = Case(flow=guesses[0], asked=asking.GUESS, **known)
        for name in guesses:
            turn.offer(f"guess_{name}", name, **known)
