"""Problem documents (RFC 9457)."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta


class FieldError(msgspec.Struct, frozen=True):
    """A field of the request that is missing or cannot be used."""

    field: str
    detail: str


class ReasonOut(msgspec.Struct, frozen=True):
    """A rule that stands in the way: its ID in the rule catalogue, a stable code, and its parameters."""

    rule: str
    code: str
    params: dict[str, Any]


class ProblemDocument(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 9457. `code` is stable; `reasons` are there for refused commands, `errors` for unreadable requests."""

    type: str = "about:blank"
    title: str
    status: Annotated[int, Meta(ge=400, le=599)]
    code: str
    detail: str
    errors: tuple[FieldError, ...] = ()
    reasons: tuple[ReasonOut, ...] = ()
    missing: tuple[str, ...] = ()
