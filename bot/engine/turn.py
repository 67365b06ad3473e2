"""One message on its way through Rasa: whether it worked, and what was said.

Rasa logs a crashed action as executed and saves the conversation all the same; a resent "yes" would then mean something
else. So the turn is kept in a context variable that Rasa's own code carries along unknowingly: the action endpoint
notes failures in it, and the tracker store asks it before anything is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from rasa.core.channels.channel import CollectingOutputChannel
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.events import Event, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

#: The slot that every custom action of ours sets last, to the message it answered: the proof that it ran to its end.
PROOF_SLOT = "turn"

Reply = dict[str, Any]


class TurnFailedError(Exception):
    """Something in this turn failed; nothing of it was saved."""


class TurnOutput(CollectingOutputChannel):
    """Collects replies as the gateway wants them: text, buttons and custom data of a message stay together."""

    @classmethod
    def name(cls) -> str:
        return "lotse"

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        reply: Reply = {"text": message.get("text") or ""}
        buttons = [*(message.get("quick_replies") or ()), *(message.get("buttons") or ())]
        if buttons:
            reply["buttons"] = [{"title": b.get("title", ""), "payload": b.get("payload", "")} for b in buttons]
        if message.get("custom"):
            reply["custom"] = message["custom"]
        if len(reply) > 1 or reply["text"]:
            self.messages.append(reply)


@dataclass(slots=True)
class Turn:
    """The message that is being answered right now.

    `stored`: the end of its conversation, if it was read already; `is_first`: whether there was none.
    """

    conversation_id: str
    message_id: str
    output: TurnOutput = field(default_factory=TurnOutput)
    failures: list[str] = field(default_factory=list)
    actions_called: int = 0
    stored: Sequence[Any] | None = None
    is_first: bool = False
    saved: bool = False

    @property
    def replies(self) -> list[Reply]:
        return self.output.messages

    def is_in(self, events: Iterable[Event]) -> bool:
        """Whether this turn's message is among `events`."""
        return any(isinstance(event, UserUttered) and event.message_id == self.message_id for event in events)

    def check(self, tracker: DialogueStateTracker) -> None:
        """Raise unless every action of this turn demonstrably ran to its end, and the person was told something."""
        if self.failures:
            raise TurnFailedError("; ".join(self.failures))
        if self.actions_called and PROOF_SLOT in tracker.slots and tracker.get_slot(PROOF_SLOT) != self.message_id:
            raise TurnFailedError("an action did not run to its end")
        if not self.replies:
            raise TurnFailedError("nothing was said")
        if tracker.latest_action_name != ACTION_LISTEN_NAME:
            # Rasa's circuit breaker: saved like this, the next message would be met with silence.
            raise TurnFailedError("the dialogue did not come to rest")


current_turn: ContextVar[Turn | None] = ContextVar("current_turn", default=None)
