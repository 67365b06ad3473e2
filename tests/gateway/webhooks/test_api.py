"""Receivers over HTTP: registered, read, changed, deleted, tried, sent to again; and what is never said."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import structlog
from aiohttp import web

from actions.backend import webhooks
from tests.gateway.conftest import OPERATOR, Gateway, Start, problem
from tests.gateway.webhooks.conftest import LOOPBACK
from tests.gateway.webhooks.receivers import Receiver

pytestmark = pytest.mark.integration


@pytest.fixture
async def gateway(start: Start) -> AsyncIterator[Gateway]:
    async with start(webhook_private=LOOPBACK, webhook_interval=0.05, webhook_within=1.0) as running:
        yield running


async def register(gateway: Gateway, receiver: Receiver, **more: Any) -> dict[str, Any]:
    response = await gateway.operate("POST", "/v1/webhooks", {"url": receiver.url, **more})
    assert response.status == 201, await response.text()
    made: dict[str, Any] = await response.json()
    receiver.secret = made["secret"]
    return made["webhook"]  # type: ignore[no-any-return]


async def answer(gateway: Gateway, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    response = await gateway.operate(method, path, body)
    return response.status, await response.json()


async def test_what_happens_reaches_the_receiver_by_itself(gateway: Gateway, receiver: Receiver) -> None:
    made = await register(gateway, receiver, types=["lotse.order.*", "lotse.dispute.*"], description="Bestellungen")
    await gateway.order("FO-1")
    await gateway.command("FO-1", "request_update", by="kim", text="Na?")
    received = await receiver.until(2)
    assert [one.event["type"] for one in received] == ["lotse.order.updated", "lotse.dispute.opened"]
    _, feed = await answer(gateway, "GET", "/v1/events")
    assert [one.event["data"] for one in received] == [one for one in feed["events"] if one["order_id"] == "FO-1"][:2]
    path = f"/v1/webhooks/{made['id']}/deliveries"
    async with asyncio.timeout(5):
        while len(listed := (await answer(gateway, "GET", path))[1]["deliveries"]) < 2:
            await asyncio.sleep(0.05)
    newest, oldest = listed
    assert (newest["id"], newest["type"], newest["status"]) == (received[1].id, "lotse.dispute.opened", "delivered")
    assert newest["seq"] > oldest["seq"] and newest["attempts"] == 1 and newest["next_try_at"] is None
    (tried,) = newest["tries"]
    assert (tried["response_status"], tried["error"]) == (204, None) and tried["duration_ms"] >= 0
    status, page = await answer(gateway, "GET", f"{path}?limit=1")
    assert (status, page["next"]) == (200, newest["seq"])
    _, page = await answer(gateway, "GET", f"{path}?before={page['next']}")
    assert [one["seq"] for one in page["deliveries"]] == [oldest["seq"]] and page["next"] is None
    _, page = await answer(gateway, "GET", f"{path}?status=failed")
    assert page["deliveries"] == []


async def test_secrets_are_shown_once_and_never_logged(gateway: Gateway, receiver: Receiver) -> None:
    with structlog.testing.capture_logs() as logs:
        made = await register(gateway, receiver)
        status, rotated = await answer(gateway, "POST", f"/v1/webhooks/{made['id']}/secret", {"keep_hours": 2})
        assert status == 200 and rotated["secret"].startswith("whsec_") and rotated["secret"] != receiver.secret
        assert rotated["webhook"]["old_secret_until"] is not None
        await gateway.order("FO-1")
        received = await receiver.until(1)  # still with the old secret
        assert len(received[0].headers["webhook-signature"].split()) == 2
        receiver.secret = rotated["secret"]
        receiver.answer = lambda _: web.Response(status=500)
        await gateway.order("FO-2")
        await receiver.until(len(receiver.received) + 1)
        said = [
            await answer(gateway, "GET", path)
            for path in ("/v1/webhooks", f"/v1/webhooks/{made['id']}", "/v1/events?limit=500")
        ]
        said.append(await answer(gateway, "PATCH", f"/v1/webhooks/{made['id']}", {"enabled": False}))
        said.append(await answer(gateway, "DELETE", f"/v1/webhooks/{made['id']}"))
    assert any(line["event"] == "webhook.sent" for line in logs)
    for text in (str(said), str(logs)):
        assert "whsec" not in text and receiver.secret[8:] not in text
    assert receiver.url not in str(logs)


async def test_a_repeated_registration_makes_no_second_receiver(gateway: Gateway, receiver: Receiver) -> None:
    await register(gateway, receiver)
    status, body = await answer(gateway, "POST", "/v1/webhooks", {"url": receiver.url})
    assert (status, body["code"]) == (409, "webhook_exists")
    _, listed = await answer(gateway, "GET", "/v1/webhooks")
    assert len(listed["webhooks"]) == 1


async def test_changing_and_deleting(gateway: Gateway, receiver: Receiver) -> None:
    made = await register(gateway, receiver)
    path = f"/v1/webhooks/{made['id']}"
    status, changed = await answer(gateway, "PATCH", path, {"enabled": False, "types": ["lotse.notice.*"]})
    assert (status, changed["enabled"], changed["disabled_reason"]) == (200, False, "operator")
    assert changed["types"] == ["lotse.notice.*"] and changed["url"] == receiver.url
    assert await answer(gateway, "PATCH", path, {}) == (200, {**changed, "last": changed["last"]})
    status, back = await answer(gateway, "PATCH", path, {"enabled": True, "description": "wieder da"})
    assert (back["enabled"], back["disabled_reason"], back["description"]) == (True, None, "wieder da")
    assert (await answer(gateway, "DELETE", path))[0] == 200
    for method, below, body in (
        ("GET", "", None),
        ("PATCH", "", {}),
        ("DELETE", "", None),
        ("POST", "/secret", {}),
        ("POST", "/test", None),
        ("POST", "/resend", {"after": 0}),
        ("GET", "/deliveries", None),
    ):
        status, body = await answer(gateway, method, path + below, body)
        assert (status, body["code"]) == (404, "webhook_not_found"), (method, below)
    _, feed = await answer(gateway, "GET", "/v1/events?limit=500")
    commands = [event["command"] for event in feed["events"] if event.get("subject", {}).get("id") == made["id"]]
    assert commands == ["create_webhook", "change_webhook", "change_webhook", "delete_webhook"]
    assert {event["actor"]["role"] for event in feed["events"]} == {"platform"}


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("https://127.0.0.2:9/x", None),
        ("https://10.0.0.1/x", "url_refused"),
        ("https://[::1]/x", "url_refused"),
        ("https://[::ffff:10.0.0.1]/x", "url_refused"),
        ("https://169.254.169.254/latest/meta-data", "url_refused"),
        ("http://8.8.8.8/x", "url_refused"),
        ("https://2130706433/x", None),  # 127.0.0.1, which is allowed here; see test_destinations
        ("https://no-such-name.invalid/x", "url_unresolved"),
    ],
)
async def test_where_a_receiver_may_be(gateway: Gateway, url: str, code: str | None) -> None:
    status, body = await answer(gateway, "POST", "/v1/webhooks", {"url": url})
    assert (status, body.get("code")) == ((201, None) if code is None else (409, code))
    if code is not None:
        assert (await answer(gateway, "GET", "/v1/webhooks"))[1]["webhooks"] == []


@pytest.mark.parametrize(
    "body",
    [
        {"url": "ftp://shop.example/x"},
        {"url": "https://user:pass@shop.example/x"},
        {"url": "https://shop.example:99999/x"},
        {"url": "https://shop.example/x#part"},
        {"url": "https://shop.example/x", "types": []},
        {"url": "https://shop.example/x", "types": ["dispute.opened"]},
        {"url": "https://shop.example/x", "types": ["lotse.misspelt.*"]},
        {"url": "https://shop.example/x", "secret": "whsec_mine"},
        {},
    ],
)
async def test_what_is_no_receiver(gateway: Gateway, body: dict[str, Any]) -> None:
    status, said = await answer(gateway, "POST", "/v1/webhooks", body)
    assert problem(said) == (422, "invalid_request") and status == 422


async def test_a_private_address_is_refused_unless_allowed(start: Start, receiver: Receiver) -> None:
    async with start() as gateway:
        assert (await answer(gateway, "POST", "/v1/webhooks", {"url": receiver.url}))[1]["code"] == "url_refused"
        made = await gateway.backend.webhooks.create(receiver.url, ("*",))  # as if it had been allowed before
        receiver.secret = made.secret
        _, tested = await answer(gateway, "POST", f"/v1/webhooks/{made.webhook.id}/test")
        assert (tested["delivered"], tested["attempt"]["error"]) == (False, "address_refused")
        assert receiver.received == []


async def test_a_test_event_says_what_came_of_it(gateway: Gateway, receiver: Receiver) -> None:
    made = await register(gateway, receiver, enabled=False)
    path = f"/v1/webhooks/{made['id']}/test"
    status, said = await answer(gateway, "POST", path)
    (one,) = receiver.received
    assert (status, said["delivered"], said["id"]) == (200, True, one.id)
    assert (one.event["type"], one.event["data"]["kind"]) == ("lotse.webhook.test", "test")
    receiver.answer = lambda _: web.Response(status=401)
    _, said = await answer(gateway, "POST", path)
    assert (said["delivered"], said["attempt"]["response_status"]) == (False, 401)
    await receiver.stop()
    _, said = await answer(gateway, "POST", path)
    assert (said["delivered"], said["attempt"]["error"]) == (False, "connect_failed")
    _, feed = await answer(gateway, "GET", "/v1/events")
    assert [event["command"] for event in feed["events"]] == ["create_webhook"], "tests are nobody else's business"


async def test_sending_again(gateway: Gateway, receiver: Receiver) -> None:
    made = await register(gateway, receiver, types=["lotse.order.*"])
    for number in (1, 2, 3):
        await gateway.order(f"FO-{number}")
    first, *later = sorted(await receiver.until(3), key=lambda one: one.seq)
    path = f"/v1/webhooks/{made['id']}"
    status, said = await answer(gateway, "POST", f"{path}/deliveries/{first.seq}/resend")
    assert (status, said["status"], said["id"]) == (200, "waiting", first.id)
    assert (await receiver.until(4))[3].raw == first.raw
    status, said = await answer(gateway, "POST", f"{path}/resend", {"after": first.seq})
    assert (status, said["position"]) == (200, first.seq)
    assert sorted(one.seq for one in (await receiver.until(6))[4:]) == [one.seq for one in later]
    for seq in (made["position"] + 1, 10**6):  # its own registration, which it did not ask for; and none at all
        status, said = await answer(gateway, "POST", f"{path}/deliveries/{seq}/resend")
        assert (status, said["code"]) == (404, "event_not_found")


async def test_there_is_a_most_of_receivers(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "MOST_WEBHOOKS", 2)
    answers = [await answer(gateway, "POST", "/v1/webhooks", {"url": f"https://127.0.0.1/{n}"}) for n in range(3)]
    assert [status for status, _ in answers] == [201, 201, 409]
    assert answers[-1][1]["code"] == "too_many_webhooks"


async def test_only_the_operator_manages_them(gateway: Gateway) -> None:
    for token in ("wrong", gateway.person("kim").token):
        headers = {"Authorization": f"Bearer {token}"}
        response = await gateway.client.get("/v1/webhooks", headers=headers)
        assert response.status == 401
    assert (await gateway.client.get("/v1/webhooks", headers={"Authorization": f"Bearer {OPERATOR}"})).status == 200


async def test_numbers_for_whoever_is_on_call(gateway: Gateway, receiver: Receiver) -> None:
    receiver.answer = lambda _: web.Response(status=500)
    await register(gateway, receiver, types=["lotse.order.*"])
    await gateway.order("FO-1")
    await receiver.until(1)
    async with asyncio.timeout(5):
        while (await gateway.backend.webhooks.health()).failing == 0:
            await asyncio.sleep(0.05)
    health = await gateway.backend.webhooks.health()
    assert (health.endpoints, health.disabled, health.waiting) == (1, 0, 1) and health.oldest_at is not None
    text = await (await gateway.operate("GET", "/metrics")).text()
    for line in (
        'lotse_webhooks{state="enabled"} 1.0',
        "lotse_webhook_waiting 1.0",
        "lotse_webhook_failing 1.0",
        'lotse_loop_lag_seconds{loop="webhooks"}',
        'lotse_webhook_tries_total{outcome="again"}',
    ):
        assert line in text
    assert receiver.url not in text
