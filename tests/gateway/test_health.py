"""Health, readiness, headers, and the page to try it on."""

from __future__ import annotations

import jwt
import pytest

from actions.policy import Role
from bot.gateway.loops import Loop
from tests.gateway.conftest import JWT_SECRET, Gateway, Start
from tests.gateway.fakes import FakeEngine
from tests.gateway.test_chat import eventually

PARTS = ["database", "rasa", "actions", "dispatcher", "sweeper", "answers", "live"]


async def test_ready_says_which_part_is_missing(gateway: Gateway, engine: FakeEngine) -> None:
    async def ready() -> bool:
        return (await gateway.client.get("/ready")).status == 200

    await eventually(ready)
    body = await (await gateway.client.get("/ready")).json()
    assert body["ready"] is True
    assert [part["name"] for part in body["parts"]] == PARTS
    await engine.stop()
    response = await gateway.client.get("/ready")
    body = await response.json()
    assert (response.status, body["ready"]) == (503, False)
    assert [part["name"] for part in body["parts"] if not part["ok"]] == ["rasa", "actions"]
    assert (await gateway.client.get("/health")).status == 200


async def test_rasa_says_how_actions_inside_it_are(start: Start, engine: FakeEngine) -> None:
    async with start(actions_url="") as gateway:

        async def ill() -> list[tuple[str, str]]:
            body = await (await gateway.client.get("/ready")).json()
            return [(part["name"], part["detail"]) for part in body["parts"] if not part["ok"]]

        async def well() -> bool:
            return await ill() == []

        await eventually(well)
        engine.actions_open = False
        assert await ill() == [("actions", "answered 503")]


async def test_a_loop_that_fails_is_told_and_goes_on() -> None:
    failing, steps = True, 0

    async def step() -> None:
        nonlocal steps
        steps += 1
        if failing:
            raise RuntimeError("broken")

    loop = Loop("test", step, 0.01)
    assert loop.trouble() == "not running"
    loop.start()
    try:

        async def broken() -> bool:
            return steps > 3 and loop.trouble() == "last step failed (RuntimeError)"

        await eventually(broken)
        failing = False

        async def well() -> bool:
            return loop.trouble() is None

        await eventually(well)
    finally:
        await loop.stop()
    assert loop.trouble() == "not running"


async def test_a_kick_does_not_wait_for_the_interval() -> None:
    steps = 0

    async def step() -> None:
        nonlocal steps
        steps += 1

    loop = Loop("test", step, 60.0)
    loop.start()
    try:

        async def done(count: int) -> bool:
            return steps == count

        await eventually(lambda: done(1))
        loop.kick()
        await eventually(lambda: done(2), seconds=1.0)
    finally:
        await loop.stop()


@pytest.mark.parametrize("path", ["/health", "/v1/nothing", "/v1/chat/messages", "/v1/openapi.json"])
async def test_safe_headers_everywhere(gateway: Gateway, path: str) -> None:
    headers = (await gateway.client.get(path)).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Request-Id"]


async def test_the_page_and_its_token(gateway: Gateway) -> None:
    page = await gateway.client.get("/")
    html = await page.text()
    assert (page.status, page.content_type) == (200, "text/html")
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert "unsafe-inline" not in page.headers["Content-Security-Policy"]
    assert "<style" not in html
    assert 'src="/demo/demo.js"' in html
    for name, kind in (("demo.js", "text/javascript"), ("demo.css", "text/css"), ("shop.js", "text/javascript")):
        assert (await gateway.client.get(f"/demo/{name}")).content_type == kind
    wish = {"role": "seller", "sub": "demo-verkaeufer", "locale": "en"}
    token = (await (await gateway.client.post("/demo/token", json=wish)).json())["token"]
    person = await gateway.services().verifier.verify(token)
    assert (person.role, person.sub, person.locale) == (Role.SELLER, "demo-verkaeufer", "en")
    assert jwt.decode(token, JWT_SECRET, algorithms=["HS256"], audience="lotse")["exp"]
    assert (await gateway.client.post("/demo/token", json={"role": "platform", "sub": "x"})).status == 422


async def test_no_tokens_for_a_foreign_host_name(gateway: Gateway) -> None:
    wish = {"role": "seller", "sub": "demo-verkaeufer"}
    response = await gateway.client.post("/demo/token", json=wish, headers={"Host": "evil.example"})
    assert response.status == 403


async def test_no_tokens_where_others_can_listen(start: Start) -> None:
    async with start(host="0.0.0.0") as gateway:
        for path in ("/demo/token?role=customer&sub=kim", "/demo/state"):
            assert (await gateway.client.get(path)).status == 403
        assert (await gateway.client.post("/demo/clock", json={"hours": 1})).status == 403


async def test_production_has_no_page_and_mints_nothing(start: Start) -> None:
    async with start(production=True) as gateway:
        assert (await gateway.client.get("/")).status == 404
        assert (await gateway.client.get("/demo/demo.js")).status == 404
        assert (await gateway.client.post("/demo/token", json={"role": "customer", "sub": "x"})).status == 404
