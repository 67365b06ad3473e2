"""The marketplace's side: orders, commands, actions, people, events."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import ClientResponse

from tests.gateway.conftest import NOW, Gateway, both_databases


def at(**delta: float) -> str:
    return (NOW + timedelta(**delta)).isoformat()


async def outcome(response: ClientResponse) -> tuple[int, str]:
    """Status and problem code."""
    assert response.content_type == "application/problem+json"
    body = await response.json()
    assert body["status"] == response.status
    return response.status, body["code"]


async def dispute_of(gateway: Gateway, order_id: str) -> dict[str, Any]:
    """The newest dispute of an order."""
    order = await (await gateway.operate("GET", f"/v1/orders/{order_id}")).json()
    return order["disputes"][-1]


async def test_push_and_read_an_order(frozen: Gateway) -> None:
    pushed = await (await frozen.order("FO-1", expected_delivery_at="2026-03-11T09:00:00+01:00")).json()
    assert pushed["applied"] is True
    order = await (await frozen.operate("GET", "/v1/orders/FO-1")).json()
    assert order == pushed["order"]
    assert order["expected_delivery_at"] == "2026-03-11T08:00:00Z"
    assert (order["state"], order["disputes"], order["agreed_delivery_at"]) == ("active", [], None)


@both_databases
async def test_goods_orders_keep_their_facts(frozen: Gateway) -> None:
    facts = {
        "released_at": at(days=-5),
        "confirmed_fulfilled_at": at(days=-2),
        "cancelled_by": "merchant",
        "tracking": {"carrier": "DHL", "number": "00340434161094", "url": "https://www.dhl.de/?id=1"},
        "refunds": [
            {
                "id": "R-1",
                "category": "quality",
                "responsibility": "merchant",
                "refunded_at": "2026-03-01T01:00:00+01:00",
            }
        ],
    }
    assert (await frozen.order("WO-1", state="cancelled", **facts)).status == 200
    order = await (await frozen.operate("GET", "/v1/orders/WO-1")).json()
    assert order["tracking"] == facts["tracking"]
    assert order["cancelled_by"] == "merchant"
    (refund,) = order["refunds"]
    assert (refund["id"], refund["rejected_appeals"], refund["refunded_at"]) == ("R-1", 0, "2026-03-01T00:00:00+00:00")


@both_databases
async def test_an_older_push_changes_nothing(frozen: Gateway) -> None:
    await frozen.order("FO-1", title="Neu")
    old = await frozen.order("FO-1", title="Alt", updated_at=at(minutes=-1))
    assert (old.status, (await old.json())["applied"]) == (200, False)
    assert (await old.json())["order"]["title"] == "Neu"


async def test_a_revision_makes_a_delivered_order_active_again(frozen: Gateway) -> None:
    await frozen.order("FO-1", state="delivered", delivered_at=at())
    pushed = await (await frozen.order("FO-1", updated_at=at(minutes=1))).json()
    assert (pushed["applied"], pushed["order"]["state"]) == (True, "active")


async def test_an_order_that_lotse_cancelled_stays_cancelled(frozen: Gateway) -> None:
    await frozen.order("FO-1", expected_delivery_at=at(hours=-25))
    assert (await frozen.command("FO-1", "force_cancel", by="kim")).status == 200
    assert await outcome(await frozen.order("FO-1", updated_at=at(minutes=1))) == (409, "order_cancelled")
    assert (await (await frozen.operate("GET", "/v1/orders/FO-1")).json())["state"] == "cancelled"


@pytest.mark.parametrize("path", ["", "/events", "/actions?role=customer&actor_id=kim"])
async def test_an_unknown_order(gateway: Gateway, path: str) -> None:
    assert await outcome(await gateway.operate("GET", f"/v1/orders/FO-404{path}")) == (404, "order_not_found")


BAD_ORDERS: dict[str, tuple[dict[str, Any], str]] = {
    "unknown field": ({"expected_delivery": at()}, "expected_delivery"),
    "unknown state": ({"state": "late"}, "state"),
    "no offset": ({"updated_at": "2026-03-10T12:00:00"}, "updated_at"),
    "no date": ({"expected_delivery_at": "tomorrow"}, "expected_delivery_at"),
    "year 1": ({"expected_delivery_at": "0001-01-01T00:00:00Z"}, "expected_delivery_at"),
    "empty customer": ({"customer_id": ""}, "customer_id"),
    "NUL": ({"title": "a\x00"}, "title"),
    "refund without category": (
        {"refunds": [{"id": "R", "responsibility": "merchant", "refunded_at": at()}]},
        "category",
    ),
    "script as tracking url": ({"tracking": {"url": "javascript:alert(1)"}}, "tracking.url"),
}


@pytest.mark.parametrize("name", BAD_ORDERS)
async def test_orders_that_cannot_be_read(gateway: Gateway, name: str) -> None:
    fields, culprit = BAD_ORDERS[name]
    response = await gateway.order("FO-1", **fields)
    body = await response.json()
    assert await outcome(response) == (422, "invalid_request")
    assert body["errors"][0]["field"].endswith(culprit)
    assert (await gateway.operate("GET", "/v1/orders/FO-1")).status == 404


async def test_missing_fields_are_named(gateway: Gateway) -> None:
    body = await (await gateway.operate("PUT", "/v1/orders/FO-1", {})).json()
    assert body["errors"][0]["field"] == "customer_id"


@both_databases
async def test_a_whole_dispute_through_the_api(frozen: Gateway) -> None:
    await frozen.order("FO-1")
    opened = await (await frozen.command("FO-1", "request_cancellation", by="kim", text="Passt nicht")).json()
    assert opened["status"] == "executed"
    assert opened["effects"][0]["effect"] == "open_dispute"
    (dispute,) = opened["order"]["disputes"]
    assert (dispute["kind"], dispute["status"], dispute["text"]) == ("cancellation", "open", "Passt nicht")
    assert dispute["due_at"] == "2026-03-12T12:00:00Z"
    accepted = await (await frozen.command("FO-1", "accept", by="vera", dispute_id=dispute["id"])).json()
    assert accepted["order"]["state"] == "cancelled"
    assert accepted["order"]["disputes"][0]["status"] == "accepted"
    trail = await (await frozen.operate("GET", "/v1/orders/FO-1/events")).json()
    changes = [event for event in trail["events"] if event["kind"] == "change"]
    assert [change["command"] for change in changes][-2:] == ["request_cancellation", "accept"]
    assert changes[-1]["actor"] == {"role": "seller", "id": "vera"}
    assert "M-16" in changes[-1]["rules"]


async def test_an_extension_moves_the_agreed_date_and_survives_a_push(frozen: Gateway) -> None:
    await frozen.order("FO-1")
    asked = await frozen.command("FO-1", "request_extension", by="vera", new_delivery_at="2026-03-20T13:00:00+01:00")
    assert asked.status == 200
    dispute = await dispute_of(frozen, "FO-1")
    accepted = await frozen.command("FO-1", "accept", by="kim", dispute_id=dispute["id"])
    assert (await accepted.json())["order"]["agreed_delivery_at"] == "2026-03-20T12:00:00Z"
    pushed = await (await frozen.order("FO-1", title="Anders", updated_at=at(hours=1))).json()
    assert pushed["order"]["agreed_delivery_at"] == "2026-03-20T12:00:00Z"


REFUSED = [
    pytest.param("kim", "force_cancel", {}, "force_early", "M-27", id="too early"),
    pytest.param("vera", "force_cancel", {}, "customer_only", "M-07", id="seller"),
    pytest.param("vera", "request_cancellation", {}, "reason_needed", "M-33", id="no reason"),
    pytest.param("vera", "request_extension", {}, "date_missing", "M-37", id="no date"),
    pytest.param(
        "kim", "request_extension", {"new_delivery_at": at(days=9)}, "seller_only", "M-36", id="extension by customer"
    ),
]


@pytest.mark.parametrize(("by", "command", "fields", "code", "rule"), REFUSED)
async def test_refusals_carry_rule_and_parameters(
    frozen: Gateway, by: str, command: str, fields: dict[str, Any], code: str, rule: str
) -> None:
    await frozen.order("FO-1")
    response = await frozen.command("FO-1", command, by=by, **fields)
    body = await response.json()
    assert response.status == 409
    assert body["code"] == body["reasons"][0]["code"]
    reasons = {reason["code"]: reason for reason in body["reasons"]}
    if command == "force_cancel" and by == "vera":  # the policy's own word for it
        code, rule = "force_seller", "M-29"
    assert reasons[code]["rule"] == rule
    assert reasons[code]["params"]["order_id"] == "FO-1"
    if code == "force_early":
        assert reasons[code]["params"]["possible_from"] == "2026-03-14T12:00:00Z"
    assert await frozen.backend.orders.events("FO-1") == (await frozen.backend.orders.events("FO-1"))[:1]


async def test_undetermined(frozen: Gateway) -> None:
    await frozen.order("FO-1", expected_delivery_at=None)
    response = await frozen.command("FO-1", "force_cancel", by="kim")
    assert await outcome(response) == (409, "undetermined")
    assert (await response.json())["missing"] == ["expected_delivery_at"]


@pytest.mark.parametrize("command", ["accept", "decline", "withdraw", "answer_update"])
async def test_a_dispute_that_is_no_longer_open(frozen: Gateway, command: str) -> None:
    by = "kim" if command == "withdraw" else "vera"
    kind = "request_update" if command == "answer_update" else "request_cancellation"
    fields = {"text": "fast fertig"} if command == "answer_update" else {}
    await frozen.order("FO-1")
    await frozen.command("FO-1", kind, by="kim")
    gone = (await dispute_of(frozen, "FO-1"))["id"]
    assert (await frozen.command("FO-1", "withdraw", by="kim", dispute_id=gone)).status == 200
    assert await outcome(await frozen.command("FO-1", command, by=by, dispute_id=gone, **fields)) == (
        409,
        "dispute_changed",
    )
    await frozen.command("FO-1", kind, by="kim")
    assert await outcome(await frozen.command("FO-1", command, by=by, dispute_id=gone, **fields)) == (
        409,
        "dispute_changed",
    )
    late = (await dispute_of(frozen, "FO-1"))["id"]
    await frozen.backend.clock.set(NOW + timedelta(hours=48, microseconds=1))  # no sweep yet
    assert await outcome(await frozen.command("FO-1", command, by=by, dispute_id=late, **fields)) == (
        409,
        "dispute_changed",
    )
    await frozen.order("FO-1", state="completed", updated_at=at(minutes=5))
    assert await outcome(await frozen.command("FO-1", command, by=by, dispute_id=late, **fields)) == (
        409,
        "dispute_changed",
    )


@pytest.mark.parametrize("command", ["accept", "decline", "withdraw", "answer_update"])
async def test_answers_name_their_dispute(frozen: Gateway, command: str) -> None:
    await frozen.order("FO-1")
    response = await frozen.command("FO-1", command, by="vera")
    assert await outcome(response) == (422, "invalid_request")
    assert (await response.json())["errors"][0]["field"] == "dispute_id"


@pytest.mark.parametrize("order_id", ["FO-1", "FO-404"], ids=["another's", "none"])
async def test_other_peoples_orders_look_like_none(frozen: Gateway, order_id: str) -> None:
    await frozen.order("FO-1")
    for person, role in (("eve", "customer"), ("kim", "seller"), ("vera", "customer")):
        body = {"actor": {"id": person, "role": role}, "command": "request_update"}
        path = f"/v1/orders/{order_id}"
        answers = [
            await frozen.operate("POST", f"{path}/commands", body, **{"Idempotency-Key": uuid.uuid4().hex}),
            await frozen.operate("GET", f"{path}/actions?role={role}&actor_id={person}"),
        ]
        assert [await outcome(answer) for answer in answers] == [(404, "order_not_found")] * 2
        assert order_id not in await answers[0].text()


@both_databases
async def test_idempotency(frozen: Gateway) -> None:
    await frozen.order("FO-1")
    first = await (await frozen.command("FO-1", "request_update", by="kim", key="k1", text="Na?")).json()
    again = await (await frozen.command("FO-1", "request_update", by="kim", key="k1", text="Na?")).json()
    assert (first["replayed"], again["replayed"]) == (False, True)
    assert again["effects"] == first["effects"]
    other = await frozen.command("FO-1", "request_update", by="kim", key="k1", text="Und?")
    assert await outcome(other) == (409, "idempotency_conflict")
    assert len((await (await frozen.operate("GET", "/v1/orders/FO-1")).json())["disputes"]) == 1


async def test_a_command_needs_its_key(frozen: Gateway) -> None:
    await frozen.order("FO-1")
    body = {"actor": {"id": "kim", "role": "customer"}, "command": "request_update"}
    response = await frozen.operate("POST", "/v1/orders/FO-1/commands", body)
    assert await outcome(response) == (400, "invalid_request")
    assert (await response.json())["errors"][0]["field"] == "Idempotency-Key"
    assert await outcome(
        await frozen.operate("POST", "/v1/orders/FO-1/commands", body, **{"Idempotency-Key": "with space"})
    ) == (422, "invalid_request")


async def test_actions_now_and_later(frozen: Gateway) -> None:
    await frozen.order("FO-1", expected_delivery_at=at(hours=-20))
    path = "/v1/orders/FO-1/actions"

    async def actions(**query: str) -> dict[str, Any]:
        response = await frozen.client.get(path, params=query, headers={"Authorization": f"Bearer {_key()}"})
        body = await response.json()
        assert response.status == 200, body
        return {action["command"]: action for action in body["actions"]}

    now = await actions(role="customer", actor_id="kim")
    assert now["request_update"]["verdict"] == "allowed"
    assert now["request_update"]["due_at"] == "2026-03-12T12:00:00Z"
    assert (now["force_cancel"]["verdict"], now["force_cancel"]["possible_from"]) == ("refused", "2026-03-10T16:00:00Z")
    assert now["force_cancel"]["reasons"][0]["code"] == "force_early"
    later = await actions(role="customer", actor_id="kim", at="2026-03-10T17:00:00+01:00")
    assert later["force_cancel"]["verdict"] == "allowed"
    assert later["force_cancel"]["effects"] == [{"effect": "cancel_order"}]
    seller = await actions(role="seller", actor_id="vera")
    assert "force_cancel" not in seller
    assert seller["request_cancellation"]["needs"] == ["reason", "text"]


def _key() -> str:
    from tests.gateway.conftest import OPERATOR

    return OPERATOR


@pytest.mark.parametrize("query", ["", "role=customer", "role=boss&actor_id=kim", "role=customer&actor_id=kim&at=now"])
async def test_actions_with_a_bad_query(frozen: Gateway, query: str) -> None:
    await frozen.order("FO-1")
    response = await frozen.operate("GET", f"/v1/orders/FO-1/actions?{query}")
    assert await outcome(response) == (422, "invalid_request")


async def test_people(gateway: Gateway) -> None:
    body = {"locale": "en", "zoneinfo": "America/New_York", "name": "Vera"}
    response = await gateway.operate("PUT", "/v1/people/seller/vera", body)
    assert await response.json() == {"role": "seller", "id": "vera", **body}
    for bad, field in (
        ({"zoneinfo": "Mars/Base"}, "zoneinfo"),
        ({"locale": "fr"}, "locale"),
        ({"email": "x"}, "email"),
    ):
        refused = await gateway.operate("PUT", "/v1/people/seller/vera", bad)
        assert await outcome(refused) == (422, "invalid_request")
        assert (await refused.json())["errors"][0]["field"] == field
    assert (await gateway.operate("PUT", "/v1/people/platform/vera", body)).status == 422


async def test_events_are_read_in_pages(frozen: Gateway) -> None:
    await frozen.order("FO-1")
    await frozen.command("FO-1", "request_update", by="kim", text="Na?")
    await frozen.services_settle()
    page = await (await frozen.operate("GET", "/v1/events?limit=1")).json()
    seen = [*page["events"]]
    while page["events"]:
        page = await (await frozen.operate("GET", f"/v1/events?after={page['next']}&limit=2")).json()
        seen += page["events"]
    everything = (await (await frozen.operate("GET", "/v1/events")).json())["events"]
    assert seen == everything
    assert [event["seq"] for event in everything] == sorted({event["seq"] for event in everything})
    notices = [event for event in everything if event["kind"] == "notice"]
    assert {(notice["recipient"]["id"], notice["code"]) for notice in notices} == {
        ("vera", "update_request"),
        ("kim", "own_update_request"),
    }
    assert all(notice["text"] for notice in notices)
    assert not [notice for notice in notices if notice["recipient"]["role"] not in ("customer", "seller")]


@pytest.mark.parametrize("query", ["after=-1", "after=x", "limit=0", "limit=501", "since=3", "after=1&after=2"])
async def test_events_with_a_bad_query(gateway: Gateway, query: str) -> None:
    assert await outcome(await gateway.operate("GET", f"/v1/events?{query}")) == (422, "invalid_request")


async def test_what_is_not_there(gateway: Gateway) -> None:
    assert await outcome(await gateway.operate("GET", "/v1/nothing")) == (404, "not_found")
    wrong = await gateway.operate("PATCH", "/v1/orders/FO-1", {})
    assert await outcome(wrong) == (405, "method_not_allowed")
    assert "PUT" in wrong.headers["Allow"]
