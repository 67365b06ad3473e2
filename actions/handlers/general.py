"""Everything around the cases: greetings, help, languages, what we cannot do."""

from __future__ import annotations

import re

from actions.handlers.base import IntentAction
from actions.handlers.inform import show_order
from actions.handlers.menu import offer_menu
from actions.handlers.orders import (
    meant_by_title,
    my_orders,
)
from actions.handlers.turn import Turn


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
