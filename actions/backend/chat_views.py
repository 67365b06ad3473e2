"""What the conversation side of the backend takes and returns. `at` is real time; frozen values, instants in UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from actions.backend.views import PersonRecord
from actions.policy import DisputeKind, Role

SEEN_ASSUMED = "seen_assumed"
"""Kept with a person's message whose client did not say what it shows: `last_seen_seq` is what was handed out."""


class Author(StrEnum):
    """Who wrote a message."""

    PERSON = "person"
    ASSISTANT = "assistant"
    NOTICE = "notice"
    AGENT = "agent"


class MessageState(StrEnum):
    """PENDING: a person's message without its answer yet. Everything else is ANSWERED."""

    PENDING = "pending"
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class Conversation:
    """The conversation of one person. `iss` is None while only notices created it, "" for tokens without an issuer."""

    id: str
    iss: str | None
    role: Role
    sub: str
    last_seq: int = 0
    delivered_seq: int = 0
    seen_seq: int = 0


@dataclass(frozen=True, slots=True)
class Paused:
    """The assistant pauses for this open handover. `status`: waiting or active; `agent`: who answered last."""

    handover_id: str
    status: str
    agent: str | None


@dataclass(frozen=True, slots=True)
class Head:
    """How far a conversation is: its last number, what the person has seen, whether a message is being answered now."""

    id: str
    last_seq: int
    seen_seq: int
    working: bool
    paused: Paused | None = None


@dataclass(frozen=True, slots=True)
class ReplyButton:
    """A button of a reply before it is stored: `payload` is what it means to Rasa, e.g. `/affirm{"proposal_id": …}`."""

    title: str
    payload: str


@dataclass(frozen=True, slots=True)
class StoredButton:
    """A button that was handed out: its title and what it means to Rasa."""

    title: str
    action: str


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply of the assistant before it is stored; `custom` becomes extra fields of the message's JSON."""

    text: str
    buttons: tuple[ReplyButton, ...] = ()
    custom: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """One message. `buttons` carry opaque tokens; `action` is what a pressed button means to Rasa (never shown).

    `in_reply_to` is the client id of the person's message. `id` is ours and unique:
    Rasa gets it as message_id. `last_seen_seq` is what the person had seen when writing.
    """

    id: str
    conversation_id: str
    seq: int
    author: Author
    text: str
    at: datetime
    state: MessageState = MessageState.ANSWERED
    client_id: str | None = None
    payload: str | None = None
    action: str | None = None
    in_reply_to: str | None = None
    buttons: tuple[ReplyButton, ...] = ()
    custom: Mapping[str, Any] = field(default_factory=dict)
    last_seen_seq: int = 0
    attempts: int = 0
    code: str | None = None
    order_id: str | None = None
    dispute_id: str | None = None
    handover_id: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The message as in api.md."""
        extra = {name: value for name, value in self.custom.items() if name != SEEN_ASSUMED}
        fields: dict[str, Any] = {**extra, "seq": self.seq, "author": self.author.value, "text": self.text}
        fields["id"] = self.client_id or self.id
        fields["in_reply_to"] = self.in_reply_to
        fields["buttons"] = [{"title": button.title, "payload": button.payload} for button in self.buttons]
        fields["at"] = self.at.isoformat()
        if self.handover_id is not None:
            fields["handover_id"] = self.handover_id
        return fields


@dataclass(frozen=True, slots=True)
class Said:
    """What arrives from a person: typed `text`, the `payload` of a button, or what was `done` elsewhere.

    `last_seen_seq` is None when the client does not say what it shows.
    """

    client_id: str
    text: str | None = None
    payload: str | None = None
    done: StoredButton | None = None
    custom: Mapping[str, Any] = field(default_factory=dict)
    last_seen_seq: int | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """The number of a reply. `later`: not in the answer to the post, which only said that it takes longer."""

    seq: int
    later: bool


@dataclass(frozen=True, slots=True)
class Received:
    """A person's message was stored, or was there already (`repeated`).

    `turn`: the message to handle NOW, when this call got the lease of the conversation: this one, or an earlier one
    that is still unanswered. None: somebody else has the lease and will come to it, or it is answered already.
    """

    message: StoredMessage
    repeated: bool = False
    turn: StoredMessage | None = None


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message was stored: in the person's `conversation` as it was before, and what is known of them."""

    received: Received
    conversation: Conversation
    person: PersonRecord


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a notice is for: what is known of them, and the locale they were last answered in."""

    person: PersonRecord | None
    spoken_locale: str | None


@dataclass(frozen=True, slots=True)
class Completed:
    """A message was answered. `first` is False when it had been answered before: `replies` are then the stored ones.

    `next`: the next unanswered message; the lease is kept for it. None: the lease is released. `handed`: it is noted
    that everything up to here was handed to the person.
    """

    replies: tuple[StoredMessage, ...]
    first: bool = True
    next: StoredMessage | None = None
    handed: bool = False


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice in the conversation whose dispute is open and awaits this person's answer."""

    seq: int
    order_id: str
    dispute_id: str
    kind: DisputeKind
    code: str
    text: str
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A notice to be rendered and delivered. `params` is JSON (instants ISO 8601 in UTC), see notices.py."""

    id: int
    recipient_role: Role
    recipient_id: str
    code: str
    params: Mapping[str, Any]
    order_id: str | None
    dispute_id: str | None
    created_at: datetime
    attempts: int = 0
    appeal_id: str | None = None
