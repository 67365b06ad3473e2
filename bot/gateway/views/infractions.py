"""Infractions as the marketplace issues them."""

from __future__ import annotations

import msgspec

from actions.backend import InfractionPush, InfractionSnapshot
from bot.gateway.permission import OperatorCall
from bot.gateway.problems import not_found
from bot.gateway.schemas.infractions import InfractionOut, InfractionPath, InfractionPushed
from bot.gateway.schemas.infractions import InfractionPush as InfractionBody


async def put_infraction(call: OperatorCall, path: InfractionPath, body: InfractionBody) -> InfractionPushed:
    """An infraction as it is now; a push that is older than what is known changes nothing (`applied: false`).

    Whether it is reversed is decided by appeals alone, and no push undoes it.
    """
    fields = {name: getattr(body, name) for name in body.__struct_fields__}
    result = await call.services.backend.infractions.put(InfractionPush(id=path.id, **fields))
    return InfractionPushed(applied=result.applied, infraction=infraction_out(result.infraction))


async def get_infraction(call: OperatorCall, path: InfractionPath) -> InfractionOut:
    """An infraction, and whether an appeal reversed it."""
    infraction = await call.services.backend.infractions.get(path.id)
    if infraction is None:
        raise not_found("infraction_not_found", "there is no such infraction")
    return infraction_out(infraction)


def infraction_out(infraction: InfractionSnapshot) -> InfractionOut:
    """An infraction as in the contract."""
    return msgspec.convert(infraction.to_json(), InfractionOut)
