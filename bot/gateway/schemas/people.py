"""People as the marketplace names them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from bot.gateway.schemas.common import Locale, PersonId, Request, Role, Struct, ZoneName

Name = Annotated[str, Meta(pattern=r"^[^\x00-\x1f\x7f]{0,255}(?![\s\S])", description="How to address the person.")]


class PersonPath(Request, kw_only=True):
    """Names a person."""

    role: Role
    id: PersonId


class PersonPush(Request, kw_only=True):
    """Language and time zone for notices to somebody who may never have chatted; a token overrides them."""

    locale: Locale | None = None
    zoneinfo: ZoneName | None = None
    name: Name | None = None


class PersonOut(Struct, kw_only=True):
    """A person as stored."""

    role: Role
    id: str
    locale: Locale | None
    zoneinfo: str | None
    name: str | None
