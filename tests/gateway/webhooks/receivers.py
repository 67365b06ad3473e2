"""A marketplace's side: a real server on the loopback interface that checks signatures with the official library."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from standardwebhooks import Webhook

Answer = Callable[["Received"], Awaitable[web.StreamResponse] | web.StreamResponse]


@dataclass(slots=True)
class Received:
    """One request: its body, parsed, and its headers in lower case."""

    event: dict[str, Any]
    raw: bytes
    headers: dict[str, str]

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def seq(self) -> int:
        return int(self.event["data"]["seq"])


@dataclass
class Receiver:
    """`answer` decides what is answered; `received` has everything whose signature was valid, in the order it came."""

    answer: Answer = field(default=lambda _: web.Response(status=204))
    secret: str = ""
    received: list[Received] = field(default_factory=list)
    url: str = ""
    _runner: web.AppRunner | None = None
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def start(self) -> None:
        app = web.Application()
        app.router.add_post("/hooks", self._post)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        assert site._server is not None
        port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
        self.url = f"http://127.0.0.1:{port}/hooks"

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def until(self, count: int, within: float = 10.0) -> list[Received]:
        """Wait until so many requests came."""
        async with asyncio.timeout(within):
            while len(self.received) < count:
                self._news.clear()
                await self._news.wait()
        return self.received

    @property
    def seqs(self) -> list[int]:
        return [one.seq for one in self.received]

    async def _post(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        event = Webhook(self.secret).verify(raw, headers)  # raises: then the answer is 500
        one = Received(event, raw, headers)
        self.received.append(one)
        self._news.set()
        answer = self.answer(one)
        return answer if isinstance(answer, web.StreamResponse) else await answer
