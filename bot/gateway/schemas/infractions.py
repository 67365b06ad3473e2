"""Infractions, and the names of what can be infringed."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from bot.gateway.schemas.common import Identifier, Instant, PersonId, Request, Struct, Title

TypeName = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._ -]{0,99}(?![\s\S])",
        description="A type of infraction or metric. One that is not on the list can be pushed, but not appealed.",
        examples=["misleading_tracking", "refund"],
    ),
]


class InfractionPath(Request, kw_only=True):
    """Names an infraction."""

    id: Identifier


class InfractionPush(Request, kw_only=True):
    """An infraction as the marketplace issued it. It replaces what was known; `updated_at` decides what is newer.

    `notified_at` only where it is told apart from `issued_at`: the earlier one counts.
    """

    seller_id: PersonId
    type: TypeName
    issued_at: Instant | None = None
    notified_at: Instant | None = None
    order_id: Identifier | None = None
    listing: Title | None = None
    title: Title = ""
    updated_at: Instant


class InfractionOut(Struct, kw_only=True):
    """An infraction. `reversed` is it by an approved appeal alone, named in `reversed_by`."""

    id: str
    seller_id: str
    type: str
    status: Literal["active", "reversed"]
    issued_at: datetime | None
    notified_at: datetime | None
    order_id: str | None
    listing: str | None
    title: str
    updated_at: datetime
    reversed_at: datetime | None
    reversed_by: str | None


class InfractionPushed(Struct, kw_only=True):
    """Whether the push was newer than what was known, and the infraction as it is now."""

    applied: bool
    infraction: InfractionOut
