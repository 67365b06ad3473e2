"""Who has asked too often: people by their identity, everybody by their address, and guesses at keys.

The marketplace's own calls are not counted: whoever holds the operator key is a server that may have a backlog to push
after an outage, and refusing it would only make orders stale and verdicts wrong. Wrong keys and tokens are counted by
address; beyond that limit none from there is even looked at.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Collection, Sequence
from http import HTTPStatus

import structlog
from aiohttp import web

from bot import exposition
from bot.gateway import metrics
from bot.gateway.addresses import Addresses
from bot.gateway.buckets import Buckets, Charge
from bot.gateway.config import Rates
from bot.gateway.identity import Person
from bot.gateway.problems import Problem

log = structlog.get_logger(__name__)

_DETAILS = {
    "messages": "too many messages of this person",
    "person": "too many requests of this person",
    "address": "too many requests from this address",
    "failed": "too many failed sign-ins from this address",
}
_FREE = "/health"  # asks nothing of anybody, and must not make a balancer believe that we are dead
_MOST_CLOSED = 10_000
COUNTED = web.RequestKey("counted", bool)
ADDRESS = web.RequestKey("address", str)


class RateLimits:
    """Counts requests and refuses with ``Problem`` 429 ``rate_limited``, whose Retry-After says when to come again."""

    def __init__(
        self,
        rates: Rates,
        buckets: Buckets,
        addresses: Addresses,
        keys: Collection[str] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``keys`` are the marketplace's: requests that bring one are not counted."""
        self._rates = rates
        self._buckets = buckets
        self._addresses = addresses
        self._keys = tuple(keys)
        self._clock = clock
        self._closed: dict[str, tuple[float, str]] = {}

    async def arrived(self, request: web.Request) -> None:
        """A request came in. One that brings a key or token is counted when it is known whose it is."""
        address = request[ADDRESS] = self._addresses.of(request)
        if request.path == _FREE:
            request[COUNTED] = True
        elif given := request.headers.get("Authorization"):
            self._check(_key("failed", address))
            if exposition.admits(given, *self._keys):
                request[COUNTED] = True
            else:
                self._check(_key("address", address))
        else:
            request[COUNTED] = True
            await self._take([self._address(address)])

    async def left(self, request: web.Request) -> None:
        """The request was answered. If nobody asked for its key, its address pays for it."""
        if not request.get(COUNTED, False):
            try:
                await self._take([self._address(request[ADDRESS])])
            except Problem:
                pass  # it is answered already; the next one will hear of it

    async def person(self, request: web.Request, person: Person, *, message: bool = False) -> None:
        """A person's request, after their token was found good; ``message``: it makes the assistant work."""
        request[COUNTED] = True
        who = hashlib.blake2b(f"{person.iss}\0{person.role}\0{person.sub}".encode(), digest_size=12).hexdigest()
        charges = [self._address(request[ADDRESS]), _charge("person", who, self._rates.person)]
        if message:
            charges.append(_charge("messages", who, self._rates.messages))
        await self._take(charges)

    async def failed(self, request: web.Request) -> None:
        """A wrong key or token."""
        metrics.FAILED_AUTHENTICATIONS.inc()
        await self._take([_charge("failed", request[ADDRESS], self._rates.failed)])

    def _address(self, address: str) -> Charge | None:
        return _charge("address", address, self._rates.address)

    async def _take(self, given: Sequence[Charge | None]) -> None:
        charges = [charge for charge in given if charge is not None]
        for charge in charges:
            self._check(charge.key)
        empty = await self._buckets.take(charges) if charges else None
        if empty is None:
            return
        # Whoever goes on asking meanwhile is refused without counting.
        if len(self._closed) >= _MOST_CLOSED:
            self._closed.clear()
        self._closed[empty.charge.key] = (self._clock() + empty.wait, empty.charge.name)
        log.info("request.rate_limited", limit=empty.charge.name, wait=round(empty.wait, 1))
        raise _refusal(empty.charge.name, empty.wait)

    def _check(self, key: str) -> None:
        closed = self._closed.get(key)
        if closed is None:
            return
        until, name = closed
        wait = until - self._clock()
        if wait > 0:
            raise _refusal(name, wait)
        del self._closed[key]


def _key(name: str, whose: str) -> str:
    return f"{name}:{whose}"


def _charge(name: str, whose: str, rate: int) -> Charge | None:
    return Charge(name, _key(name, whose), rate) if rate else None


def _refusal(name: str, wait: float) -> Problem:
    metrics.RATE_LIMITED.labels(name).inc()
    headers = {"Retry-After": str(max(1, math.ceil(wait)))}
    return Problem(HTTPStatus.TOO_MANY_REQUESTS, "rate_limited", _DETAILS[name], headers=headers)
