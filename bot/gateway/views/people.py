"""People as the marketplace names them."""

from __future__ import annotations

from typing import cast

from actions.policy import Role
from bot.gateway.permission import OperatorCall
from bot.gateway.schemas.common import Locale
from bot.gateway.schemas.people import PersonOut, PersonPath, PersonPush


async def put_person(call: OperatorCall, path: PersonPath, body: PersonPush) -> PersonOut:
    """Language and time zone for notices to a person; what their token says overrides it."""
    stored = await call.services.backend.people.put(
        Role(path.role), path.id, locale=body.locale, zoneinfo=body.zoneinfo, name=body.name or None
    )
    return PersonOut(
        role=path.role,
        id=stored.id,
        locale=cast(Locale | None, stored.locale),
        zoneinfo=stored.zoneinfo,
        name=stored.name,
    )
