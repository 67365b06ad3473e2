"""Whether the process lives, and whether every part answers."""

from __future__ import annotations

import asyncio

from aiohttp import web

from actions.backend import DatabaseUnavailable
from bot.gateway.operations import json_response
from bot.gateway.permission import OpenCall
from bot.gateway.schemas.health import HealthOut, PartOut, ReadyOut
from bot.gateway.services import Services

_DATABASE_TIMEOUT = 2.0


async def get_health(call: OpenCall) -> HealthOut:
    """The process is alive; nothing else is asked."""
    return HealthOut()


async def get_ready(call: OpenCall) -> web.Response:
    """Whether every part answers, with a line for each."""
    parts = await parts_of(call.services)
    ready = all(part.ok for part in parts)
    return json_response(ReadyOut(ready=ready, parts=parts), status=200 if ready else 503)


async def parts_of(services: Services) -> tuple[PartOut, ...]:
    """A look at every part."""
    database, rasa, actions = await asyncio.gather(
        _database(services), services.engine.check(), services.engine.check_actions()
    )
    troubles: dict[str, str | None] = {
        "database": database,
        "rasa": rasa,
        "actions": actions,
        "dispatcher": services.dispatch_loop.trouble(),
        "sweeper": services.sweep_loop.trouble(),
        "answers": services.answer_loop.trouble(),
        "live": services.hub.loop.trouble(),
    }
    if services.stopping:
        troubles["gateway"] = "is about to end"
    return tuple(
        PartOut(name=name, ok=trouble is None, detail=trouble or "ok")  # type: ignore[arg-type]
        for name, trouble in troubles.items()
    )


async def _database(services: Services) -> str | None:
    try:
        async with asyncio.timeout(_DATABASE_TIMEOUT):
            await services.backend.check()
    except (DatabaseUnavailable, TimeoutError) as error:
        return f"no answer ({type(error).__name__})"
    return None
