"""Rasa as `make run` starts it: our stores and our channel, loopback unless told otherwise, a secret on every call.

With LOTSE_RASA_WORKERS above 1 the model is loaded once and shared by so many processes, each with a port of its own
(see `bot.engine.forking`). What is opened (databases, connections, the event loop) is opened after that, in each.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import structlog

from actions.backend.setting_fields import SettingsError
from actions.backend.settings import Settings
from bot import exposition, garbage, logs
from bot.engine import model, ports, yaml_reading
from bot.engine.forking import ThreadsAliveError, Workers

DAY = 86_400.0
FORGET_EVERY = 3_600.0

log = structlog.get_logger(__name__)


def create_agent(settings: Settings, model_path: Path) -> Any:
    """An agent that is ready to answer. Opens nothing and starts no thread, so that it can be shared by forking."""
    from bot.engine.action_inside import action_endpoint
    from bot.engine.agent import LotseAgent
    from bot.engine.processor import DaskProcessor, LotseProcessor
    from bot.engine.tracker_store import LotseTrackerStore

    agent = LotseAgent(
        LotseTrackerStore(url=settings.tracker_database_url),
        lock_store(settings),
        action_endpoint(settings),
        DaskProcessor if settings.graph_runner == "dask" else LotseProcessor,
    )
    with yaml_reading.steady():
        agent.load_model(model_path)
    return agent


def lock_store(settings: Settings) -> Any:
    """One message of a conversation at a time, in all processes that these settings know of."""
    from bot.engine.locks import ForkedLockStore, LocalLockStore, RedisLockStore

    if settings.redis_url:
        return RedisLockStore(settings.redis_url)
    return LocalLockStore() if settings.rasa_workers == 1 else ForkedLockStore()


def create_app(settings: Settings, agent: Any, number: int = 0) -> Any:
    """Rasa's web application without its HTTP API: nothing is reachable but our channel.

    Of several workers, only `number` 0 removes old conversations: they have one database.
    """
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
        app.ctx.agent = agent
        await agent.action_endpoint.start()
        if number == 0:
            app.ctx.forgetting = asyncio.create_task(_forget(agent.tracker_store, settings.conversation_days))
        garbage.settle()
        log.info("rasa.ready", model=agent.processor.model_filename)

    async def stop(app: Any, _loop: Any) -> None:
        if number == 0:
            app.ctx.forgetting.cancel()
            with suppress(asyncio.CancelledError):
                await app.ctx.forgetting
        await agent.action_endpoint.close()
        await agent.tracker_store.close()
        await agent.lock_store.close()

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


def serve(settings: Settings, agent: Any, number: int = 0) -> None:
    """Answer on the port of this worker until asked to end."""
    app = create_app(settings, agent, number)
    app.run(host=settings.internal_host, port=settings.rasa_ports[number], access_log=False, motd=False)


def run(settings: Settings, model_path: Path) -> int:
    """Load the model and serve until asked to end; the exit code."""
    with garbage.paused():
        agent = create_agent(settings, model_path)
        _import_for_workers()
    if settings.rasa_workers == 1:
        serve(settings, agent)
        return 0
    garbage.settle()
    return Workers(settings.rasa_workers, lambda number: serve(settings, agent, number)).run()


def _import_for_workers() -> None:
    """What serving will use, so that the workers share that, too."""
    import uvloop  # noqa: F401

    import bot.engine.channel  # noqa: F401


def main() -> int:
    # Before NumPy is imported: a second thread of BLAS has nothing to do with single sentences, and cannot be forked.
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    try:
        settings = Settings.from_env()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    logs.configure(settings.log_level, "rasa")
    if not settings.internal_secret:
        print("LOTSE_INTERNAL_SECRET: needed, the same for gateway, Rasa and actions", file=sys.stderr)
        return 2
    for port in settings.rasa_ports:  # loading takes seconds, and a worker's word of it would stand among many
        if found := ports.trouble(settings.internal_host, port):
            print(f"LOTSE_RASA_PORT: {found}", file=sys.stderr)
            return 2
    trained = model.newest()
    if trained is None:
        print("There is no model: run `make train`", file=sys.stderr)
        return 2
    try:
        return run(settings, trained)
    except ThreadsAliveError as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
