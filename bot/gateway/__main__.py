"""``python -m bot.gateway``: start the gateway with the settings of the environment."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys

import structlog
import uvloop
from aiohttp import web

from actions.backend import Backend
from actions.backend.setting_fields import SettingsError
from actions.backend.settings import Settings
from bot import garbage, logs
from bot.gateway.app import create_app
from bot.gateway.config import GatewayConfig, Rates
from bot.gateway.services import SERVICES

log = structlog.get_logger(__name__)


def config_of(settings: Settings) -> GatewayConfig:
    """The gateway's part of the settings."""
    return GatewayConfig(
        operator_key=settings.operator_key,
        engine_urls=settings.rasa_urls,
        actions_url=settings.actions_url,
        internal_secret=settings.internal_secret,
        production=settings.production,
        host=settings.host,
        port=settings.port,
        place=f"{socket.gethostname()}:{settings.port}",
        jwt_secret=settings.jwt_secret,
        jwt_audience=settings.jwt_audience,
        jwt_issuer=settings.jwt_issuer,
        jwks=settings.jwt_jwks or "",
        default_zone=settings.default_zone,
        sweep_interval=float(settings.sweep_seconds),
        stop_within=float(settings.stop_seconds),
        desk_key=settings.desk_key,
        privacy_url=settings.privacy_url,
        rates=Rates(
            messages=settings.rate_messages,
            person=settings.rate_person,
            address=settings.rate_address,
            failed=settings.rate_failed,
        ),
        redis_url=settings.redis_url,
        tracker_url=settings.tracker_database_url,
        trusted_proxies=settings.trusted_proxies,
        origins=settings.allowed_origins,
        sockets_person=settings.sockets_person,
        metrics_key=settings.metrics_key,
        webhook_private=settings.webhook_private,
        webhook_source=settings.webhook_source,
    )


async def serve(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM."""
    config = config_of(settings)
    if config.production and not config.origins:
        log.warning("gateway.no_origins", consequence="the widget works in pages of our own origin only: LOTSE_ORIGINS")
    backend = await Backend.from_settings(settings)
    try:
        app = create_app(config, backend)
        runner = web.AppRunner(
            app,
            access_log=None,
            shutdown_timeout=config.stop_within,
            keepalive_timeout=config.idle_within,
            lingering_time=config.body_within,  # for a body that nobody waits for any more
        )
        await runner.setup()
        try:
            await web.TCPSite(runner, config.host, config.port).start()
            await app[SERVICES].turns.take_over()  # the port is ours: nobody else can be in this place
            garbage.settle()
            log.info("gateway.listening", host=config.host, port=config.port, env=settings.env)
            stop = asyncio.Event()
            for number in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(number, stop.set)
            await stop.wait()
            log.info("gateway.stopping", within=config.stop_within)
        finally:
            await runner.cleanup()
            log.info("gateway.stopped")
    finally:
        await backend.close()


def main() -> None:
    """Read the settings and run."""
    try:
        settings = Settings.from_env()
    except SettingsError as error:
        sys.exit(str(error))
    if not settings.internal_secret:
        sys.exit("LOTSE_INTERNAL_SECRET: needed, the same for gateway, Rasa and actions")
    logs.configure(settings.log_level, "gateway")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(settings))


if __name__ == "__main__":
    main()
