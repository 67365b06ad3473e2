"""The support desk in the conversation: typed messages go there while a handover is open, until one of three ends it.

Buttons stay the assistant's meanwhile: what they do is certain, a deadline does not wait, and a dispute is nothing that
the desk hears of (M-21).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import structlog

from actions.backend import (
    Backend,
    Completed,
    Conversation,
    Ending,
    Handover,
    Paused,
    PersonRecord,
    Reply,
    ReplyButton,
    StoredMessage,
)
from actions.wording import Wording
from bot.gateway.voice import voice_in

log = structlog.get_logger(__name__)

_LONGEST = 8  # words; who writes more about going back is talking to the desk
_BACK = re.compile(
    r"\b(?:zurück|wieder) (?:zum|zur|zu|mit|an) (?:(?:dem|der|den) )?(?:\w*assistent\w*|lotsen?|\w*bot|programm)\b"
    r"|\b(?:back|return) to (?:the )?(?:\w*assistant|lotse|\w*bot|program)\b"
)
_NOT = re.compile(r"\b(?:nicht|nie|kein\w*|not|never|don ?t|no)\b")
_TEXTS = {
    Ending.PERSON: "gateway_handover_left",
    Ending.DESK: "gateway_handover_closed",
    Ending.SILENCE: "gateway_handover_silent",
}


def goes_back(text: str) -> bool:
    """Whether somebody who talks to the desk wants the assistant again, in so many words."""
    words = re.findall(r"\w+", text.casefold())
    said = " ".join(words)
    return len(words) <= _LONGEST and bool(_BACK.search(said)) and not _NOT.search(said)


class DeskService:
    """Any number of processes may do this at once: the database decides who takes and who ends."""

    def __init__(self, backend: Backend, wording: Wording, default_zone: str, told: Callable[[str], None]) -> None:
        """``told`` is called with a conversation's id when something was written into it."""
        self._backend = backend
        self._wording = wording
        self._default_zone = default_zone
        self._told = told

    async def take(
        self, message: StoredMessage, conversation: Conversation, person: PersonRecord | None, owner: str, lease: float
    ) -> Completed | None:
        """Deal with a message if it is the desk's, or asks for the assistant again; None: the assistant answers it."""
        back = goes_back(message.text) if message.action is None else _presses_back(message.action)
        if self._backend.desk is None or (message.action is not None and not back):
            return None
        handover = await self._backend.handovers.open_in(conversation.id)
        if handover is None:
            return None
        if not back:
            return await self._backend.handovers.take(message, owner=owner, seconds=lease)
        reply = await self._reply(handover, Ending.PERSON, person)
        left = await self._backend.handovers.leave(message, reply, owner=owner, seconds=lease)
        if left is not None:
            log.info("handover.closed", handover_id=handover.id, by=Ending.PERSON.value)
        return left

    async def paused(self, conversation_id: str) -> Paused | None:
        """The handover that is open in a conversation, as clients show it."""
        return await self._backend.handovers.paused(conversation_id) if self._backend.desk is not None else None

    def state(self, paused: Paused | None) -> dict[str, Any] | None:
        """The same as in the contract."""
        if paused is None or self._backend.desk is None:
            return None
        desk = self._backend.desk.name
        return {"id": paused.handover_id, "status": paused.status, "desk": desk, "agent": paused.agent}

    async def close(self, handover: Handover, by: Ending) -> Handover:
        """End a handover and say so in the conversation; one that has ended stays as it is."""
        person = await self._backend.people.get(handover.role, handover.person_id)
        reply = await self._reply(handover, by, person)
        heard_at = handover.heard_at if by is Ending.SILENCE else None
        ended, message = await self._backend.handovers.close(handover.id, by, reply, heard_at=heard_at)
        if message is not None:
            log.info("handover.closed", handover_id=handover.id, by=by.value, conversation_id=handover.conversation_id)
            self._told(handover.conversation_id)
        return ended

    async def sweep(self) -> int:
        """The assistant resumes where the desk was silent for too long; how many handovers were looked at."""
        desk = self._backend.desk
        overdue = await self._backend.handovers.silent(desk)
        for handover in overdue:
            await self.close(handover, Ending.SILENCE if desk is not None else Ending.DESK)
        return len(overdue)

    async def _reply(self, handover: Handover, by: Ending, person: PersonRecord | None) -> Reply:
        voice = await voice_in(self._backend, handover.conversation_id, handover.role.value, person, self._default_zone)
        desk = self._backend.desk
        params: Mapping[str, Any] = {
            "desk": handover.material["desk"],
            "silence": desk.silence if desk is not None else None,
        }
        text = self._wording.text(_TEXTS[by], voice.locale, voice.zone, params)
        again = self._wording.text("button_desk", voice.locale, voice.zone)
        buttons = (ReplyButton(again, '/contact_support{"handover": "ask"}'),) if by is Ending.SILENCE else ()
        return Reply(text, buttons, {"kind": "handover_closed", "locale": voice.locale})


def _presses_back(action: str) -> bool:
    intent, brace, values = action.partition("{")
    return intent == "/contact_support" and json.loads(brace + values or "{}").get("handover") == "back"
