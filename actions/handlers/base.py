"""The bases of our Rasa actions: one action per intent, one reply per turn."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import structlog
from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.backend import DatabaseUnavailable
from actions.handlers import router
from actions.handlers.case import Case
from actions.handlers.resources import holder
from actions.handlers.turn import Turn

log = structlog.get_logger(__name__)


class IntentAction(Action, ABC):
    """Answers one intent. What was asked last is read first; see ``actions.handlers.router``."""

    @property
    @abstractmethod
    def intent(self) -> str:
        """The intent; a class attribute of each concrete action."""

    def name(self) -> str:
        return f"action_{self.intent}"

    @abstractmethod
    async def respond(self, turn: Turn) -> None:
        """Answer the intent itself, when no open question claims the message."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        """One turn. A database that is away fails the turn, and the gateway sends it again; our own mistakes do not."""
        shared = await holder.get()
        turn = Turn.read(tracker, shared.backend, shared.wording, await shared.backend.clock.now())
        try:
            await router.respond(turn, self)
        except DatabaseUnavailable:
            raise
        except Exception:
            log.exception("turn_failed", conversation=turn.conversation_id, message=turn.message_id, intent=turn.intent)
            turn.paragraphs, turn.buttons, turn.custom = [], [], {}
            # As before the turn: a question that was not shown must not be there to be answered.
            turn.case = Case.load(tracker.get_slot("case"))
            turn.say("apology")
            turn.offer("button_support", "contact_support")
        turn.note_understanding()
        buttons = [{"title": button.title, "payload": button.payload} for button in turn.buttons]
        dispatcher.utter_message(
            text="\n\n".join(turn.paragraphs), buttons=buttons, json_message={**_custom(turn), "locale": turn.locale}
        )
        return turn.events()


class FlowAction(IntentAction, ABC):
    """Begins the flow of the same name."""

    @property
    @abstractmethod
    def flow(self) -> str:
        """The flow's name, which is the intent's; a class attribute of each concrete action."""

    @property
    def intent(self) -> str:
        return self.flow

    async def respond(self, turn: Turn) -> None:
        await router.begin(turn, self.flow)


def _custom(turn: Turn) -> dict[str, Any]:
    """The fields beside the text. What was said after the part that is drawn belongs below it."""
    after = "\n\n".join(turn.paragraphs[turn.drawn :])
    if "rich" not in turn.custom or not turn.drawn or not after:
        return turn.custom
    return {**turn.custom, "rich": {**turn.custom["rich"], "after": after}}
