"""The feed of changes and notices, and the test clock that drives rules and dates."""

from __future__ import annotations

from bot.gateway import encoding
from bot.gateway.permission import OperatorCall
from bot.gateway.problems import Problem
from bot.gateway.schemas.events import ClockOut, ClockPush, EventsOut, EventsQuery


async def get_events(call: OperatorCall, query: EventsQuery) -> EventsOut:
    """Every change and every notice in order, so that the marketplace can refund, e-mail or mirror it."""
    events = await call.services.backend.events.after(query.after, query.limit)
    following = events[-1].seq if events else query.after
    return EventsOut(events=tuple(event.to_json() for event in events), next=following)


async def get_test_clock(call: OperatorCall) -> ClockOut:
    """The business clock."""
    _outside_production(call)
    return await _clock(call)


async def put_test_clock(call: OperatorCall, body: ClockPush) -> ClockOut:
    """Stop the business clock at an instant; answers after everything that fell due was swept and told."""
    _outside_production(call)
    await call.services.backend.clock.set(encoding.utc(body.now))
    await call.services.backend.sweeper.sweep()
    await call.services.dispatcher.dispatch()
    return await _clock(call)


async def delete_test_clock(call: OperatorCall) -> ClockOut:
    """Let the business clock run with real time again."""
    _outside_production(call)
    await call.services.backend.clock.reset()
    return await _clock(call)


async def _clock(call: OperatorCall) -> ClockOut:
    clock = call.services.backend.clock
    return ClockOut(now=encoding.utc(await clock.now()), frozen=await clock.frozen() is not None)


def _outside_production(call: OperatorCall) -> None:
    if call.services.config.production:
        raise Problem(404, "not_found", "there is no test clock in production")
