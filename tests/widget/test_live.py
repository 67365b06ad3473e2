"""The live connection without a browser: who may listen, what is sent, when it ends. And the widget's files."""

from __future__ import annotations

import asyncio
import gzip
import re
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import aiohttp
import jwt
import pytest
import pytest_asyncio
from aiohttp import WSMsgType

from bot.gateway import live
from tests.gateway.conftest import JWT_SECRET
from tests.gateway.fakes import FakeEngine, slowly
from tests.widget.conftest import Site, until

pytestmark = pytest.mark.integration


@pytest_asyncio.fixture(loop_scope="session")
async def http(site: Site) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(site.url) as session:
        yield session


class Line:
    """A client's end of a live connection."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.frames: list[dict[str, Any]] = []

    async def hello(self, token: str, after: int = 0) -> None:
        await self.socket.send_json({"type": "hello", "token": token, "after": after})

    async def frame(self, kind: str, seconds: float = 20.0) -> dict[str, Any]:
        """The next frame of a kind."""
        async with asyncio.timeout(seconds):
            while True:
                frame = await self.socket.receive_json()
                self.frames.append(frame)
                if frame["type"] == kind:
                    return frame

    async def code(self, seconds: float = 20.0) -> int | None:
        """The code with which the gateway ends the connection."""
        async with asyncio.timeout(seconds):
            while (await self.socket.receive()).type not in (WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.CLOSING):
                pass
        return self.socket.close_code


@pytest_asyncio.fixture(loop_scope="session")
async def line(http: aiohttp.ClientSession) -> AsyncIterator[Any]:
    lines: list[Line] = []

    async def connect() -> Line:
        lines.append(Line(await http.ws_connect(live.PATH)))
        return lines[-1]

    yield connect
    for opened in lines:
        await opened.socket.close()


async def post(http: aiohttp.ClientSession, token: str, text: str, **more: Any) -> dict[str, Any]:
    import uuid

    body = {"id": str(uuid.uuid4()), "text": text, **more}
    async with http.post("/v1/chat/messages", json=body, headers={"Authorization": f"Bearer {token}"}) as response:
        assert response.status == 200
        return await response.json()


async def test_exactly_what_follows_the_number(site: Site, line: Any) -> None:
    for number in range(3):
        await site.say(str(number))
    kim = await line()
    await kim.hello(site.token(), after=3)
    assert [message["seq"] for message in (await kim.frame("messages"))["messages"]] == [4, 5, 6]
    state = await kim.frame("state")
    assert (state["last"], state["typing"]) == (6, False)
    await site.say("neu")
    assert [message["text"] for message in (await kim.frame("messages"))["messages"]][-1] == "neu"


async def test_typing_and_the_own_message_before_the_answer(
    site: Site, line: Any, http: aiohttp.ClientSession, engine: FakeEngine
) -> None:
    engine.script = slowly(0.6)
    kim = await line()
    await kim.hello(site.token())
    await kim.frame("state")
    answer = asyncio.create_task(post(http, site.token(), "Hallo"))
    own = (await kim.frame("messages"))["messages"]
    assert [message["author"] for message in own] == ["person"]
    assert not answer.done()
    assert (await kim.frame("state"))["typing"] is True
    reply = (await kim.frame("messages"))["messages"]
    assert [message["text"] for message in reply] == ["Du sagst: Hallo"]
    assert (await kim.frame("state"))["typing"] is False
    await answer


async def test_nothing_of_another_conversation(site: Site, line: Any) -> None:
    kim, lea = await line(), await line()
    await kim.hello(site.token("kim"))
    await lea.hello(site.token("lea"))
    await kim.frame("state")
    await lea.frame("state")
    await site.say("nur für Kim", sub="kim")
    await kim.frame("messages")
    with pytest.raises(TimeoutError):
        await lea.frame("messages", 1.2)


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    made = {"sub": "kim", "role": "customer", "aud": "lotse", "iat": now, "exp": now + 600, **changes}
    return {name: value for name, value in made.items() if value is not None}


BAD = {
    "forged": jwt.encode(claims(), "another-secret-that-is-long-enough-too", algorithm="HS256"),
    "expired": jwt.encode(claims(exp=int(time.time()) - 5), JWT_SECRET, algorithm="HS256"),
    "wrong audience": jwt.encode(claims(aud="elsewhere"), JWT_SECRET, algorithm="HS256"),
    "no role": jwt.encode(claims(role=None), JWT_SECRET, algorithm="HS256"),
    "alg none": jwt.encode(claims(), None, algorithm="none"),
    "no token": "abc",
}


@pytest.mark.parametrize("token", BAD.values(), ids=BAD)
async def test_a_token_that_is_not_valid_is_refused_everywhere(
    site: Site, line: Any, http: aiohttp.ClientSession, token: str
) -> None:
    kim = await line()
    await kim.hello(token)
    assert await kim.code() == live.UNAUTHORIZED
    headers = {"Authorization": f"Bearer {token}"}
    for method, path, body in (
        ("GET", "/v1/chat/messages?wait=20", None),
        ("POST", "/v1/chat/messages", {"id": "0e1f0a52-77a5-4a52-9f8e-3f5a0f0f4a11", "text": "hallo"}),
        ("POST", "/v1/chat/seen", {"seq": 1}),
    ):
        async with http.request(method, path, json=body, headers=headers) as response:
            assert response.status == 401


async def test_a_token_in_the_address_counts_for_nothing(site: Site, http: aiohttp.ClientSession) -> None:
    async with http.get(f"/v1/chat/messages?token={site.token()}") as response:
        assert response.status == 401


@pytest.mark.parametrize(
    "frame", ["{", "[]", '{"type":"hello"}', '{"type":"x","token":"a"}', '{"type":"hello","token":1}']
)
async def test_other_frames_end_the_connection(line: Any, frame: str) -> None:
    kim = await line()
    await kim.socket.send_str(frame)
    assert await kim.code() == live.UNREADABLE


async def test_a_frame_that_is_too_large_or_binary(line: Any) -> None:
    kim, lea = await line(), await line()
    await kim.socket.send_str("x" * 20_000)
    assert await kim.code() == aiohttp.WSCloseCode.MESSAGE_TOO_BIG
    await lea.socket.send_bytes(b"{}")
    assert await lea.code() == live.UNREADABLE


async def test_a_token_that_ends_is_asked_for_anew_and_then_ends_the_connection(site: Site, line: Any) -> None:
    kim, lea = await line(), await line()
    await kim.hello(site.token("kim", seconds=2))
    await lea.hello(site.token("lea", seconds=2))
    await kim.frame("renew")
    await lea.frame("renew")
    await lea.socket.send_json({"type": "token", "token": site.token("lea")})
    assert await kim.code() == live.UNAUTHORIZED
    await site.say("noch da?", sub="lea")
    await lea.frame("messages")


async def test_a_token_of_somebody_else_ends_the_connection(site: Site, line: Any) -> None:
    kim = await line()
    await kim.hello(site.token("kim"))
    await kim.frame("state")
    await kim.socket.send_json({"type": "token", "token": site.token("lea")})
    assert await kim.code() == live.UNAUTHORIZED


async def test_silence_instead_of_hello(site: Site, line: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_HELLO_WITHIN", 0.2)
    assert await (await line()).code() == live.UNAUTHORIZED


async def test_a_person_cannot_open_lines_without_end(site: Site, line: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site.services, "config", replace(site.services.config, sockets_person=2))
    lines = [await line() for _ in range(3)]
    for one in lines[:2]:
        await one.hello(site.token())
        await one.frame("state")
    await lines[2].hello(site.token())
    assert await lines[2].code() == live.TOO_MANY


async def test_a_line_speaks_up_when_nothing_happens(site: Site, line: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_SAY_SOMETHING", 0.5)
    kim = await line()
    await kim.hello(site.token())
    await kim.frame("state")
    await kim.frame("state")


async def test_stopping_says_come_again_at_once(site: Site, line: Any, http: aiohttp.ClientSession) -> None:
    kim = await line()
    await kim.hello(site.token())
    await kim.frame("state")
    headers = {"Authorization": f"Bearer {site.token()}"}
    poll = asyncio.create_task(http.get("/v1/chat/messages?wait=25", headers=headers).__aenter__())
    await asyncio.sleep(0.3)
    began = time.monotonic()
    stopping = asyncio.create_task(site.stop())
    assert await kim.code() == aiohttp.WSCloseCode.GOING_AWAY
    assert (await poll).status == 200
    await stopping
    assert time.monotonic() - began < 20, "not when the poll was due"


async def test_a_long_poll_answers_with_the_first_message(site: Site, http: aiohttp.ClientSession) -> None:
    headers = {"Authorization": f"Bearer {site.token()}"}
    began = time.monotonic()
    async with http.get("/v1/chat/messages?wait=1", headers=headers) as response:
        assert await response.json() == {"messages": [], "next": 0, "handover": None}
    assert time.monotonic() - began > 0.9
    asyncio.get_running_loop().call_later(0.5, lambda: asyncio.ensure_future(site.say("da")))
    async with http.get("/v1/chat/messages?wait=20", headers=headers) as response:
        assert [message["text"] for message in (await response.json())["messages"]][-1:] in (["…"], ["da"])
    assert time.monotonic() - began < 19, "not when the time was up"


async def test_seen_on_one_device_is_seen_on_the_other(site: Site, line: Any, http: aiohttp.ClientSession) -> None:
    await site.say("neu")
    other = await line()
    await other.hello(site.token())
    assert (await other.frame("state"))["seen"] == 0
    headers = {"Authorization": f"Bearer {site.token()}"}

    async def seen(seq: int) -> int:
        async with http.post("/v1/chat/seen", json={"seq": seq}, headers=headers) as response:
            return int((await response.json())["seen"])

    assert await seen(2) == 2
    assert (await other.frame("state"))["seen"] == 2
    assert await seen(1) == 2  # going back changes nothing
    assert await seen(99) <= 2  # nobody has seen what is not written yet


async def test_a_notice_comes_at_once(site: Site, line: Any, http: aiohttp.ClientSession) -> None:
    await site.without_looking()
    operator = {"Authorization": f"Bearer {site.config.operator_key}"}
    order = {
        "customer_id": "kim",
        "seller_id": "vera",
        "title": "Logo",
        "state": "active",
        "expected_delivery_at": "2099-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z",
    }
    async with http.put("/v1/orders/FO-1", json=order, headers=operator) as response:
        assert response.status == 200
    vera = await line()
    await vera.hello(site.token("vera", "seller"))
    await vera.frame("state")
    command = {"actor": {"id": "kim", "role": "customer"}, "command": "request_update", "text": "Wie weit?"}
    keyed = {**operator, "Idempotency-Key": "k"}
    async with http.post("/v1/orders/FO-1/commands", json=command, headers=keyed) as response:
        assert response.status == 200
    notice = (await vera.frame("messages"))["messages"][-1]
    assert (notice["author"], notice["seq"]) == ("notice", 1)


async def test_pages_of_any_origin_may_call_the_chat_and_nothing_else(site: Site, http: aiohttp.ClientSession) -> None:
    asked = {"Origin": "https://laden.example", "Access-Control-Request-Method": "POST"}
    async with http.options("/v1/chat/messages", headers=asked) as response:
        assert response.status == 204
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert "Authorization" in response.headers["Access-Control-Allow-Headers"]
        assert "Access-Control-Allow-Credentials" not in response.headers
    async with http.get("/v1/chat/messages", headers={"Origin": "https://laden.example"}) as response:
        assert (response.status, response.headers["Access-Control-Allow-Origin"]) == (401, "*")
    for path in ("/v1/orders/FO-1", "/demo/token?role=customer&sub=kim", "/v1/events"):
        async with http.get(path, headers={"Origin": "https://laden.example"}) as response:
            assert "Access-Control-Allow-Origin" not in response.headers


async def test_the_widgets_files(site: Site, http: aiohttp.ClientSession) -> None:
    total, seen, left = 0, set[str](), ["/widget.js"]
    while left:
        path = left.pop()
        async with http.get(path, headers={"Accept-Encoding": "gzip"}, auto_decompress=False) as response:  # type: ignore[call-arg]
            content = await response.read()
            assert response.headers["Content-Encoding"] == "gzip"
            assert response.headers["Cache-Control"].startswith("no-cache" if path == "/widget.js" else "public")
            assert response.content_type == "text/javascript"
            total += len(content)
            etag = response.headers["ETag"]
        async with http.get(path, headers={"If-None-Match": etag}) as response:
            assert response.status == 304
        source = gzip.decompress(content).decode()
        assert "http://" not in source.replace("http://www.w3.org/2000/svg", "")
        folder = path.rsplit("/", 1)[0]
        for name in re.findall(r'(?:from|import)\s*"\./([^"]+)"', source):
            target = f"{folder}/{name}"
            if target not in seen:
                seen.add(target)
                left.append(target)
    assert len(seen) == len(site.services.widget.modules)
    assert total <= 30_000
    async with http.get("/widget/0000/lotse.js") as response:  # a page of the release before
        assert (response.status, response.headers["Cache-Control"]) == (200, "no-store")
    async with http.get("/widget/0000/../settings.py") as response:
        assert response.status == 404


async def test_nothing_is_left_behind_by_those_who_hang_up(site: Site, line: Any) -> None:
    kim = await line()
    await kim.hello(site.token())
    await kim.frame("state")
    await kim.socket.close()

    async def gone() -> bool:
        return not site.services.hub._listeners

    await until(gone)
