"""Rasa as `make run` starts it: our stores and our channel, loopback unless told otherwise, a secret on every call."""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import structlog

from actions.backend.setting_fields import SettingsError
from actions.backend.settings import Settings
from bot import exposition, garbage, logs
from bot.engine import model, yaml_reading

DAY = 86_400.0
FORGET_EVERY = 3_600.0

log = structlog.get_logger(__name__)


def create_agent(settings: Settings, model_path: Path) -> Any:
    """An agent that is ready to answer."""
    from bot.engine.action_inside import action_endpoint
    from bot.engine.agent import LotseAgent
    from bot.engine.locks import LocalLockStore, RedisLockStore
    from bot.engine.processor import DaskProcessor, LotseProcessor
    from bot.engine.tracker_store import LotseTrackerStore

    agent = LotseAgent(
        LotseTrackerStore(url=settings.tracker_database_url),
        RedisLockStore(settings.redis_url) if settings.redis_url else LocalLockStore(),
        action_endpoint(settings),
        DaskProcessor if settings.graph_runner == "dask" else LotseProcessor,
    )
    with yaml_reading.steady():
        agent.load_model(model_path)
    return agent


def create_app(settings: Settings, model_path: Path) -> Any:
    """Rasa's web application without its HTTP API: nothing is reachable but our channel."""
    from sanic import Sanic, response

    from bot.engine.channel import InternalChannel

    app = Sanic("lotse_rasa", configure_logging=False)
    app.config.update(
        {
            "KEEP_ALIVE_TIMEOUT": 75,
            "RESPONSE_TIMEOUT": 60,
            "REQUEST_MAX_SIZE": 1_000_000,
            "FALLBACK_ERROR_FORMAT": "json",
        }
    )
    channel = InternalChannel(settings.internal_secret)

    async def unused(_message: Any) -> None:
        """Rasa's handler gives back no replies; the channel asks the agent itself."""

    app.blueprint(channel.blueprint(unused), url_prefix=f"/webhooks/{channel.name()}")

    @app.get("/metrics")
    async def metrics(request: Any) -> Any:
        key = settings.metrics_key or settings.internal_secret
        if not exposition.admits(request.headers.get("Authorization", ""), key):
            return response.json({"status": "unauthorised"}, 401)
        return response.raw(exposition.text(), content_type=exposition.CONTENT_TYPE)

    async def start(app: Any, _loop: Any) -> None:
        app.ctx.agent = create_agent(settings, model_path)
        await app.ctx.agent.action_endpoint.start()
        app.ctx.forgetting = asyncio.create_task(_forget(app.ctx.agent.tracker_store, settings.conversation_days))
        garbage.settle()
        log.info("rasa.ready", model=model_path.name)

    async def stop(app: Any, _loop: Any) -> None:
        app.ctx.forgetting.cancel()
        with suppress(asyncio.CancelledError):
            await app.ctx.forgetting
        await app.ctx.agent.action_endpoint.close()
        await app.ctx.agent.tracker_store.close()

    app.register_listener(start, "before_server_start")
    app.register_listener(stop, "after_server_stop")
    return app


async def _forget(store: Any, days: int) -> None:
    """Remove old conversations, now and then."""
    while True:
        try:
            await store.delete_silent_since(time.time() - days * DAY)
        except Exception as error:
            log.warning("conversations.not_removed", error=type(error).__name__)
        await asyncio.sleep(FORGET_EVERY)


def main() -> int:
    try:
        settings = Settings.from_env()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    logs.configure(settings.log_level, "rasa")
    if not settings.internal_secret:
        print("LOTSE_INTERNAL_SECRET: needed, the same for gateway, Rasa and actions", file=sys.stderr)
        return 2
    trained = model.newest()
    if trained is None:
        print("There is no model: run `make train`", file=sys.stderr)
        return 2
    app = create_app(settings, trained)
    app.run(host=settings.internal_host, port=settings.rasa_port, access_log=False, motd=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
