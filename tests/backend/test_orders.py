"""Orders as the marketplace pushes them."""

from __future__ import annotations

import asyncio
from datetime import timedelta, timezone

import pytest

from actions.backend import Backend, OrderCancelled
from actions.policy import (
    PLATFORM,
    Accept,
    Actor,
    DisputeStatus,
    ForceCancel,
    Limits,
    OrderState,
    RequestExtension,
    RequestUpdate,
    Role,
)
from tests.backend.conftest import Opener
from tests.backend.world import (
    CUSTOMER,
    DAY,
    FILED_BY_CUSTOMER,
    FILED_BY_SELLER,
    HOUR,
    NOW,
    ORDER,
    SELLER,
    TICK,
    contents,
    dispute,
    do,
    done,
    filed,
    notices,
    order,
    push,
)

pytestmark = pytest.mark.integration


async def test_a_new_order_is_stored_with_everything(backend: Backend) -> None:
    goods = push(
        released_at=NOW - 9 * DAY,
        confirmed_fulfilled_at=NOW - 8 * DAY,
        cancelled_by="merchant",
        tracking={"carrier": "dhl", "number": "00340434161094042557", "url": "https://www.dhl.de/x"},
        refunds=({"id": "R-1", "category": "quality", "refunded_at": "2026-02-01T00:00:00+00:00"},),
        delivered_at=NOW - HOUR,
    )
    result = await backend.orders.put(goods)
    assert result.applied and result.order == await order(backend)
    for name in ("customer_id", "seller_id", "title", "state", "updated_at", "expected_delivery_at", "delivered_at"):
        assert getattr(result.order, name) == getattr(goods, name)
    for name in ("released_at", "confirmed_fulfilled_at", "cancelled_by", "tracking", "refunds"):
        assert getattr(result.order, name) == getattr(goods, name)
    assert result.order.to_json()["refunds"] == [dict(goods.refunds[0])]


async def test_instants_come_back_in_utc_with_their_microseconds(backend: Backend) -> None:
    berlin = timezone(timedelta(hours=1))
    due = (NOW + 2 * DAY).astimezone(berlin)
    found = (await backend.orders.put(push(expected_delivery_at=due))).order
    assert found.expected_delivery_at == due
    assert found.expected_delivery_at is not None
    assert found.expected_delivery_at.utcoffset() == timedelta(0)
    assert found.expected_delivery_at.microsecond == NOW.microsecond
    assert (await order(backend)).to_json()["expected_delivery_at"] == "2026-03-04T12:00:00.123456+00:00"


async def test_an_instant_without_offset_is_an_error(backend: Backend) -> None:
    with pytest.raises(ValueError, match="offset"):
        await backend.orders.put(push(expected_delivery_at=NOW.replace(tzinfo=None)))
    assert await backend.orders.get(ORDER) is None


async def test_an_older_push_changes_nothing(backend: Backend) -> None:
    await backend.orders.put(push(updated_at=NOW))
    before = await contents(backend)
    result = await backend.orders.put(push(updated_at=NOW - TICK, title="Alt", state=OrderState.COMPLETED))
    assert not result.applied and result.order.title == "Logo"
    assert await contents(backend) == before


async def test_the_same_push_again_is_applied_and_changes_nothing(backend: Backend) -> None:
    await backend.orders.put(push())
    before = await contents(backend)
    assert (await backend.orders.put(push())).applied
    assert await contents(backend) == before


async def test_only_what_matters_to_the_rules_raises_the_version(backend: Backend) -> None:
    await backend.orders.put(push())
    renamed = await backend.orders.put(push(updated_at=NOW, title="Neues Logo"))
    assert (renamed.order.version, renamed.order.title) == (1, "Neues Logo")
    moved = await backend.orders.put(
        push(updated_at=NOW + TICK, title="Neues Logo", expected_delivery_at=NOW + 3 * DAY)
    )
    assert moved.order.version == 2
    assert [event.data["command"] for event in await backend.orders.events(ORDER)] == ["put_order"] * 3


async def test_a_delivered_order_may_become_active_again(backend: Backend) -> None:
    await backend.orders.put(push(state=OrderState.DELIVERED, delivered_at=NOW - DAY))
    result = await backend.orders.put(push(updated_at=NOW))
    assert (result.order.state, result.order.delivered_at) == (OrderState.ACTIVE, None)


@pytest.mark.rule("M-37")
async def test_the_agreed_date_survives_a_push(backend: Backend) -> None:
    await backend.orders.put(push())
    dispute_id = await filed(backend, RequestExtension(NOW + 5 * DAY), SELLER)
    await done(backend, Accept(dispute_id), CUSTOMER)
    await backend.orders.put(push(updated_at=NOW, expected_delivery_at=NOW + 3 * DAY))
    found = await order(backend)
    assert (found.agreed_delivery_at, found.expected_delivery_at) == (NOW + 5 * DAY, NOW + 3 * DAY)


@pytest.mark.rule("M-26")
@pytest.mark.parametrize("state", [OrderState.ACTIVE, OrderState.DELIVERED, OrderState.COMPLETED])
async def test_an_order_that_lotse_cancelled_stays_cancelled(backend: Backend, state: OrderState) -> None:
    await backend.orders.put(push(expected_delivery_at=NOW - 2 * DAY))
    await done(backend, ForceCancel(), CUSTOMER)
    before = await contents(backend)
    with pytest.raises(OrderCancelled):
        await backend.orders.put(push(updated_at=NOW, state=state))
    assert await contents(backend) == before
    confirmed = await backend.orders.put(push(updated_at=NOW, state=OrderState.CANCELLED, cancelled_by="customer"))
    assert confirmed.applied and confirmed.order.cancelled_by == "customer"
    with pytest.raises(OrderCancelled):
        await backend.orders.put(push(updated_at=NOW + TICK, state=state))


@pytest.mark.rule("M-03")
@pytest.mark.parametrize("state", [OrderState.COMPLETED, OrderState.CANCELLED])
async def test_closing_an_order_supersedes_its_dispute_and_tells_both(backend: Backend, state: OrderState) -> None:
    await backend.orders.put(push())
    dispute_id = await filed(backend, FILED_BY_CUSTOMER["cancellation"], CUSTOMER, origin="chat")
    result = await backend.orders.put(push(updated_at=NOW, state=state))
    closed = result.order.dispute(dispute_id)
    assert closed is not None and closed.status is DisputeStatus.SUPERSEDED
    assert await notices(backend) == [
        ("seller", "cancel_request"),
        ("customer", "superseded"),
        ("seller", "superseded"),
    ]
    params = (await backend.outbox.pending())[-1].params
    assert (params["state"], params["kind"], params["by_role"]) == (state.value, "cancellation", "platform")
    audit = (await backend.orders.events(ORDER))[-1].data
    assert audit["rules"] == ["M-03"]
    assert [item["status"] for item in audit["after"]["disputes"]] == ["superseded"]


@pytest.mark.rule("M-03", "M-12", "M-13")
async def test_a_dispute_that_had_run_out_is_expired_not_superseded(backend: Backend) -> None:
    await backend.orders.put(push())
    dispute_id = await filed(backend, RequestUpdate("?"), CUSTOMER, origin="chat")
    await backend.clock.set(NOW + 2 * DAY + TICK)
    await backend.orders.put(push(updated_at=NOW, state=OrderState.COMPLETED))
    assert (await dispute(backend, dispute_id)).status is DisputeStatus.EXPIRED
    assert [code for _, code in await notices(backend)][1:] == ["update_expired", "own_update_expired"]
    assert [event.data["command"] for event in await backend.orders.events(ORDER)][-2:] == ["expire", "put_order"]


async def test_an_order_that_silence_cancelled_stays_cancelled(open_backend: Opener) -> None:
    backend = await open_backend(limits=Limits(cancel_silence="auto_cancel"))
    await backend.clock.set(NOW)
    await backend.orders.put(push())
    await filed(backend, FILED_BY_CUSTOMER["cancellation"], CUSTOMER)
    await backend.clock.set(NOW + 2 * DAY + TICK)
    assert (await order(backend)).state is OrderState.CANCELLED
    before = await contents(backend)
    with pytest.raises(OrderCancelled):
        await backend.orders.put(push(updated_at=NOW))
    assert await contents(backend) == before


async def test_two_first_pushes_at_once_make_one_order(backend: Backend) -> None:
    pushes = [push(updated_at=NOW + number * TICK, title=f"Nr. {number}") for number in range(8)]
    await asyncio.gather(*(backend.orders.put(item) for item in pushes))
    assert (await order(backend)).title == "Nr. 7"
    assert [event.seq for event in await backend.events.after(0)] == list(
        range(1, len(await backend.orders.events(ORDER)) + 1)
    )


@pytest.mark.rule("M-12", "M-13")
async def test_expiry_is_visible_before_anything_wrote_it(backend: Backend) -> None:
    await backend.orders.put(push())
    dispute_id = await filed(backend, RequestUpdate("?"), CUSTOMER)
    before = await contents(backend)
    await backend.clock.set(NOW + 2 * DAY)
    assert (await dispute(backend, dispute_id)).status is DisputeStatus.OPEN
    await backend.clock.set(NOW + 2 * DAY + TICK)
    seen = await order(backend)
    assert seen.open_dispute is None
    assert seen.disputes[0].status is DisputeStatus.EXPIRED and seen.disputes[0].closed_at == NOW + 2 * DAY
    await backend.clock.set(NOW)
    assert await contents(backend) == before


async def test_a_persons_orders_by_role_and_delivery(backend: Backend) -> None:
    await backend.orders.put(push(id="FO-3", expected_delivery_at=NOW + 3 * DAY))
    await backend.orders.put(push(id="FO-1", expected_delivery_at=NOW + DAY))
    await backend.orders.put(push(id="FO-2", expected_delivery_at=None))
    await backend.orders.put(push(id="FO-4", state=OrderState.COMPLETED))
    await backend.orders.put(push(id="FO-5", customer_id=SELLER.id, seller_id=CUSTOMER.id))
    await done(backend, FILED_BY_SELLER["extension"], SELLER, order_id="FO-1")
    mine = await backend.orders.of_person(CUSTOMER)
    assert [item.id for item in mine] == ["FO-1", "FO-3", "FO-2"]
    assert mine[0].open_dispute is not None and mine[1].disputes == ()
    assert [item.id for item in await backend.orders.of_person(CUSTOMER, include_closed=True)] == [
        "FO-1",
        "FO-4",
        "FO-3",
        "FO-2",
    ]
    assert [item.id for item in await backend.orders.of_person(Actor(Role.CUSTOMER, SELLER.id))] == ["FO-5"]
    assert await backend.orders.of_person(PLATFORM) == []


async def test_the_disputes_as_the_contract_shows_them(backend: Backend) -> None:
    await backend.orders.put(push())
    dispute_id = await filed(backend, FILED_BY_SELLER["cancellation"], SELLER)
    (shown,) = (await order(backend)).to_json()["disputes"]
    assert shown == {
        "id": dispute_id,
        "kind": "cancellation",
        "filed_by": "seller",
        "status": "open",
        "opened_at": NOW.isoformat(),
        "due_at": (NOW + 2 * DAY).isoformat(),
        "closed_at": None,
        "text": "Leider voll",
        "reason": "overbooked",
        "answer": None,
        "new_delivery_at": None,
    }
    assert not (await do(backend, FILED_BY_SELLER["cancellation"], SELLER)).allowed
