"""The feed of changes and notices, and the test clock."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta

from bot.gateway.schemas.common import Instant, Request, Struct, shown

Cursor = Annotated[int, Meta(ge=0, le=2**53 - 1)]


class EventsQuery(Request, kw_only=True):
    """The events after number `after`, at most `limit`."""

    after: Cursor = 0
    limit: Annotated[int, Meta(ge=1, le=500)] = 100


class EventOut(Struct, kw_only=True):
    """A change or a notice, with further fields.

    `change`: `command`, `actor` {role, id}, `origin` (chat, api, push, clock, receiver), `rules`, `policy_version`,
    `before`, `after`; of an appeal, infraction or webhook also `subject` {kind, id}, of an appeal `effects`. `notice`:
    `recipient` {role, id}, `code`, `params` (with `appeal_id` where it is about one), `text` as the person reads it,
    `locale`.
    `handover`: `type` (`handover.requested`, `handover.message` of the person, `handover.replied`, `handover.closed`),
    `handover_id`, `conversation_id`, `status`, `scope`. `feedback`: `type` (`feedback.given`, `feedback.commented`),
    `feedback_id`, `case` {kind, id, order_id}, `outcome`, `rating`. Neither has words: they are fetched.
    `erasure`: `type` `person.erased`, `role`, `erasure_id`: somebody was deleted; it does not say who. What was about
    them in earlier events is gone or stands under a pseudonym, so that a feed read anew differs from one read before.
    """

    seq: int
    at: datetime
    kind: Literal["change", "notice", "handover", "feedback", "erasure"]
    order_id: str | None


Event = Annotated[dict[str, Any], shown(EventOut)]


class EventsOut(Struct, kw_only=True):
    """Events in order; pass `next` as `after` to go on."""

    events: tuple[Event, ...]
    next: int


class AuditTrail(Struct, kw_only=True):
    """The changes of one order or appeal, the oldest first."""

    events: tuple[Event, ...]


class ClockPush(Request, kw_only=True):
    """The instant at which the business clock stands still from now on."""

    now: Instant


class ClockOut(Struct, kw_only=True):
    """The business clock; `frozen` while a test instant is set."""

    now: datetime
    frozen: bool
