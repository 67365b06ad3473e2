"""One message of one person, as the handlers see it, and the reply that is being put together for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet

from actions.backend import Backend, metrics
from actions.backend.understanding import Heard, Status
from actions.handlers.case import Case
from actions.handlers.person import Person, reply_locale
from actions.policy import Actor, Verdict
from actions.wording import Button, Wording

UNSURE = "nlu_fallback"
_COMMANDS = {
    "force_cancellation": "force_cancel",
    "request_order_update": "request_update",
    "provide_update": "answer_update",
    "withdraw_dispute": "withdraw",
    "accept_request": "accept",
    "decline_request": "decline",
}


@dataclass(slots=True)
class Turn:
    """A message, who wrote it, what is known, and the reply so far.

    ``pressed``: the message is a button, its intent and values are ours and certain. ``now`` is the business clock.
    ``seen_assumed``: the client did not say what it shows, ``last_seen_seq`` is what was handed out without a gap.
    ``appeal_types``: every type that the message can mean; ``type_starts``: where in the text each is named first.
    ``topic`` and ``penalty`` are what was talked about last.
    """

    backend: Backend
    wording: Wording
    person: Person | None
    message_id: str
    conversation_id: str
    text: str
    intent: str
    confidence: float
    ranking: list[tuple[str, float]]
    entities: dict[str, list[str]]
    appeal_types: list[str]
    pressed: bool
    last_seen_seq: int
    seen_assumed: bool
    seq: int
    now: datetime
    locale: str
    case: Case | None
    topic: str | None
    penalty: dict[str, str]
    misses: int
    paragraphs: list[str] = field(default_factory=list)
    buttons: list[Button] = field(default_factory=list)
    custom: dict[str, Any] = field(default_factory=dict)
    missed: bool = False
    type_starts: dict[str, int] = field(default_factory=dict)
    drawn: int = 0  # paragraphs that `rich` shows in another form
    language: str | None = None  # of the text, where it is certain
    guessed: bool = False  # asked with buttons what was meant
    answers: bool = False  # taken for the answer to the open question, whatever its intent

    @classmethod
    def read(cls, tracker: Tracker, backend: Backend, wording: Wording, now: datetime) -> Turn:
        """The newest message of the tracker. Identity comes from its metadata alone, never from slots or text."""
        message = tracker.latest_message
        metadata: Mapping[str, Any] = message.get("metadata") or {}
        intent = message.get("intent") or {}
        person = Person.from_metadata(metadata)
        entities: dict[str, list[str]] = {}
        appeal_types: list[str] = []
        type_starts: dict[str, int] = {}
        for entity in message.get("entities") or ():
            entities.setdefault(entity["entity"], []).append(entity["value"])
            if entity["entity"] == "appeal_type":  # wordings that fit several types name them all
                named = entity.get("candidates") or [entity["value"]]
                appeal_types += named
                type_starts |= {name: int(entity.get("start") or 0) for name in named if name not in type_starts}
        pressed = bool(metadata.get("pressed")) or (person is None and str(message.get("text", "")).startswith("/"))
        text = "" if pressed else str(message.get("text") or "").strip()
        in_words = None if pressed or text.startswith("/") else message.get("language")
        return cls(
            backend=backend,
            wording=wording,
            person=person,
            message_id=str(metadata.get("message_id") or message.get("message_id") or ""),
            conversation_id=str(metadata.get("conversation_id") or tracker.sender_id),
            text=text,
            intent=str(intent.get("name") or UNSURE),
            confidence=float(intent.get("confidence") or 0.0),
            ranking=[(str(r["name"]), float(r["confidence"])) for r in message.get("intent_ranking") or ()],
            entities=entities,
            appeal_types=list(dict.fromkeys(appeal_types)),
            pressed=pressed,
            last_seen_seq=int(metadata.get("last_seen_seq") or 0),
            seen_assumed=bool(metadata.get("seen_assumed")),
            seq=int(metadata.get("seq") or 0),
            now=now,
            locale=reply_locale(person, tracker.get_slot("locale"), in_words),
            case=Case.load(tracker.get_slot("case")),
            topic=tracker.get_slot("topic"),
            penalty=dict(tracker.get_slot("penalty") or {}),
            misses=int(tracker.get_slot("misses") or 0),
            type_starts=type_starts,
            language=in_words if isinstance(in_words, str) else None,
        )

    @property
    def me(self) -> Person:
        """The person; only for handlers that were reached with an identity."""
        if self.person is None:
            raise LookupError("this message came without an identity")
        return self.person

    @property
    def actor(self) -> Actor:
        """The person as the policy names them."""
        return self.me.actor

    @property
    def zone(self) -> ZoneInfo:
        """The person's zone."""
        return self.person.zone if self.person else ZoneInfo("UTC")

    def value(self, entity: str) -> str | None:
        """The first value of an entity in this message."""
        found = self.entities.get(entity)
        return found[0] if found else None

    def phrase(self, name: str, **params: Any) -> str:
        """A text in this person's locale and zone."""
        return self.wording.text(name, self.locale, self.zone, params, now=self.now)

    def say(self, name: str, **params: Any) -> None:
        """Add a paragraph to the reply."""
        self.paragraphs.append(self.phrase(name, **params))

    def offer(self, title: str, intent: str, params: Mapping[str, Any] | None = None, **values: Any) -> None:
        """Add a button with a text of ours as its title; ``values`` are what it carries."""
        self.offer_titled(self.phrase(title, **(params or {})), intent, **values)

    def offer_titled(self, title: str, intent: str, **values: Any) -> None:
        """Add a button; the same one twice is shown once."""
        carried = {name: value for name, value in values.items() if value is not None}
        payload = f"/{intent}{json.dumps(carried, ensure_ascii=False) if carried else ''}"
        if all(button.payload != payload for button in self.buttons):
            self.buttons.append(Button(title, payload))

    def note_refusal(self, flow: str, verdict: Verdict, subject: str | None) -> None:
        """Count a refusal and keep it for whoever runs this, under the command's name where a flow has another one."""
        self.backend.refusals.note(_COMMANDS.get(flow, flow), verdict, origin="chat", subject=subject)

    def note_understanding(self) -> None:
        """Count how this message was understood; keep it for review where that was hard."""
        sure = "pressed" if self.pressed else "missed" if self.missed else "unsure" if self.intent == UNSURE else "sure"
        metrics.UNDERSTOOD.labels("en" if self.locale == "en" else "de", sure).inc()
        guesses = [guess for guess in self.ranking if guess[0] != UNSURE]
        heard = Heard(
            conversation_id=self.conversation_id,
            message_id=self.message_id,
            actor=self.person.actor if self.person else None,
            text=self.text,
            intent=self.intent,
            confidence=guesses[0][1] if self.intent == UNSURE and guesses else self.confidence,
            ranking=guesses,
            language=self.language,
            pressed=self.pressed,
        )
        status = Status.QUESTION if self.guessed else Status.FALLBACK if self.missed else None
        self.backend.understanding.note(heard, status, by_intent=not self.answers, after_miss=self.misses > 0)

    def events(self) -> list[EventType]:
        """The slots after this turn. ``turn`` comes last: it proves that the action ran to its end."""
        return [
            SlotSet("case", self.case.dump() if self.case else None),
            SlotSet("topic", self.topic),
            SlotSet("penalty", self.penalty or None),
            SlotSet("locale", self.locale),
            SlotSet("misses", self.misses + 1 if self.missed else 0),
            SlotSet("turn", self.message_id),
        ]
