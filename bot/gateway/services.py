"""Everything that lives as long as the application and that views work with."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from aiohttp import web

from actions.backend import Backend
from actions.wording import Wording
from bot.gateway.addresses import Addresses
from bot.gateway.chat import ChatService
from bot.gateway.config import GatewayConfig
from bot.gateway.desk import DeskService
from bot.gateway.dispatcher import Dispatcher
from bot.gateway.engine import EngineClient
from bot.gateway.hub import Hub
from bot.gateway.identity import TokenVerifier
from bot.gateway.loops import Loop
from bot.gateway.rates import RateLimits
from bot.gateway.turns import TurnRunner
from bot.gateway.webhooks.couriers import Couriers
from bot.widget.assets import Assets


@dataclass(slots=True)
class Services:
    """The parts of the gateway."""

    config: GatewayConfig
    backend: Backend
    wording: Wording
    verifier: TokenVerifier
    engine: EngineClient
    chat: ChatService
    desk: DeskService
    desk_loop: Loop
    dispatcher: Dispatcher
    dispatch_loop: Loop
    sweep_loop: Loop
    answer_loop: Loop
    hub: Hub
    widget: Assets
    addresses: Addresses
    rates: RateLimits
    turns: TurnRunner
    couriers: Couriers
    webhook_loop: Loop
    stopping: bool = False
    ends_at: float | None = None  # on the event loop's clock

    @property
    def loops(self) -> tuple[Loop, ...]:
        """All background work of this process."""
        return (self.dispatch_loop, self.sweep_loop, self.answer_loop, self.desk_loop, self.hub.loop, self.webhook_loop)


SERVICES = web.AppKey("services", Services)
# When a request's time is up; what waits on purpose moves it.
LIMIT = web.RequestKey("limit", asyncio.Timeout)
