"""A gateway with a fake engine behind it, a shop page that embeds the widget, and a browser in front."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, BrowserContext, Locator, Page, async_playwright, expect

from actions.backend import Backend, Desk, Reply, ReplyButton
from actions.policy import Role
from bot.gateway.app import create_app
from bot.gateway.config import GatewayConfig
from bot.gateway.services import SERVICES
from bot.gateway.tokens import mint
from tests.gateway.conftest import JWT_SECRET, config, database_url, migrated, quiet_logs, texts_read_once
from tests.gateway.fakes import FakeEngine

__all__ = ["config", "database_url", "migrated", "quiet_logs", "texts_read_once"]

expect.set_options(timeout=20_000)  # on a machine that is busy with other things

HERE = Path(__file__).parent
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chromium-browser")
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
STRICT = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'"
SHOP = """<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>Mein Laden</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="/demo/icon.svg"><script type="module" src="/widget.js" {data}></script></head>
<body><main><h1>Laden</h1><button type="button">Vor dem Chat</button></main>{body}</body></html>"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(slots=True)
class Host:
    """A page of the marketplace. Served like any page: a browser lets only such ones talk to this machine."""

    html: str
    csp: str
    tokens: Callable[[], str | None]


@dataclass(slots=True)
class Site:
    """A gateway that can be stopped and started again on the same port, as a marketplace's would be."""

    config: GatewayConfig
    database_url: str
    port: int = field(default_factory=free_port)
    backend: Any = None
    pages: dict[str, Host] = field(default_factory=dict)
    desk: Desk | None = None
    _runner: Any = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        evidence = Path(self.database_url.removeprefix("sqlite:///")).parent / "evidence"
        self.backend = await Backend.open(
            self.database_url,
            production=self.config.production,
            evidence_url=f"file://{evidence}",
            desk=self.desk,
        )
        app = create_app(self.config, self.backend)
        app.router.add_get("/shop/{name}", self._page)
        app.router.add_get("/token/{name}", self._token)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    async def without_looking(self) -> None:
        """From now on the gateway does nothing by looking now and then: what happens is passed on, or not at all."""
        await self.stop()
        self.config = replace(self.config, dispatch_interval=600.0, live_interval=600.0)
        await self.start()

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            await self.backend.close()
            self._runner = None

    async def _page(self, request: web.Request) -> web.Response:
        host = self.pages[request.match_info["name"]]
        return web.Response(text=host.html, content_type="text/html", headers={"Content-Security-Policy": host.csp})

    async def _token(self, request: web.Request) -> web.Response:
        token = self.pages[request.match_info["name"]].tokens()
        return web.json_response({"token": token}, status=200 if token else 401)

    @property
    def services(self) -> Any:
        return self._runner.app[SERVICES]

    def token(self, sub: str = "kim", role: str = "customer", **claims: Any) -> str:
        return mint(JWT_SECRET, audience="lotse", role=role, sub=sub, **claims)

    async def say(self, text: str, *, sub: str = "kim", role: str = "customer", **custom: Any) -> None:
        """Something new in somebody's conversation that they did not ask for."""
        conversations = self.backend.conversations
        conversation = await conversations.open("", Role(role), sub)
        buttons = tuple(ReplyButton(title, payload) for title, payload in custom.pop("buttons", ()))
        received = await conversations.add_person_message(
            conversation.id, str(uuid.uuid4()), text="…", owner=(owner := uuid.uuid4().hex)
        )
        await conversations.complete(received.message, [Reply(text, buttons, custom)], owner=owner)


# One browser serves all tests: it lives on one event loop, so they and their fixtures do too.
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)  # before the automatic one


@pytest_asyncio.fixture(loop_scope="session")
async def engine() -> AsyncIterator[FakeEngine]:
    fake = FakeEngine()
    await fake.start()
    yield fake
    await fake.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def site(config: GatewayConfig, database_url: str) -> AsyncIterator[Site]:
    site = Site(replace(config, dispatch_interval=1.0, live_interval=0.5), database_url)
    await site.start()
    yield site
    await site.stop()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)
        yield browser
        await browser.close()


@dataclass(slots=True)
class Shop:
    """A marketplace's page with the widget, and everything that the browser complained about."""

    page: Page
    site: Site
    tokens: Callable[[], str | None]
    complaints: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    @property
    def chat(self) -> Locator:
        return self.page.locator("lotse-chat")

    @property
    def log(self) -> Locator:
        return self.chat.locator("[role=log]")

    @property
    def input(self) -> Locator:
        return self.chat.locator("textarea")

    def messages(self, author: str) -> Locator:
        return self.log.locator(f".message.{author}")

    async def open(self) -> None:
        await self.chat.locator(".launcher").click()
        await self.input.wait_for()

    async def live(self) -> None:
        await self.page.wait_for_selector('lotse-chat[data-status="live"]', state="attached", timeout=30_000)

    async def say(self, text: str) -> None:
        await self.input.fill(text)
        await self.input.press("Enter")

    async def texts(self) -> list[str]:
        """What the log shows, bubble by bubble."""
        return [text.strip() for text in await self.log.locator(".message > .bubble").all_inner_texts()]

    async def set_token(self, token: str | None) -> None:
        await self.page.evaluate("token => document.querySelector('lotse-chat').setToken(token)", token)


Open = Callable[..., Awaitable[Shop]]


@pytest_asyncio.fixture(loop_scope="session")
async def shop(browser: Browser, site: Site) -> AsyncIterator[Open]:
    """Opens a shop page: ``await shop()``; the same ``context`` again is another tab of the same browser."""
    contexts: list[BrowserContext] = []

    async def opened(
        *,
        sub: str = "kim",
        role: str = "customer",
        data: str = "",
        body: str = "",
        lang: str = "de",
        csp: str = STRICT,
        tokens: Callable[[], str | None] | None = None,
        context: BrowserContext | None = None,
        prepare: Callable[[Page], Awaitable[None]] | None = None,
        live: bool = True,
        claims: dict[str, Any] | None = None,
        **options: Any,
    ) -> Shop:
        if context is None:
            defaults = {"locale": "de-DE", "timezone_id": "Europe/Berlin", "viewport": {"width": 1000, "height": 800}}
            context = await browser.new_context(**{**defaults, **options})
            contexts.append(context)
        page = await context.new_page()
        name = uuid.uuid4().hex
        html = SHOP.format(data=f'data-token-url="/token/{name}" {data}', body=body.replace("NAME", name), lang=lang)
        source = tokens or (lambda: site.token(sub, role, **(claims or {})))
        site.pages[name] = Host(html, csp, lambda: made.tokens())
        made = Shop(page, site, source)

        def watch(url: str) -> None:
            if urlsplit(url).hostname != "127.0.0.1" and urlsplit(url).scheme not in ("data", "blob", "about"):
                made.foreign.append(url)

        page.on("console", lambda message: made.complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: made.complaints.append(f"error: {error}"))
        page.on("request", lambda request: watch(request.url))
        if prepare is not None:
            await prepare(page)
        await page.goto(f"{site.url}/shop/{name}")
        if live:
            await made.live()
        return made

    yield opened
    for context in contexts:
        await context.close()


async def until(condition: Callable[[], Awaitable[Any]], seconds: float = 20.0) -> Any:
    """Wait until a condition holds, and return what it gave."""
    loop = asyncio.get_running_loop()
    ends = loop.time() + seconds
    while True:
        if found := await condition():
            return found
        assert loop.time() < ends, "it did not become true in time"
        await asyncio.sleep(0.05)


def answering(replies: list[dict[str, Any]]) -> Callable[[dict[str, Any]], Awaitable[list[dict[str, Any]]]]:
    """An engine's script that always answers the same."""

    async def script(turn: dict[str, Any]) -> list[dict[str, Any]]:
        return replies

    return script


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """The development packages of the widget's checks, from npm."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("there is no npm on this machine")
    folder = HERE / "node_modules"
    if not (folder / ".package-lock.json").exists():
        done = subprocess.run(
            [npm, "ci", "--no-audit", "--no-fund", "--prefer-offline"],
            cwd=HERE,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            pytest.skip(f"npm could not install the checks: {done.stderr[-300:]}")
    return folder


__all__ += ["FakeEngine"]
