"""Everything around the cases: greetings, help, yes and no, corrections, languages, what we cannot do."""

from __future__ import annotations

import re
from typing import Any

from actions.handlers import answers
from actions.handlers import case as asking
from actions.handlers.appeal_confirming import confirm as confirm_appeals
from actions.handlers.base import IntentAction
from actions.handlers.case import Case
from actions.handlers.confirming import confirm
from actions.handlers.flow import Flow
from actions.handlers.notices import ask_which, reply_to, seen_notices
from actions.handlers.order_flow import not_found
from actions.handlers.orders import (
    MAX_CHOICES,
    meant_by_title,
    my_orders,
    name_of,
    offer_orders,
    offer_steps,
    open_case,
    order_of,
    say_item,
)
from actions.handlers.own_words import tidy
from actions.handlers.refusal import explain
from actions.handlers.request_order_update import say_state
from actions.handlers.router import begin
from actions.handlers.turn import UNSURE, Turn
from actions.policy import DisputeKind, Reason, Role

_WORDS_OF_AN_UPDATE = 3
_CANCELLING = {"request_cancellation", "force_cancellation"}
_LIKELY = 0.5
_PLAUSIBLE = 0.15  # a guess below this confidence is not worth a button


async def offer_menu(turn: Turn) -> None:
    """What this person most likely wants next: what waits for them first."""
    if turn.person is None:
        return
    waiting = [found for order in await my_orders(turn) if (found := open_case(order))]
    theirs = [item for item in waiting if item.dispute.filed_by is not turn.me.role]
    if theirs:
        turn.offer("button_open_requests", "list_disputes")
    if turn.me.role is Role.CUSTOMER:
        turn.offer("button_ask_update", "request_order_update")
    else:
        turn.offer("button_extend", "request_extension")
        turn.offer("button_my_penalties", "list_infractions")
    turn.offer("button_request_cancellation", "request_cancellation")
    if not theirs:
        turn.offer("button_my_orders", "list_disputes")


class ActionGreet(IntentAction):
    """Intent greet: who this is, and what is waiting."""

    intent = "greet"

    async def respond(self, turn: Turn) -> None:
        turn.say(f"greet_{turn.person.role}" if turn.person else "greet_customer")
        await offer_menu(turn)


class ActionGoodbye(IntentAction):
    """Intent goodbye."""

    intent = "goodbye"

    async def respond(self, turn: Turn) -> None:
        turn.case = None
        turn.say("goodbye")


class ActionThank(IntentAction):
    """Intent thank."""

    intent = "thank"

    async def respond(self, turn: Turn) -> None:
        turn.say("thank")


class ActionBotChallenge(IntentAction):
    """Intent bot_challenge."""

    intent = "bot_challenge"

    async def respond(self, turn: Turn) -> None:
        turn.say("bot_challenge")


class ActionHelp(IntentAction):
    """Intent help: what can be settled here."""

    intent = "help"

    async def respond(self, turn: Turn) -> None:
        turn.say(f"help_{turn.person.role}" if turn.person else "help_customer")
        await offer_menu(turn)


class ActionContactSupport(IntentAction):
    """Intent contact_support: the resolution centre first, support as the last resort (M-01, M-21, M-39)."""

    intent = "contact_support"

    async def respond(self, turn: Turn) -> None:
        turn.say("rc_intro")
        turn.say("contact_support")
        await offer_menu(turn)


class ActionOutOfScope(IntentAction):
    """Intent out_of_scope."""

    intent = "out_of_scope"

    async def respond(self, turn: Turn) -> None:
        turn.say("out_of_scope")
        named = meant_by_title(turn.text, await my_orders(turn)) if turn.person is not None else []
        if len(named) == 1:  # „mein Geld zurück, das Logo kommt nie": what can be done about that order
            await show_order(turn, named[0].id)
        else:
            await offer_menu(turn)


class ActionSwitchLanguage(IntentAction):
    """Intent switch_language: to the language that is named, else to the other one."""

    intent = "switch_language"

    async def respond(self, turn: Turn) -> None:
        german = turn.person.german if turn.person else "de"
        if re.search(r"\b(english|englisch|anglais|inglese)", turn.text, re.IGNORECASE):
            turn.locale = "en"
        elif re.search(r"\b(german|deutsch|allemand)", turn.text, re.IGNORECASE):
            turn.locale = german
        else:
            turn.locale = german if turn.locale == "en" else "en"
        turn.say("language_switched")


class ActionAffirm(IntentAction):
    """Intent affirm: a button's own proposal, or the one notice that was seen; otherwise nothing happens."""

    intent = "affirm"

    async def respond(self, turn: Turn) -> None:
        if turn.person is None:
            turn.say("sign_in")
        elif turn.pressed and turn.value("proposal_id"):
            await confirm(turn, turn.value("proposal_id") or "")
        elif turn.pressed and turn.value("appeal_proposal_id"):
            await confirm_appeals(turn, turn.value("appeal_proposal_id") or "")
        else:
            await _bare(turn)


class ActionDeny(IntentAction):
    """Intent deny: drops the proposal, or declines the one notice that was seen (after a confirmation)."""

    intent = "deny"

    async def respond(self, turn: Turn) -> None:
        if turn.person is None:
            turn.say("sign_in")
        elif turn.pressed and (proposal_id := turn.value("proposal_id") or turn.value("appeal_proposal_id")):
            if turn.case is not None and turn.case.proposal_id == proposal_id:
                await answers.drop(turn, turn.case)
            else:
                about = "submit_appeal" if turn.value("appeal_proposal_id") else "request_cancellation"
                await Flow.known[about].discard(turn, proposal_id)
                turn.say("proposal_unknown")
        else:
            await _bare(turn)


async def _bare(turn: Turn) -> None:
    notices = await seen_notices(turn)
    if len(notices) == 1:
        notice = notices[0]
        turn.entities.update(order_id=[notice.order_id], dispute_id=[notice.dispute_id])
        await begin(turn, reply_to(notice, turn.intent))
    elif notices:
        ask_which(turn, None, notices)
    else:
        turn.say("nothing_to_confirm")
        await offer_menu(turn)


class ActionStop(IntentAction):
    """Intent stop without an open question: a bare „abbrechen" might mean an order, so ask (intents.md)."""

    intent = "stop"

    async def respond(self, turn: Turn) -> None:
        turn.case = None
        turn.say("stop_nothing_open")
        if turn.person is not None and await my_orders(turn):
            turn.offer("button_cancel_order", "request_cancellation")
            turn.offer("button_never_mind", "thank")


class ActionCorrect(IntentAction):
    """Intent correct without an open question."""

    intent = "correct"

    async def respond(self, turn: Turn) -> None:
        if turn.case is not None:
            await answers.correct(turn, turn.case)
        elif turn.person is not None and turn.value("order_id"):
            await show_order(turn, turn.value("order_id") or "")
        else:
            turn.say("correct_nothing")
            await offer_menu(turn)


class ActionInform(IntentAction):
    """Intent inform without an open question: an order number shows the order and what can be done."""

    intent = "inform"

    async def respond(self, turn: Turn) -> None:
        order_id = turn.value("order_id")
        if turn.person is not None and (turn.value("infraction_id") or turn.appeal_types):
            await begin(turn, "check_appeal_eligibility")
            return
        if turn.person is not None and order_id:
            await show_order(turn, order_id)
            return
        if await answers_update_request(turn):
            return
        turn.say("inform_what")
        await offer_menu(turn)


async def answers_update_request(turn: Turn) -> bool:
    """Words that are no wish of their own, while one seen request for an update waits: they are the answer to it.

    Nothing is sent by this, the answer is proposed first.
    """
    if turn.person is None or turn.case is not None or len(turn.text.split()) < _WORDS_OF_AN_UPDATE:
        return False
    waiting = [notice for notice in await seen_notices(turn) if notice.kind is DisputeKind.UPDATE]
    if len(waiting) != 1 or turn.text.endswith("?"):
        return False
    turn.case = Case(
        flow="provide_update", order_id=waiting[0].order_id, dispute_id=waiting[0].dispute_id, text=tidy(turn.text)
    )
    await Flow.known["provide_update"].run(turn, turn.case)
    return True


async def show_order(turn: Turn, order_id: str) -> None:
    """An order, what is open on it, and every step that is possible now."""
    order = await order_of(turn, order_id)
    if order is None:
        not_found(turn, order_id)
        return
    turn.case, turn.topic = None, order.id
    if order.closed:
        explain(turn, Reason("M-02", "rc_closed", {"order_id": order.id, "state": order.state}), order)
    else:
        say_state(turn, order)
    if (found := open_case(order)) is not None:
        say_item(turn, found)
    if offer_steps(turn, order):
        turn.say("what_now", order=name_of(turn, order))


class ActionFallback(IntentAction):
    """Not understood: once a question with the likely meanings, then buttons, then support. Never silence."""

    intent = "fallback"

    async def respond(self, turn: Turn) -> None:
        if await answers_update_request(turn):
            return
        if turn.case is None and self._wants_to_cancel(turn):
            await begin(turn, "request_cancellation")  # which of the two it can be, the order's facts decide (M-26)
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
            turn.say("contact_support")
            await offer_menu(turn)

    @staticmethod
    def _wants_to_cancel(turn: Turn) -> bool:
        """Only whether with or without consent is unclear."""
        first = [(name, confidence) for name, confidence in turn.ranking if name != UNSURE][:2]
        return {name for name, _ in first} == _CANCELLING and sum(sure for _, sure in first) >= _LIKELY

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
        turn.say("fallback_guess" if guesses else "fallback_again")
        if guesses and guesses[0] in Flow.known and turn.case is None and turn.person is not None:
            turn.case = Case(flow=guesses[0], asked=asking.GUESS, **known)
        for name in guesses:
            turn.offer(f"guess_{name}", name, **known)
