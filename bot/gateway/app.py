"""The gateway as an aiohttp application."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from actions.backend import Backend
from actions.wording import Wording
from bot.engine.memory import RasaMemory
from bot.gateway import cors, live, middleware, openapi
from bot.gateway.addresses import Addresses
from bot.gateway.buckets import LocalBuckets, SharedBuckets
from bot.gateway.chat import ChatService
from bot.gateway.config import GatewayConfig
from bot.gateway.desk import DeskService
from bot.gateway.dispatcher import Dispatcher
from bot.gateway.engine import EngineClient
from bot.gateway.hub import Hub
from bot.gateway.identity import KeySource, NoKeys, Preferred, SharedSecret, TokenVerifier
from bot.gateway.jwks import FileSource, Jwks, UrlSource
from bot.gateway.loops import Loop
from bot.gateway.operations import json_response
from bot.gateway.rates import RateLimits
from bot.gateway.routes import OPERATIONS, add_routes
from bot.gateway.services import SERVICES, Services
from bot.gateway.turns import TurnRunner
from bot.gateway.views import metrics as metrics_view
from bot.gateway.views import ops
from bot.gateway.views.demo import add_demo
from bot.gateway.views.widget import add_widget
from bot.gateway.webhooks.couriers import open_couriers
from bot.widget import assets

API_VERSION = "1.0.0"
_LEAST_GRACE = 0.5  # seconds; to write down what is done already


def create_app(config: GatewayConfig, backend: Backend) -> web.Application:
    """The application; ``backend`` is open already and stays the caller's to close."""
    app = web.Application(
        middlewares=[middleware.around, cors.allow, middleware.problems],
        client_max_size=config.max_body,
    )

    async def services(app: web.Application) -> AsyncIterator[None]:
        async with _services(config, backend) as built:
            app[SERVICES] = built
            yield

    app.cleanup_ctx.append(services)
    app.on_shutdown.append(_begin_to_end)
    add_routes(app)
    app.router.add_get(live.PATH, live.get_live, allow_head=False)
    app.router.add_get("/v1/openapi.json", _get_openapi)
    app.router.add_get(metrics_view.PATH, metrics_view.get_metrics)
    add_widget(app)
    ops.add_page(app)
    if not config.production:
        add_demo(app)
    return app


@functools.cache
def _described() -> dict[str, Any]:
    return openapi.document(OPERATIONS, API_VERSION)


async def _get_openapi(request: web.Request) -> web.Response:
    """The document of this API, made when somebody asks for it first: that takes longer than all else at the start."""
    return json_response(await asyncio.to_thread(_described))


async def _begin_to_end(app: web.Application) -> None:
    """Let everybody who waits go and begin nothing new, before the server waits for what is under way."""
    services = app[SERVICES]
    services.stopping = True
    services.ends_at = asyncio.get_running_loop().time() + services.config.stop_within
    services.turns.end()
    services.hub.end()


@contextlib.asynccontextmanager
async def _services(config: GatewayConfig, backend: Backend) -> AsyncIterator[Services]:
    # Our own session for the engine: no proxy of the environment may come between.
    connector = aiohttp.TCPConnector(limit=0)
    async with (
        aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as http,
        open_couriers(config, backend) as couriers,
    ):
        wording = await asyncio.to_thread(Wording.load, config.responses)
        widget = await asyncio.to_thread(assets.load, wording, config.privacy_url)
        engine = EngineClient(
            http,
            engine_urls=config.engine_urls,
            actions_url=config.actions_url,
            secret=config.internal_secret,
            timeout=config.engine_timeout,
        )
        hub = Hub(backend, config.live_interval)
        buckets = SharedBuckets(config.redis_url) if config.redis_url else LocalBuckets()
        dispatcher = Dispatcher(backend, wording, config.default_zone, hub.kick)
        dispatch_loop = Loop("dispatcher", dispatcher.dispatch, config.dispatch_interval)

        def answered(conversation_id: str) -> None:
            hub.kick(conversation_id)
            dispatch_loop.kick()  # a turn may have left notices for the other party

        desk = DeskService(backend, wording, config.default_zone, hub.kick)
        memory = RasaMemory(config.tracker_url) if config.tracker_url else None
        backend.erasures.memory = memory
        turns = TurnRunner(config, backend, engine, wording, desk, answered)
        built = Services(
            config=config,
            backend=backend,
            wording=wording,
            verifier=TokenVerifier(_keys(config, http), config.jwt_audience, config.jwt_issuer),
            engine=engine,
            chat=ChatService(config, backend, turns, desk, hub.kick),
            desk=desk,
            desk_loop=Loop("desk", desk.sweep, config.desk_interval),
            dispatcher=dispatcher,
            dispatch_loop=dispatch_loop,
            sweep_loop=Loop("sweeper", backend.sweeper.sweep, config.sweep_interval),
            answer_loop=Loop("answers", turns.answer_pending, config.pending_interval),
            hub=hub,
            widget=widget,
            addresses=(addresses := Addresses(config.trusted_proxies)),
            rates=RateLimits(config.rates, buckets, addresses, config.keys),
            turns=turns,
            couriers=couriers,
            webhook_loop=Loop("webhooks", couriers.step, config.webhook_interval),
        )
        for loop in built.loops:
            loop.start()
        try:
            yield built
        finally:
            await asyncio.gather(*(loop.stop() for loop in built.loops))
            left = built.ends_at - asyncio.get_running_loop().time() if built.ends_at else config.stop_within
            await asyncio.gather(turns.stop(max(left, _LEAST_GRACE)), couriers.stop(max(left, _LEAST_GRACE)))
            await buckets.close()
            if memory is not None:
                await memory.close()


def _keys(config: GatewayConfig, http: aiohttp.ClientSession) -> KeySource:
    published: KeySource | None = None
    if config.jwks.startswith(("https://", "http://")):
        published = Jwks(UrlSource(config.jwks, http), min_interval=10.0)
    elif config.jwks:
        published = Jwks(FileSource(Path(config.jwks)), min_interval=1.0)
    if config.production:  # a shared secret never signs tokens there
        return published or NoKeys()
    secret = SharedSecret(config.jwt_secret)
    return Preferred(published, secret) if published else secret
