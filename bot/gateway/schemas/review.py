"""Messages that were hardly or not understood, for the operator's page."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from bot.gateway.schemas.common import Request, Struct

Number = Annotated[int, Meta(ge=0, le=2**53 - 1)]


class ReviewQuery(Request, kw_only=True):
    """The newest first; `after`: those behind the one with this id."""

    after: Number = 0
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class GuessOut(Struct, kw_only=True):
    """An intent that it could have been."""

    intent: str
    confidence: float


class ReviewMessageOut(Struct, kw_only=True):
    """A message without personal data, and how it was understood.

    `status`: `fallback` (not understood), `question` (the assistant asked with buttons what was meant), `unsure` (acted
    upon). `chosen`: the intent of the button that the person pressed next, or of what they wrote.
    """

    id: int
    at: datetime
    role: str | None
    language: str | None
    text: str
    intent: str
    confidence: float
    ranking: tuple[GuessOut, ...]
    status: Literal["fallback", "question", "unsure"]
    next_kind: str | None
    next_text: str | None
    chosen: str | None


class ReviewOut(Struct, kw_only=True):
    """A page; pass `next` as `after` to go on, null at the end."""

    messages: tuple[ReviewMessageOut, ...]
    next: int | None
