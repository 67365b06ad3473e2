"""The private channel and Rasa's launcher, over HTTP: a real server process with the tiny model."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port

from bot.engine.channel import InternalChannel, parse_payload

SECRET = {"X-Lotse-Secret": "s3cret"}
START = """
import sys
from pathlib import Path
from actions.backend.settings import Settings
from bot import logs
from bot.engine import rasa_server
settings = Settings.from_env()
logs.configure("WARNING", "rasa")
sys.exit(rasa_server.run(settings, Path(sys.argv[1])))
"""


@pytest.mark.unit
@pytest.mark.parametrize("payload", ["", "hallo", "/", "/a b", "/greet{", '/greet["a"]', "/greet{1}", "greet{}"])
def test_what_is_no_payload_is_refused(payload: str) -> None:
    with pytest.raises(ValueError, match="payload"):
        parse_payload(payload)


@pytest.mark.unit
def test_a_channel_without_a_secret_is_closed_not_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LOTSE_INTERNAL_SECRET", raising=False)
    assert InternalChannel.from_credentials(None)._secret
    assert InternalChannel.from_credentials({})._secret != InternalChannel.from_credentials({})._secret


class Rasa:
    """The running server, seen from the gateway."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self.http, self.url = http, url

    async def post(self, body: Any, headers: dict[str, str] | None = None) -> tuple[int, Any]:
        async with self.http.post(
            f"{self.url}/message", json=body, headers=SECRET if headers is None else headers
        ) as r:
            return r.status, await r.json()

    async def get(self, path: str = "/", headers: dict[str, str] | None = None) -> int:
        async with self.http.get(f"{self.url}{path}", headers=SECRET if headers is None else headers) as r:
            return r.status


async def action(request: web.Request) -> web.Response:
    call = await request.json()
    latest = call["tracker"]["latest_message"]
    if latest["text"] == "hallo kaputt":
        raise web.HTTPInternalServerError
    events = [{"event": "slot", "name": "turn", "value": latest["metadata"]["message_id"]}]
    return web.json_response(
        {"events": events, "responses": [{"text": "Ja", "custom": {"intent": latest["intent"]["name"]}}]}
    )


async def health(_request: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})


@pytest.fixture
async def rasa(tiny_model: Path, tmp_path: Path) -> AsyncIterator[Rasa]:
    app = web.Application()
    app.router.add_post("/webhook", action)
    app.router.add_get("/health", health)
    actions = TestServer(app)
    await actions.start_server()
    port = unused_port()
    env = {
        "PATH": os.environ["PATH"],
        "LOTSE_RASA_PORT": str(port),
        "LOTSE_ACTIONS_URL": f"http://127.0.0.1:{actions.port}",
        "LOTSE_DATA_DIR": str(tmp_path),
        "LOTSE_INTERNAL_SECRET": SECRET["X-Lotse-Secret"],
    }
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", START, str(tiny_model), env=env)
    async with aiohttp.ClientSession() as http:
        server = Rasa(http, f"http://127.0.0.1:{port}/webhooks/lotse")
        async with asyncio.timeout(60):
            while True:
                assert process.returncode is None
                try:
                    if await server.get() == 200:
                        break
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.1)
        yield server
    process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(10):
        await process.wait()
    await actions.close()


@pytest.mark.integration
@pytest.mark.slow
async def test_the_channel_over_http(rasa: Rasa) -> None:
    hello = {"conversation_id": "c", "message_id": "m1", "text": "hallo", "metadata": {"role": "customer"}}
    answered = (200, {"status": "answered", "messages": [{"text": "Ja", "custom": {"intent": "greet"}}]})

    # Nobody without the secret gets anywhere.
    for headers in ({}, {"X-Lotse-Secret": "wrong"}, {"X-Lotse-Secret": ""}):
        assert (await rasa.post(hello, headers))[0] == 401
        assert await rasa.get(headers=headers) == 401

    # It says how the actions are, wherever they run.
    assert await rasa.get("/actions") == 200
    assert await rasa.get("/actions", {}) == 401

    # A message, the same again, and a button.
    assert await rasa.post(hello) == answered
    assert await rasa.post(hello) == answered
    pressed = {"conversation_id": "c", "message_id": "m2", "payload": "/cancel"}
    assert (await rasa.post(pressed))[1]["messages"][0]["custom"] == {"intent": "cancel"}

    # A turn that fails says so and can be sent again.
    broken = {"conversation_id": "c", "message_id": "m3", "text": "hallo kaputt"}
    assert await rasa.post(broken) == (503, {"status": "failed"})
    assert await rasa.post({**broken, "text": "hallo"}) == answered

    # What is not a message is refused.
    for body in (
        {},
        [],
        {**hello, "payload": "/greet"},
        {**hello, "text": None},
        {**hello, "extra": 1},
        {**hello, "text": 1},
    ):
        assert (await rasa.post(body))[0] == 400

    # Nothing of Rasa's own HTTP API is there.
    base = rasa.url.removesuffix("/webhooks/lotse")
    for path in ("/", "/version", "/status", "/domain", "/conversations/c/tracker", "/webhooks/rest/webhook"):
        async with rasa.http.get(f"{base}{path}", headers=SECRET) as response:
            assert response.status == 404


@pytest.mark.integration
@pytest.mark.slow
async def test_metrics_of_rasa_are_for_their_key_alone(rasa: Rasa) -> None:
    body = {"conversation_id": "c", "message_id": "m-1", "text": "hallo", "metadata": {}}
    assert (await rasa.post(body))[0] == 200
    address = rasa.url.removesuffix("/webhooks/lotse") + "/metrics"
    for key, status in ((SECRET["X-Lotse-Secret"], 200), ("wrong", 401), ("", 401)):
        async with rasa.http.get(address, headers={"Authorization": f"Bearer {key}"}) as response:
            assert response.status == status
            page = await response.text()
        assert ("lotse_rasa_turns_total" in page) == (status == 200)
        if status == 200:
            assert 'lotse_rasa_turns_total{outcome="answered"} 1.0' in page
            assert "lotse_rasa_action_call_seconds_count 1.0" in page
