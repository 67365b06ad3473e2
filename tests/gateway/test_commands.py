"""Commands for a party, and what somebody may do: the same decision as in the chat."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest

from tests.gateway.conftest import NOW, OPERATOR, Gateway, both_databases
from tests.gateway.test_orders import at, dispute_of, outcome


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
        response = await frozen.client.get(path, params=query, headers={"Authorization": f"Bearer {OPERATOR}"})
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


@pytest.mark.parametrize("query", ["", "role=customer", "role=boss&actor_id=kim", "role=customer&actor_id=kim&at=now"])
async def test_actions_with_a_bad_query(frozen: Gateway, query: str) -> None:
    await frozen.order("FO-1")
    response = await frozen.operate("GET", f"/v1/orders/FO-1/actions?{query}")
    assert await outcome(response) == (422, "invalid_request")
