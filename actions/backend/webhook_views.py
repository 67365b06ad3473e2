"""What is said of receivers and deliveries outside the backend. Instants are real time, in UTC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from actions.backend.errors import BackendError
from actions.backend.views import Event

MOST_WEBHOOKS = 50


class DeliveryStatus(StrEnum):
    """waiting: for its next try; delivered: answered with 2xx; failed: given up after three days."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"


class WebhookConflict(BackendError):
    """A receiver that cannot be. `code`: webhook_exists (this URL has one), too_many_webhooks."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Webhook:
    """A receiver and how it stands.

    `position`: the last event that was looked at for it, of `last` events in all. `waiting` and `failed` count
    deliveries. While it fails it is left alone until `rest_until`. Older secrets sign as well until `old_secret_until`.
    """

    id: str
    url: str
    types: tuple[str, ...]
    description: str
    enabled: bool
    disabled_reason: str | None
    created_at: datetime
    position: int
    last: int
    waiting: int
    failed: int
    failures: int
    rest_until: datetime | None
    old_secret_until: datetime | None


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A receiver with its new secret: the only time that it is handed out."""

    webhook: Webhook
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Try:
    """One try: the status of the answer, or else `error` (a word of ours); `took` until then."""

    seq: int
    type: str
    at: datetime
    took: timedelta
    status: int | None = None
    error: str | None = None
    retry_after: timedelta | None = None

    @property
    def ok(self) -> bool:
        """Whether the receiver took it: any 2xx."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def gone(self) -> bool:
        """Whether the receiver wants nothing any more (410)."""
        return self.status == 410

    def to_json(self) -> dict[str, Any]:
        """As it is stored and listed."""
        took = round(self.took.total_seconds() * 1000)
        return {"at": self.at.isoformat(), "response_status": self.status, "error": self.error, "duration_ms": took}


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of an event at a receiver; `tries` are the newest of `attempts`."""

    seq: int
    type: str
    status: DeliveryStatus
    attempts: int
    next_at: datetime | None
    tries: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class WebhookHealth:
    """Receivers in all and disabled ones; of the enabled ones how many events wait (those behind the position included,
    wanted or not), how many failed and are tried again, and since when the oldest is in the feed.
    """

    endpoints: int = 0
    disabled: int = 0
    waiting: int = 0
    failing: int = 0
    oldest_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """What is to be sent to a receiver next, in the feed's order; then everything up to `end` has been looked at.

    What was asked for again after `taken_at` is sent once more.
    """

    webhook_id: str
    url: str
    secrets: tuple[str, ...] = field(repr=False)
    events: tuple[Event, ...]
    start: int
    end: int
    taken_at: datetime


@dataclass(frozen=True, slots=True)
class Noted:
    """What a batch came to: how many were delivered, will be tried again, were given up; did the receiver leave?"""

    delivered: int = 0
    again: int = 0
    given_up: int = 0
    gone: bool = False
