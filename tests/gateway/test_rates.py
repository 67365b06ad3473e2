"""Too many requests: of a person, of an address, of somebody who guesses keys. Never of the marketplace itself."""

from __future__ import annotations

import io
import ipaddress
import uuid
from typing import Any

import aiohttp

from bot.gateway import live
from bot.gateway.addresses import Addresses
from bot.gateway.buckets import LocalBuckets
from bot.gateway.config import Rates
from bot.gateway.rates import RateLimits
from tests.gateway.conftest import NOW, OPERATOR, Gateway, Start, problem

BEHIND = (ipaddress.ip_network("127.0.0.0/8"),)


def from_(address: str, token: str = "") -> dict[str, str]:
    return {"X-Forwarded-For": address, **({"Authorization": f"Bearer {token}"} if token else {})}


async def say(gateway: Gateway, token: str, address: str = "198.51.100.1", **more: Any) -> aiohttp.ClientResponse:
    body = {"id": str(uuid.uuid4()), "text": "Hallo", **more}
    return await gateway.client.post("/v1/chat/messages", json=body, headers=from_(address, token))


async def statuses(gateway: Gateway, count: int, token: str = "", address: str = "198.51.100.1") -> list[int]:
    headers = from_(address, token)
    return [(await gateway.client.get("/v1/chat/messages", headers=headers)).status for _ in range(count)]


async def test_a_person_who_sends_too_much_is_told_when_to_come_again(start: Start) -> None:
    async with start(rates=Rates(messages=3), trusted_proxies=BEHIND) as gateway:
        kim = gateway.person("kim").token
        # From anywhere: it is the person that counts, not the place.
        assert [(await say(gateway, kim, f"198.51.100.{n}")).status for n in range(3)] == [200] * 3
        refused = await say(gateway, kim, "198.51.100.77")
        assert problem(await refused.json()) == (429, "rate_limited")
        assert 1 <= int(refused.headers["Retry-After"]) <= 20
        assert await statuses(gateway, 3, kim) == [200] * 3, "reading goes on"
        assert (await say(gateway, gateway.person("vera", "seller").token)).status == 200
        # The same id under two roles is two people.
        assert (await say(gateway, gateway.person("kim", "seller").token)).status == 200


async def test_a_refused_message_is_kept_nowhere_and_counts_once_it_is_let_in(start: Start) -> None:
    async with start() as gateway:
        now = [0.0]
        buckets = LocalBuckets(lambda: now[0])
        gateway.services().rates = RateLimits(Rates(messages=2), buckets, Addresses(), clock=lambda: now[0])
        kim, message = gateway.person("kim"), str(uuid.uuid4())
        assert [(await kim.post(payload="x")).status for _ in range(2)] == [404, 404]  # they count, too
        refused = await kim.post(id=message, text="Hallo")
        assert (refused.status, refused.headers["Retry-After"]) == (429, "30")
        assert await kim.messages() == []
        now[0] += 29
        assert (await kim.post(id=message, text="Hallo")).status == 429
        now[0] += 2
        assert (await kim.post(id=message, text="Hallo")).status == 200
        assert [m["author"] for m in await kim.messages()] == ["person", "assistant"]


async def test_uploads_count_as_messages(start: Start) -> None:
    async with start(rates=Rates(messages=1)) as gateway:
        mona = gateway.person("mona", "seller")
        assert (await mona.say("Hallo"))["status"] == "answered"
        headers = {"Authorization": f"Bearer {mona.token}"}
        response = await gateway.client.post("/v1/chat/evidence", data={"file": io.BytesIO(b"x")}, headers=headers)
        assert response.status == 429


async def test_an_address_with_too_many_requests(start: Start) -> None:
    async with start(rates=Rates(address=4), trusted_proxies=BEHIND) as gateway:
        kim, vera = gateway.person("kim").token, gateway.person("vera", "seller").token
        assert await statuses(gateway, 2, kim) == [200, 200]
        assert await statuses(gateway, 2, vera) == [200, 200]
        assert await statuses(gateway, 1, kim) == [429]
        assert await statuses(gateway, 1, kim, "198.51.100.2") == [200], "another address is another bucket"
        for path in ("/ready", "/v1/openapi.json", "/widget.js", "/nothing"):
            assert (await gateway.client.get(path, headers=from_("198.51.100.1"))).status == 429
        assert (await gateway.client.get("/health", headers=from_("198.51.100.1"))).status == 200


async def test_a_key_that_nobody_asked_for_does_not_make_requests_free(start: Start) -> None:
    async with start(rates=Rates(address=2), trusted_proxies=BEHIND) as gateway:
        headers = from_("198.51.100.1", "whatever")
        found = [(await gateway.client.get("/v1/openapi.json", headers=headers)).status for _ in range(4)]
        assert found == [200, 200, 200, 429] or found == [200, 200, 429, 429]


async def test_who_guesses_keys_is_not_listened_to_any_more(start: Start) -> None:
    async with start(rates=Rates(failed=3), trusted_proxies=BEHIND) as gateway:

        async def tries(key: str, address: str = "198.51.100.1") -> int:
            return (await gateway.client.get("/v1/events", headers=from_(address, key))).status

        assert [await tries(f"guess {n}") for n in range(3)] == [401] * 3
        assert await tries("guess 3") == 429
        assert await tries(OPERATOR) == 429, "not even the right one: a guess must not be told from a hit"
        assert await tries(OPERATOR, "198.51.100.2") == 200
        # Without any key there is nothing to guess.
        assert [(await gateway.client.get("/v1/events")).status for _ in range(5)] == [401] * 5


async def test_bad_tokens_on_the_live_line_count(start: Start) -> None:
    async with start(rates=Rates(failed=2)) as gateway:
        codes = []
        for _ in range(3):
            async with gateway.client.ws_connect(live.PATH) as line:
                await line.send_json({"type": "hello", "token": "x.y.z", "after": 0})
                await line.receive()
                codes.append(line.close_code)
        assert codes == [live.UNAUTHORIZED, live.UNAUTHORIZED, live.TOO_MANY]


async def test_frames_on_the_live_line_count(start: Start) -> None:
    async with start(rates=Rates(person=3)) as gateway:
        token = gateway.person("kim").token
        async with gateway.client.ws_connect(live.PATH) as line:
            await line.send_json({"type": "hello", "token": token, "after": 0})
            for _ in range(3):
                await line.send_json({"type": "token", "token": token})
            while (await line.receive()).type is aiohttp.WSMsgType.TEXT:
                pass
            assert line.close_code == live.TOO_MANY


async def test_the_marketplace_is_not_counted(start: Start) -> None:
    async with start(rates=Rates(messages=1, person=1, address=1, failed=1)) as gateway:
        assert [(await gateway.operate("GET", "/v1/events")).status for _ in range(10)] == [200] * 10


async def test_the_test_clock_moves_no_limit(start: Start) -> None:
    async with start(rates=Rates(messages=1)) as gateway:
        kim = gateway.person("kim")
        assert (await kim.post(text="Hallo")).status == 200
        await gateway.freeze(NOW.replace(year=2027))
        assert (await kim.post(text="Hallo")).status == 429
