"""The marketplace's side: orders, commands, actions, people, events."""

from __future__ import annotations

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
