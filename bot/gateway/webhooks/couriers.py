"""The workers that send events: one for each receiver at a time, over all gateways, so that nobody waits for another.

Promised is: every event at least once, under one id. Events about the same subject are sent one after the other in the
feed's order, those about others beside them. One that fails does not hold back what follows: it comes again later.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import secrets
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

import msgspec
import structlog

from actions.backend import Backend, DatabaseUnavailable, Event
from actions.backend import webhook_types as types
from actions.backend.webhook_schedule import BREAK_AFTER
from actions.backend.webhook_views import Batch, Noted, Try
from bot.gateway import metrics
from bot.gateway.config import GatewayConfig
from bot.gateway.webhooks.destinations import Destinations
from bot.gateway.webhooks.sender import Sender, open_sender

log = structlog.get_logger(__name__)

_BATCH = 32
_AT_ONCE = 8
_TEST_WITHIN = 7.0  # seconds; whoever asks for a test waits for its end
_PRUNE_EVERY = 600.0
_NOTE_AGAIN = (0.0, 0.5, 1.0, 2.0, 4.0)
_Post = Callable[[Event], Awaitable[Try]]


class Couriers:
    """The workers of one gateway. `lease` in seconds: how long after this process died others take over."""

    def __init__(
        self, backend: Backend, sender: Sender, destinations: Destinations, source: str, lease: float = 30.0
    ) -> None:
        self.destinations = destinations
        self._backend, self._queue, self._sender = backend, backend.webhook_queue, sender
        self._source, self._lease = source, lease
        self._owner = secrets.token_hex(8)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._stopping = False
        self._renewed = self._pruned = time.monotonic()

    async def step(self) -> None:
        """Renew what is held, and begin with every receiver that has something to do and no worker."""
        if self._stopping:
            return
        now = time.monotonic()
        if self._tasks and now - self._renewed > self._lease / 3:
            kept = await self._queue.renew(self._owner, list(self._tasks), self._lease)
            self._renewed = now
            for lost in self._tasks.keys() - kept:
                self._tasks[lost].cancel()
        for webhook_id in await self._queue.claim(self._owner, self._lease, self._tasks.keys()):
            task = asyncio.create_task(self._work(webhook_id), name=f"webhook {webhook_id}")
            self._tasks[webhook_id] = task
            task.add_done_callback(functools.partial(self._ended, webhook_id))
        if now - self._pruned > _PRUNE_EVERY:
            self._pruned = now
            await self._queue.prune()

    async def idle(self) -> None:
        """Return when no worker is busy."""
        while self._tasks:
            await asyncio.wait(list(self._tasks.values()))

    async def stop(self, within: float) -> None:
        """Begin nothing new and let what is under way end within so many seconds; the rest is sent again by others."""
        self._stopping = True
        tasks = list(self._tasks.values())
        if tasks:
            await asyncio.wait(tasks, timeout=within)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def test(self, webhook_id: str) -> tuple[str, Try] | None:
        """Send a test event now, once: its id and what came of it. None: no such receiver."""
        found = await self._backend.webhooks.signing(webhook_id)
        if found is None:
            return None
        url, signing = found
        message_id = f"test_{secrets.token_hex(12)}"
        at = self._backend.clock.real_now().isoformat().replace("+00:00", "Z")
        message = {
            "specversion": "1.0",
            "id": message_id,
            "source": self._source,
            "type": types.TEST,
            "subject": f"webhooks/{webhook_id}",
            "time": at,
            "datacontenttype": "application/json",
            "data": {"kind": "test", "at": at},
        }
        return message_id, await self._sender.send(url, signing, message_id, _json(message), within=_TEST_WITHIN)

    def _ended(self, webhook_id: str, _: asyncio.Task[None]) -> None:
        self._tasks.pop(webhook_id, None)

    async def _work(self, webhook_id: str) -> None:
        """Send until nothing is left for now."""
        try:
            while not self._stopping:
                batch = await self._queue.next(self._owner, webhook_id, _BATCH)
                if batch is None or not await self._deliver(batch):
                    break
        except DatabaseUnavailable:
            log.warning("webhook.database_unavailable", webhook_id=webhook_id)
        except Exception:
            log.exception("webhook.broken", webhook_id=webhook_id)
        finally:
            with contextlib.suppress(DatabaseUnavailable):  # then the lease ends by itself
                await self._queue.release(self._owner, webhook_id)

    async def _deliver(self, batch: Batch) -> bool:
        """Send a batch and note it, also when it was interrupted. False: somebody else has the receiver now."""
        round_ = _Round(batch, self._post_to(batch), lambda: self._stopping)
        try:
            await round_.run()
        finally:
            noted = await asyncio.shield(self._note(batch, round_.tries))
        if noted is None:
            log.warning("webhook.lease_lost", webhook_id=batch.webhook_id)
        elif batch.events:
            _count(noted, round_.tries)
            log.info(
                "webhook.sent",
                webhook_id=batch.webhook_id,
                last=batch.end,
                delivered=noted.delivered,
                again=noted.again,
                given_up=noted.given_up,
            )
        return noted is not None and not noted.gone

    async def _note(self, batch: Batch, tries: list[Try]) -> Noted | None:
        """Note it, patiently: what cannot be noted is sent again."""
        for pause in _NOTE_AGAIN:
            await asyncio.sleep(pause)
            try:
                return await self._queue.note(self._owner, batch, tries)
            except DatabaseUnavailable:
                continue
        return None

    def _post_to(self, batch: Batch) -> _Post:
        async def post(event: Event) -> Try:
            try:
                body = _json(types.as_cloud_event(event, self._source))
            except Exception:  # our mistake: it must not keep the others from going
                log.exception("webhook.not_written", webhook_id=batch.webhook_id, seq=event.seq)
                now = self._backend.clock.real_now()
                return Try(event.seq, types.type_of(event), now, timedelta(), error="internal_error")
            tried = await self._sender.send(batch.url, batch.secrets, types.message_id(event.seq), body)
            return replace(tried, seq=event.seq, type=types.type_of(event))

        return post


@dataclass(slots=True)
class _Round:
    """One batch on its way. It ends early when the receiver is down or gone: the rest stays for later."""

    batch: Batch
    post: _Post
    stopping: Callable[[], bool]
    tries: list[Try] = field(default_factory=list)

    async def run(self) -> None:
        chains: dict[str, list[Event]] = defaultdict(list)
        for event in self.batch.events:
            chains[types.subject_of(event) or ""].append(event)
        slots = asyncio.Semaphore(_AT_ONCE)
        async with asyncio.TaskGroup() as group:
            for chain in chains.values():
                group.create_task(self._follow(chain, slots))

    async def _follow(self, chain: list[Event], slots: asyncio.Semaphore) -> None:
        for event in chain:
            async with slots:
                if self._is_over():
                    return
                self.tries.append(await self.post(event))

    def _is_over(self) -> bool:
        if self.stopping() or any(one.gone for one in self.tries):
            return True
        return len(self.tries) >= BREAK_AFTER and not any(one.ok for one in self.tries)


def _count(noted: Noted, tries: list[Try]) -> None:
    for outcome, count in (("delivered", noted.delivered), ("again", noted.again), ("given_up", noted.given_up)):
        metrics.WEBHOOK_TRIES.labels(outcome).inc(count)
    for one in tries:
        metrics.WEBHOOK_SECONDS.observe(one.took.total_seconds())


def _json(message: Mapping[str, object]) -> str:
    return msgspec.json.encode(message).decode()


@contextlib.asynccontextmanager
async def open_couriers(config: GatewayConfig, backend: Backend) -> AsyncIterator[Couriers]:
    """The workers with all they need, until the end of the block; whoever opens them also stops them."""
    destinations = Destinations(config.webhook_private)
    try:
        async with open_sender(
            destinations, connect=config.webhook_connect, total=config.webhook_within, now=backend.clock.real_now
        ) as sender:
            yield Couriers(backend, sender, destinations, config.webhook_source, config.webhook_lease)
    finally:
        destinations.close()
