"""The gateway's edge over HTTP: headers, origins, what arrives too slowly or is too large, request ids, metrics."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestServer
from prometheus_client.parser import text_string_to_metric_families

from actions.backend import DatabaseUnavailable
from bot.gateway import live
from bot.gateway.app import create_app
from bot.gateway.services import SERVICES
from tests.gateway.conftest import OPERATOR, Gateway, Start, problem
from tests.gateway.fakes import FakeEngine

SHOP = "https://shop.example"
PAGES = ["/health", "/ready", "/v1/nothing", "/v1/chat/messages", "/v1/openapi.json", "/widget.js", "/", "/metrics"]


@pytest.mark.parametrize("path", PAGES)
async def test_safe_headers_on_everything(gateway: Gateway, path: str) -> None:
    headers = (await gateway.client.get(path)).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    if path.startswith("/v1/"):
        assert headers["Cache-Control"] == "no-store"
    assert "Strict-Transport-Security" not in headers, "a browser would not come back to http on this machine"


async def test_browsers_stay_with_https(start: Start) -> None:
    async with start(production=True) as gateway:
        assert (await gateway.client.get("/health")).headers["Strict-Transport-Security"].startswith("max-age=")


@pytest.mark.parametrize("path", ["/health", "/ready"])
async def test_monitors_may_ask_with_head(gateway: Gateway, path: str) -> None:
    response = await gateway.client.head(path)
    assert response.status == (await gateway.client.get(path)).status
    assert await response.read() == b""


async def test_pages_on_the_list_may_call_the_chat_and_no_others(start: Start) -> None:
    async with start(origins=(SHOP,)) as gateway:
        token = gateway.person("kim").token

        async def asked(origin: str, method: str = "GET", path: str = "/v1/chat/messages") -> aiohttp.ClientResponse:
            headers = {"Authorization": f"Bearer {token}", "Origin": origin}
            if method == "OPTIONS":
                headers["Access-Control-Request-Method"] = "POST"
            return await gateway.client.request(method, path, headers=headers)

        for method, status in (("GET", 200), ("OPTIONS", 204)):
            allowed = await asked(SHOP, method)
            assert (allowed.status, allowed.headers["Access-Control-Allow-Origin"]) == (status, SHOP)
            assert allowed.headers["Vary"] == "Origin"
            for foreign in ("https://evil.example", "http://shop.example", "https://shop.example.evil.example", "null"):
                refused = await asked(foreign, method)
                assert problem(await refused.json()) == (403, "origin_not_allowed"), foreign
                assert "Access-Control-Allow-Origin" not in refused.headers
        # Our own pages, programs without an origin, and the widget's files, which are the same for everybody.
        own = f"http://{gateway.client.host}:{gateway.client.port}"
        assert (await asked(own)).status == 200
        assert (await gateway.client.get("/v1/chat/messages")).status == 401
        widget = await asked("https://evil.example", path="/widget.js")
        assert (widget.status, widget.headers["Access-Control-Allow-Origin"]) == (200, "*")


async def test_the_live_line_is_for_pages_on_the_list_too(start: Start) -> None:
    async with start(origins=(SHOP,)) as gateway:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await gateway.client.ws_connect(live.PATH, origin="https://evil.example")
        assert refused.value.status == 403
        hello = {"type": "hello", "token": gateway.person("kim").token, "after": 0}
        for origin in (SHOP, None):
            async with gateway.client.ws_connect(live.PATH, origin=origin) as line:
                await line.send_json(hello)
                assert (await line.receive_json())["type"] == "state"


async def test_what_is_too_large_is_not_read(gateway: Gateway) -> None:
    headers = {"Authorization": f"Bearer {OPERATOR}", "Content-Type": "application/json"}
    response = await gateway.client.put("/v1/orders/FO-1", data=b" " * 70_000, headers=headers)
    assert problem(await response.json()) == (413, "request_too_large")
    kim = gateway.person("kim")
    assert problem(await (await kim.post(text="x" * 4001)).json()) == (422, "invalid_request")
    async with gateway.client.ws_connect(live.PATH) as line:
        await line.send_str("x" * 20_000)
        await line.receive()
        assert line.close_code == aiohttp.WSCloseCode.MESSAGE_TOO_BIG


async def test_a_body_that_does_not_come_ends_the_connection(start: Start) -> None:
    async with start(body_within=0.3) as gateway:
        reader, writer = await asyncio.open_connection(gateway.client.host, gateway.client.port)
        lines = ["PUT /v1/orders/FO-1 HTTP/1.1", "Host: x", f"Authorization: Bearer {OPERATOR}"]
        lines += ["Content-Type: application/json", "Content-Length: 100", "", '{"customer_id":']
        writer.write("\r\n".join(lines).encode())
        async with asyncio.timeout(3):
            answer = await reader.readuntil(b"body_too_slow")
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b"\r\nConnection: close\r\n" in answer
        writer.close()
        await writer.wait_closed()


async def test_a_connection_that_only_begins_a_request_ends(gateway: Gateway, engine: FakeEngine) -> None:
    """Slow headers: the clock of an idle connection runs until a request is complete."""
    app = create_app(gateway.config, gateway.backend)
    async with TestServer(app) as server:
        runner = server.runner
        assert runner is not None
        assert runner.server is not None
        runner.server._kwargs["keepalive_timeout"] = 0.5  # as __main__ gives it, and shorter
        reader, writer = await asyncio.open_connection(server.host, server.port)
        began = asyncio.get_running_loop().time()
        writer.write(b"GET /health HTTP/1.1\r\nHost: x\r\n")
        sending = asyncio.create_task(_trickle(writer))
        async with asyncio.timeout(5):
            with suppress(ConnectionResetError):  # when a header was on its way
                assert await reader.read() == b""
        assert asyncio.get_running_loop().time() - began < 3
        sending.cancel()
        writer.close()
        await asyncio.gather(sending, writer.wait_closed(), return_exceptions=True)


async def _trickle(writer: asyncio.StreamWriter) -> None:
    for number in range(100):
        writer.write(f"X-{number}: 1\r\n".encode())
        await asyncio.sleep(0.1)


async def test_a_request_id_is_taken_answered_and_handed_on(gateway: Gateway, engine: FakeEngine) -> None:
    given = "shop-4711.retry_2"
    headers = {"Authorization": f"Bearer {gateway.person('kim').token}", "X-Request-ID": given}
    body = {"id": "0b0e7a52-7f0b-4c39-9a2e-6f0f6f7f0001", "text": "Hallo"}
    response = await gateway.client.post("/v1/chat/messages", json=body, headers=headers)
    assert response.headers["X-Request-ID"] == given
    assert engine.request_ids == [given]
    for unusable in ("short", "x" * 65, "Kim Sommer, Kundin", "a\u00e4" * 8, ""):
        response = await gateway.client.get("/health", headers={"X-Request-ID": unusable})
        assert re.fullmatch("[0-9a-f]{16}", response.headers["X-Request-ID"]), unusable


async def numbers(gateway: Gateway, key: str = OPERATOR) -> dict[tuple[str, frozenset[Any]], float]:
    response = await gateway.client.get("/metrics", headers={"Authorization": f"Bearer {key}"})
    assert response.status == 200
    families = text_string_to_metric_families(await response.text())
    return {(s.name, frozenset(s.labels.items())): s.value for family in families for s in family.samples}


async def test_metrics_count_what_happens(frozen: Gateway) -> None:
    def value(found: dict[tuple[str, frozenset[Any]], float], name: str, **labels: str) -> float:
        return found.get((name, frozenset(labels.items())), 0.0)

    before = await numbers(frozen)
    await frozen.order("FO-1")
    await frozen.order("FO-2")
    assert (await frozen.command("FO-1", "request_update", by="kim", text="Na?")).status == 200
    assert (await frozen.command("FO-1", "force_cancel", by="kim")).status == 409
    await frozen.person("kim").say("Hallo")
    await frozen.services_settle()
    after = await numbers(frozen)

    def grew(name: str, **labels: str) -> float:
        return value(after, name, **labels) - value(before, name, **labels)

    assert grew("lotse_turns_total", outcome="answered") == 1
    assert grew("lotse_turn_seconds_count") == 1
    assert grew("lotse_engine_seconds_count") == 1
    assert grew("lotse_commands_total", command="request_update", origin="api") == 1
    refused = {key: n - before.get(key, 0) for key, n in after.items() if key[0] == "lotse_refusals_total"}
    assert {dict(labels)["rule"] for (_, labels), n in refused.items() if n} == {"M-27"}
    assert grew("lotse_http_requests_total", method="PUT", route="/v1/orders/{id}", status="200") == 2
    assert grew("lotse_http_request_seconds_count", route="/v1/orders/{id}") == 2
    assert grew("lotse_notices_total", outcome="delivered") >= 1
    assert value(after, "lotse_open_disputes", kind="update") == 1
    assert value(after, "lotse_outbox_waiting") == 0
    assert value(after, "lotse_pending_messages") == 0
    assert {dict(key[1])["loop"] for key in after if key[0] == "lotse_loop_lag_seconds"} >= {"sweeper", "dispatcher"}
    text = await (await frozen.client.get("/metrics", headers={"Authorization": f"Bearer {OPERATOR}"})).text()
    for personal in ("kim", "vera", "FO-1", "Na?", "Hallo"):
        assert f'"{personal}' not in text


async def test_methods_nobody_knows_make_no_labels(gateway: Gateway) -> None:
    for method in ("PROPFIND", "MKCOL", "TRACE"):
        assert (await gateway.client.request(method, "/health")).status == 405
    methods = {dict(labels).get("method") for _, labels in await numbers(gateway)}
    assert "other" in methods
    assert not methods & {"PROPFIND", "MKCOL", "TRACE"}


async def test_metrics_have_a_key_of_their_own(start: Start) -> None:
    async with start(metrics_key="metrics-key") as gateway:
        assert await numbers(gateway, "metrics-key")
        for key in (OPERATOR, "", "wrong", gateway.person("kim").token):
            response = await gateway.client.get("/metrics", headers={"Authorization": f"Bearer {key}"})
            assert response.status == 401
        assert (await gateway.client.get("/metrics")).status == 401
        events = await gateway.client.get("/v1/events", headers={"Authorization": "Bearer metrics-key"})
        assert events.status == 401


async def test_metrics_without_a_database_say_that_nothing_is_known(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def down() -> None:
        raise DatabaseUnavailable("down")

    assert (await numbers(gateway))[("lotse_outbox_waiting", frozenset())] == 0
    monkeypatch.setattr(gateway.backend.overview, "standing", down)
    found = await numbers(gateway)
    for name in ("lotse_outbox_waiting", "lotse_pending_messages", "lotse_sweeper_lag_seconds"):
        assert found[(name, frozenset())] != found[(name, frozenset())], f"{name} is NaN"


async def test_open_lines_are_counted(gateway: Gateway) -> None:
    name = ("lotse_open_sockets", frozenset())
    before = (await numbers(gateway))[name]
    async with gateway.client.ws_connect(live.PATH) as line:
        await line.send_json({"type": "hello", "token": gateway.person("kim").token, "after": 0})
        await line.receive_json()
        assert (await numbers(gateway))[name] == before + 1


async def test_who_is_about_to_end_is_not_ready(gateway: Gateway) -> None:
    app = gateway.client.app
    assert app is not None
    app[SERVICES].stopping = True
    response = await gateway.client.get("/ready")
    assert response.status == 503
    parts = {part["name"]: part["detail"] for part in (await response.json())["parts"]}
    assert parts["gateway"] == "is about to end"
    assert (await gateway.client.get("/health")).status == 200
