"""What people said about settled cases."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from bot.gateway.schemas.common import Request, Role, Struct
from bot.gateway.schemas.events import Cursor

OutcomeName = Literal["accepted", "declined", "withdrawn", "answered", "forced", "filed"]


class FeedbackQuery(Request, kw_only=True):
    """Ratings after number `after`, at most `limit`: all, or those of an outcome or a role."""

    outcome: OutcomeName | UnsetType = UNSET
    role: Role | UnsetType = UNSET
    after: Cursor = 0
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class SettledOut(Struct, kw_only=True):
    """The case that was settled: a dispute, an order cancelled without consent, or an appeal that was filed."""

    kind: Literal["dispute", "order", "appeal"]
    id: str
    order_id: str | None


class FeedbackOut(Struct, kw_only=True):
    """One rating, with words where they were asked for and given. Instants are real time."""

    id: str
    number: int
    person: FeedbackPerson
    conversation_id: str
    case: SettledOut
    outcome: OutcomeName
    rating: Literal["up", "down"]
    asked_at: datetime
    rated_at: datetime
    comment: str | None
    commented_at: datetime | None


class FeedbackPerson(Struct, kw_only=True):
    """Who rated."""

    role: Role
    id: str


class TallyOut(Struct, kw_only=True):
    """How many were asked, and what they answered."""

    asked: int
    up: int
    down: int
    comments: int


class FeedbackList(Struct, kw_only=True):
    """Ratings in their order; pass `next` as `after` to go on. `total` and `by_outcome` count all, not the page."""

    feedback: tuple[FeedbackOut, ...]
    next: int
    total: TallyOut
    by_outcome: dict[str, TallyOut]
