"""Rasa's action server as `make run` starts it: the SDK's executor behind a secret, on loopback unless told otherwise.

The SDK's own server lets anybody in and answers an error with the request in it, words of the person included.
"""

from __future__ import annotations

import hmac
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import msgspec
import structlog
import uvloop
from aiohttp import web
from rasa_sdk.executor import ActionExecutor

from actions.backend.setting_fields import SettingsError
from actions.backend.settings import Settings
from bot import exposition, garbage, logs, request_ids
from bot.engine import action_run

METRICS = "/metrics"
SECRET_HEADER = "X-Lotse-Secret"  # noqa: S105 - the name of the header
LARGEST_REQUEST = 4 * 1024**2

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

executor_key = web.AppKey("executor", ActionExecutor)


def create_app(
    secret: str, executor: ActionExecutor, lifecycle: Any = None, *, metrics_key: str = ""
) -> web.Application:
    """The application; `lifecycle` may have `startup()` and `shutdown()`, awaited before and after serving.

    `metrics_key` reads the metrics, without it the secret does.
    """

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path == METRICS:
            return _metrics(request, metrics_key or secret)
        given = request.headers.get(SECRET_HEADER, "").encode()
        if not hmac.compare_digest(given, secret.encode()):
            return web.json_response({"error": "unauthorised"}, status=401)
        number = request_ids.accepted(request.headers.get(request_ids.HEADER))
        with structlog.contextvars.bound_contextvars(request_id=number):
            return await handler(request)

    app = web.Application(middlewares=[guard], client_max_size=LARGEST_REQUEST)
    app[executor_key] = executor
    app.router.add_get("/health", _health)
    app.router.add_get("/actions", _actions)
    app.router.add_post("/webhook", _webhook)

    async def resources(_app: web.Application) -> AsyncIterator[None]:
        await lifecycle.startup()
        garbage.settle()
        yield
        await lifecycle.shutdown()

    if lifecycle is not None:
        app.cleanup_ctx.append(resources)
    return app


async def _health(_request: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})


def _metrics(request: web.Request, key: str) -> web.Response:
    if not exposition.admits(request.headers.get("Authorization", ""), key):
        return web.json_response({"error": "unauthorised"}, status=401)
    return web.Response(body=exposition.text(), headers={"Content-Type": exposition.CONTENT_TYPE})


async def _actions(request: web.Request) -> web.Response:
    return web.json_response([{"name": name} for name in request.app[executor_key].actions])


async def _webhook(request: web.Request) -> web.Response:
    """Run one action. The status codes are those of the SDK's server, which Rasa knows."""
    try:
        call = msgspec.json.decode(await request.read(), type=dict[str, Any])
    except msgspec.DecodeError:
        return web.json_response({"error": "the body is not a JSON object"}, status=400)
    with structlog.contextvars.bound_contextvars(conversation_id=call.get("sender_id"), message_id=_message_id(call)):
        try:
            result = await action_run.run(request.app[executor_key], call, msgspec.json.encode)
        except action_run.ActionFailedError as error:
            return web.json_response(error.body, status=error.status)
        return web.Response(body=result, content_type="application/json")


def _message_id(call: Mapping[str, Any]) -> str | None:
    """The message that Rasa is answering; None for a call without one."""
    message = (call.get("tracker") or {}).get("latest_message") or {}
    found: str | None = (message.get("metadata") or {}).get("message_id") or message.get("message_id")
    return found


def main() -> int:
    try:
        settings = Settings.from_env()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    logs.configure(settings.log_level, "actions")
    if not settings.internal_secret:
        print("LOTSE_INTERNAL_SECRET: needed, the same for gateway, Rasa and actions", file=sys.stderr)
        return 2
    executor, lifecycle = action_run.load()
    app = create_app(settings.internal_secret, executor, lifecycle, metrics_key=settings.metrics_key)
    web.run_app(
        app,
        host=settings.internal_host,
        port=settings.actions_port,
        print=None,
        access_log=None,
        loop=uvloop.new_event_loop(),
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
