"""What handovers and feedback take and return. Frozen values; instants are real time, in UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from actions.backend.chat_views import StoredMessage
from actions.backend.results import ConfirmStatus
from actions.backend.views import plain
from actions.policy import Role


@dataclass(frozen=True, slots=True)
class Desk:
    """People who can be asked for: how they are called, and how long they may stay silent before Lotse resumes."""

    name: str
    silence: timedelta


class HandoverStatus(StrEnum):
    """OFFERED is the question, DISCARDED one without a yes; WAITING and ACTIVE (the desk has answered) are open."""

    OFFERED = "offered"
    DISCARDED = "discarded"
    WAITING = "waiting"
    ACTIVE = "active"
    CLOSED = "closed"


class Scope(StrEnum):
    """SUMMARY hands over nothing that was written before but the wish itself; CONVERSATION also the last messages."""

    SUMMARY = "summary"
    CONVERSATION = "conversation"


class Ending(StrEnum):
    """Who ended a handover; SILENCE is the desk's, by `Desk.silence`."""

    PERSON = "person"
    DESK = "desk"
    SILENCE = "silence"


@dataclass(frozen=True, slots=True)
class History:
    """Messages of a conversation, the numbers from `first_seq` to `last_seq`; `since` is the first one's instant."""

    first_seq: int
    last_seq: int
    count: int
    since: datetime

    def to_json(self) -> dict[str, Any]:
        """As `Material` keeps it."""
        return {name: plain(value) for name, value in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class Material:
    """Everything that is handed over, exactly as the sentence names it; None is not handed over.

    `desk`: to whom. `words`: the wish as it was written. `order`: {id, title} of the order that was talked about last.
    `messages`: only in the scope CONVERSATION.
    """

    desk: str
    role: Role
    person_id: str
    locale: str
    name: str | None = None
    words: str | None = None
    order: Mapping[str, str] | None = None
    messages: History | None = None

    def to_json(self) -> dict[str, Any]:
        """As stored."""
        return {
            "desk": self.desk,
            "person": {"role": self.role.value, "id": self.person_id, "name": self.name, "locale": self.locale},
            "words": self.words,
            "order": dict(self.order) if self.order else None,
            "messages": self.messages.to_json() if self.messages else None,
        }


@dataclass(frozen=True, slots=True)
class Handover:
    """A handover; `material` as `Material.to_json`. `number` is None before the yes."""

    id: str
    number: int | None
    conversation_id: str
    role: Role
    person_id: str
    status: HandoverStatus
    scope: Scope
    locale: str
    sentence: str
    material: Mapping[str, Any]
    offered_at: datetime
    expires_at: datetime
    requested_at: datetime | None = None
    answered_at: datetime | None = None
    heard_at: datetime | None = None
    agent_name: str | None = None
    closed_at: datetime | None = None
    closed_by: Ending | None = None

    @property
    def is_open(self) -> bool:
        """Whether the person is talking to the desk."""
        return self.status in (HandoverStatus.WAITING, HandoverStatus.ACTIVE)


@dataclass(frozen=True, slots=True)
class HandoverConfirmation:
    """What a yes did: EXECUTED (also when the same message is repeated), ALREADY_DONE, EXPIRED or UNKNOWN."""

    status: ConfirmStatus
    handover: Handover | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """The desk's message in the conversation; `replayed`: this key had said it before."""

    message: StoredMessage
    handover: Handover
    replayed: bool


@dataclass(frozen=True, slots=True)
class HandoverPage:
    """Handovers in the order of their requests; `next` is the number to go on after."""

    handovers: tuple[Handover, ...]
    next: int


class Rating(StrEnum):
    """A thumb."""

    UP = "up"
    DOWN = "down"


class Settled(StrEnum):
    """How a case ended."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    ANSWERED = "answered"
    FORCED = "forced"
    FILED = "filed"


@dataclass(frozen=True, slots=True)
class SettledCase:
    """What feedback is asked about: `kind` is dispute, order or appeal."""

    kind: str
    id: str
    outcome: Settled
    order_id: str | None = None


@dataclass(frozen=True, slots=True)
class Feedback:
    """One rating. `comment` only where it was asked for and given."""

    id: str
    number: int
    conversation_id: str
    role: Role
    person_id: str
    case: SettledCase
    asked_at: datetime
    rating: Rating
    rated_at: datetime
    comment: str | None = None
    commented_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """How many were asked, and what they answered."""

    asked: int = 0
    up: int = 0
    down: int = 0
    comments: int = 0


@dataclass(frozen=True, slots=True)
class FeedbackPage:
    """Ratings in their order, `next` the number to go on after; `total` and `by_outcome` count all, not the page."""

    feedback: tuple[Feedback, ...]
    next: int
    total: Tally
    by_outcome: Mapping[Settled, Tally] = field(default_factory=dict)
