"""A person's deadlines as calendar files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from aiohttp import web

from actions.policy import Actor, Role
from bot.gateway.calendars import Deadlines, Entry, calendar
from bot.gateway.permission import PersonCall
from bot.gateway.problems import Problem, not_found
from bot.gateway.schemas.appeals import AppealPath


async def get_appeal_deadlines(call: PersonCall, path: AppealPath) -> web.Response:
    """Both deadlines of an own appeal, each all day: to file it (or, once filed, to look how it stands), and the last
    day for filing and confirmation."""
    appeal = await call.services.backend.appeals.get(path.id)
    if appeal is None or call.person.role is not Role.SELLER or appeal.seller_id != call.person.sub:
        raise not_found("appeal_not_found", "there is no such appeal for this person")
    entries = (await _deadlines(call)).of_appeal(appeal)
    return _file(entries, appeal.id)


async def get_deadlines(call: PersonCall) -> web.Response:
    """Every open deadline of this person: disputes that wait for an answer, and open appeals."""
    backend, person = call.services.backend, call.person
    deadlines = await _deadlines(call)
    orders = await backend.orders.of_person(Actor(person.role, person.sub))
    appeals = await backend.appeals.of_seller(person.sub) if person.role is Role.SELLER else []
    entries = [entry for order in orders for entry in deadlines.of_order(order, person.role)]
    entries += [entry for appeal in appeals for entry in deadlines.of_appeal(appeal)]
    return _file(entries, "lotse")


async def _deadlines(call: PersonCall) -> Deadlines:
    services = call.services
    voice = await services.chat.voice(call.person)
    return Deadlines(services.wording, voice, services.backend.limits, await services.backend.clock.now())


def _file(entries: Sequence[Entry], name: str) -> web.Response:
    if not entries:
        raise _no_deadline()
    headers = {"Content-Disposition": f'attachment; filename="{name}.ics"'}
    return web.Response(
        body=calendar(entries, datetime.now(UTC)), content_type="text/calendar", charset="utf-8", headers=headers
    )


def _no_deadline() -> Problem:
    return not_found("no_deadline", "there is no deadline to be kept")
