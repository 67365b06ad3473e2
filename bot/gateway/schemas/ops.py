"""How things stand, for the operator's page and for scripts of whoever is on call."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from bot.gateway.schemas.common import Request, Struct
from bot.gateway.schemas.health import PartOut


class OverviewQuery(Request, kw_only=True):
    """Refusals of how many hours, and how many entries of each list at most."""

    hours: Annotated[int, Meta(ge=1, le=720)] = 168
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class BacklogOut(Struct, kw_only=True):
    """How many wait, how many of them failed at least once, and since when the oldest does."""

    waiting: int
    failing: int
    oldest_at: datetime | None
    oldest_seconds: float


class WebhooksOut(Struct, kw_only=True):
    """Receivers in all and disabled ones; events that wait for the others, and since when the oldest does."""

    endpoints: int
    disabled: int
    waiting: int
    failing: int
    oldest_at: datetime | None


class OpenDisputeOut(Struct, kw_only=True):
    """An open dispute; `overdue` when its last instant has passed and was not swept yet."""

    id: str
    order_id: str
    kind: Literal["update", "cancellation", "extension"]
    filed_by: Literal["customer", "seller"]
    opened_at: datetime
    due_at: datetime | None
    overdue: bool


class OpenAppealOut(Struct, kw_only=True):
    """A filed appeal that waits for a decision; `closes_at` is the first instant at which it lapses."""

    id: str
    subject_id: str
    type: str
    filed_at: datetime | None
    closes_at: datetime | None


class RefusedOut(Struct, kw_only=True):
    """How often a rule stood in the way of a command, and the newest order or appeal that it was about."""

    rule: str
    code: str
    command: str
    count: int
    last_at: datetime
    last_subject: str | None


class OverviewOut(Struct, kw_only=True):
    """One look. `at` is the business clock, by which deadlines run; refusals are since `refusals_since` (real time)."""

    at: datetime
    parts: tuple[PartOut, ...]
    outbox: BacklogOut
    messages: BacklogOut
    webhooks: WebhooksOut
    sweeper_lag_seconds: float
    open_disputes: int
    disputes: tuple[OpenDisputeOut, ...]
    open_appeals: int
    appeals: tuple[OpenAppealOut, ...]
    refusals_since: datetime
    refusals: tuple[RefusedOut, ...]
