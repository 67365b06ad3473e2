"""Workers over a real database, sending to real servers on the loopback interface."""

from __future__ import annotations

import contextlib
import ipaddress
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from actions.backend import Backend
from actions.backend.webhook_views import NewSecret
from bot.gateway.config import GatewayConfig
from bot.gateway.webhooks.couriers import Couriers, open_couriers
from tests.backend.conftest import (  # noqa: F401 - fixtures
    Opener,
    new_url,
    open_backend,
    sqlite_template,
    url,
)
from tests.backend.world import push
from tests.gateway.webhooks.receivers import Receiver

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)


@dataclass
class Watch:
    """The real time of a backend, moved by the test."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class World:
    """A backend with a clock of its own, and the workers of one gateway."""

    backend: Backend
    couriers: Couriers
    watch: Watch

    async def work(self) -> None:
        """Everything that is due now."""
        await self.couriers.step()
        await self.couriers.idle()

    async def happen(self, *numbers: int) -> None:
        """One event for each number, about an order of its own."""
        for number in numbers:
            await self.backend.orders.put(push(id=f"FO-{number}"))

    async def register(self, receiver: Receiver, types: tuple[str, ...] = ("lotse.order.*",), **more: Any) -> NewSecret:
        made = await self.backend.webhooks.create(receiver.url, types, **more)
        receiver.secret = made.secret
        return made

    async def deliveries(self, made: NewSecret) -> dict[int, Any]:
        found = await self.backend.webhooks.deliveries(made.webhook.id)
        assert found is not None
        return {delivery.seq: delivery for delivery in found}


def config(**changes: Any) -> GatewayConfig:
    settings: dict[str, Any] = {"webhook_private": LOOPBACK, "webhook_connect": 1.0, "webhook_within": 1.0, **changes}
    return GatewayConfig("k", "http://e", "http://a", "s", **settings)


Worlds = Callable[..., Awaitable[World]]


@pytest.fixture
async def new_world(open_backend: Opener) -> AsyncIterator[Worlds]:  # noqa: F811
    """Makes gateways that share one database, and one clock when the same `watch` is given."""
    async with contextlib.AsyncExitStack() as stack:

        async def make(watch: Watch | None = None, **changes: Any) -> World:
            watch = watch or Watch(datetime.now(UTC))
            backend = await open_backend(real_now=watch)
            couriers = await stack.enter_async_context(open_couriers(config(**changes), backend))
            stack.push_async_callback(couriers.stop, 1.0)
            return World(backend, couriers, watch)

        yield make


@pytest.fixture
async def world(new_world: Worlds) -> World:
    return await new_world()


@pytest.fixture
async def new_receiver() -> AsyncIterator[Callable[..., Awaitable[Receiver]]]:
    started: list[Receiver] = []

    async def make(**options: Any) -> Receiver:
        started.append(Receiver(**options))
        await started[-1].start()
        return started[-1]

    yield make
    for receiver in started:
        await receiver.stop()


@pytest.fixture
async def receiver(new_receiver: Callable[..., Awaitable[Receiver]]) -> Receiver:
    return await new_receiver()
