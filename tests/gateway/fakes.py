"""An engine and an action server that do what a test tells them, over real HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

SECRET = "internal-secret-of-the-tests"
Script = Callable[[dict[str, Any]], Awaitable[list[dict[str, Any]]]]


async def echo(turn: dict[str, Any]) -> list[dict[str, Any]]:
    """Repeat what was said."""
    return [{"text": f"Du sagst: {turn.get('text') or turn.get('payload')}"}]


class FakeEngine:
    """Stands in for Rasa and the action server.

    Like the real channel it answers a message id that it has handled with the same replies. ``calls`` are all requests
    in order, ``request_ids`` theirs, ``turns`` those that ran the dialogue, ``running`` how many do at once.
    """

    def __init__(self) -> None:
        self.script: Script = echo
        self.calls: list[dict[str, Any]] = []
        self.turns: list[dict[str, Any]] = []
        self.finished: list[str] = []
        self.request_ids: list[str] = []
        self.failing = False
        self.actions_open = True
        self.most_at_once: dict[str, int] = {}
        self._running: dict[str, int] = {}
        self._handled: dict[str, list[dict[str, Any]]] = {}
        self._server: TestServer | None = None
        self._port: int | None = None

    @property
    def url(self) -> str:
        assert self._port is not None
        return f"http://127.0.0.1:{self._port}"

    async def start(self) -> None:
        """Listen; after a stop on the same port again."""
        app = web.Application()
        app.router.add_post("/webhooks/lotse/message", self._message)
        app.router.add_get("/webhooks/lotse/", self._alive)
        app.router.add_get("/webhooks/lotse/actions", self._actions)
        app.router.add_get("/health", self._alive)
        self._server = TestServer(app, port=self._port)
        await self._server.start_server()
        self._port = self._server.port

    async def stop(self) -> None:
        """Refuse connections."""
        if self._server is not None:
            await self._server.close()
            self._server = None

    async def _alive(self, request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def _actions(self, request: web.Request) -> web.Response:
        return web.json_response({}, status=200 if self.actions_open else 503)

    async def _message(self, request: web.Request) -> web.Response:
        if request.headers.get("X-Lotse-Secret") != SECRET:
            return web.Response(status=401)
        turn = await request.json()
        self.calls.append(turn)
        self.request_ids.append(request.headers.get("X-Request-ID", ""))
        if self.failing:
            return web.json_response({"status": "failed"}, status=503)
        message_id, conversation = turn["message_id"], turn["conversation_id"]
        if message_id not in self._handled:
            self._running[conversation] = self._running.get(conversation, 0) + 1
            self.most_at_once[conversation] = max(self.most_at_once.get(conversation, 0), self._running[conversation])
            self.turns.append(turn)
            try:
                replies = await self.script(turn)
            finally:
                self._running[conversation] -= 1
            self._handled[message_id] = replies
            self.finished.append(turn.get("text") or turn.get("payload"))
        return web.json_response({"status": "answered", "messages": self._handled[message_id]})


def slowly(seconds: float, script: Script = echo) -> Script:
    """The same answers, later."""

    async def slow(turn: dict[str, Any]) -> list[dict[str, Any]]:
        await asyncio.sleep(seconds)
        return await script(turn)

    return slow
