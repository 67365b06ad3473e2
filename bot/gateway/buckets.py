"""Token buckets, in this process or in Redis: how often something may happen, on real time.

A bucket holds what may happen within a minute and refills evenly. It is kept as one number, the instant at which it
would be full again (the generic cell rate algorithm), so that a bucket nobody touches needs no upkeep. Several buckets
are charged at once, all or none: whoever is refused at one has paid at none.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import redis.asyncio
import structlog
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

WINDOW = 60.0  # seconds in which an empty bucket is full again
_MOST_KEPT = 100_000
_REDIS_WITHIN = 0.25  # seconds; a limit is not worth more of a person's time
_REDIS_REST = 5.0  # seconds for which this process counts alone after Redis did not answer
_SCRIPT = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1e6
local full = {}
for i, key in ipairs(KEYS) do
  full[i] = math.max(tonumber(redis.call('GET', key) or 0), now) + tonumber(ARGV[i])
  local wait = full[i] - now - WINDOW
  if wait > 1e-6 then return {i, tostring(wait)} end
end
for i, key in ipairs(KEYS) do
  redis.call('SET', key, string.format('%.6f', full[i]), 'PX', math.ceil((full[i] - now) * 1000))
end
return {0, '0'}
""".replace("WINDOW", str(WINDOW))


@dataclass(frozen=True, slots=True)
class Charge:
    """One token from the bucket ``key``, which holds ``rate`` (above 0) and refills within a minute."""

    name: str
    key: str
    rate: int


@dataclass(frozen=True, slots=True)
class Empty:
    """The bucket that had no token left, and in how many seconds it has one."""

    charge: Charge
    wait: float


class Buckets(Protocol):
    """Where buckets are kept."""

    async def take(self, charges: Sequence[Charge]) -> Empty | None:
        """Take a token from each; from none when one is empty, which is returned."""

    async def close(self) -> None:
        """Let go of connections."""


class LocalBuckets:
    """The buckets of this process. At most 100,000: the ones that are full go first, then the oldest."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, most: int = _MOST_KEPT) -> None:
        self._clock = clock
        self._most = most
        self._full_at: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._full_at)

    def charge(self, charges: Sequence[Charge]) -> Empty | None:
        """As ``take``, without waiting for anything."""
        now = self._clock()
        full = []
        for charge in charges:
            full_at = max(self._full_at.get(charge.key, now), now) + WINDOW / charge.rate
            if (wait := full_at - now - WINDOW) > 1e-6:
                return Empty(charge, wait)
            full.append(full_at)
        for charge, full_at in zip(charges, full, strict=True):
            self._full_at[charge.key] = full_at
        if len(self._full_at) > self._most:
            self._make_room(now)
        return None

    async def take(self, charges: Sequence[Charge]) -> Empty | None:
        return self.charge(charges)

    async def close(self) -> None:
        self._full_at.clear()

    def _make_room(self, now: float) -> None:
        self._full_at = {key: full_at for key, full_at in self._full_at.items() if full_at > now}
        surplus = len(self._full_at) - self._most * 9 // 10
        for key in list(itertools.islice(self._full_at, max(0, surplus))):
            del self._full_at[key]


class SharedBuckets:
    """The buckets of all gateways, in Redis or Valkey, by its clock. While it does not answer, this process's own."""

    def __init__(self, url: str) -> None:
        self._redis = redis.asyncio.Redis.from_url(
            url, socket_timeout=_REDIS_WITHIN, socket_connect_timeout=_REDIS_WITHIN
        )
        self._script = self._redis.register_script(_SCRIPT)
        self._alone = LocalBuckets()
        self._alone_until = 0.0

    async def take(self, charges: Sequence[Charge]) -> Empty | None:
        if time.monotonic() < self._alone_until:
            return self._alone.charge(charges)
        try:
            keys = [f"lotse:rate:{charge.key}" for charge in charges]
            which, wait = await self._script(keys=keys, args=[WINDOW / charge.rate for charge in charges])
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("rates.alone", error=type(error).__name__, seconds=_REDIS_REST)
            self._alone_until = time.monotonic() + _REDIS_REST
            return self._alone.charge(charges)
        return Empty(charges[which - 1], float(wait)) if which else None

    async def close(self) -> None:
        await self._redis.aclose()
