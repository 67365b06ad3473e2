"""The business clock, people's settings, and the sweeper."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy.orm import Session

from actions.backend import Backend, ClockUnavailable, PersonRecord
from actions.backend.sweeper import SweepCounts
from actions.policy import AnswerUpdate, DisputeStatus, Limits, OrderState, RequestUpdate, Role
from tests.backend.conftest import Opener
from tests.backend.world import (
    CUSTOMER,
    DAY,
    FILED_BY_CUSTOMER,
    NOW,
    SELLER,
    TICK,
    codes,
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


async def test_the_clock_stands_where_it_was_put_for_every_process(open_backend: Opener) -> None:
    first, second = await open_backend(), await open_backend()
    before = datetime.now(UTC)
    assert before <= await first.clock.now() <= datetime.now(UTC)
    assert await first.clock.frozen() is None
    later = datetime(2030, 1, 1, 1, 2, 3, 456789, tzinfo=timezone(timedelta(hours=5)))
    await first.clock.set(later)
    assert await second.clock.now() == await second.clock.frozen() == later
    await second.clock.set(NOW - 900 * DAY)
    assert await first.clock.now() == NOW - 900 * DAY
    await first.clock.reset()
    assert await second.clock.frozen() is None
    assert await second.clock.now() >= before


async def test_production_has_no_test_clock(open_backend: Opener) -> None:
    await (await open_backend()).clock.set(NOW)
    backend = await open_backend(production=True)
    assert await backend.clock.now() > NOW
    for call in (backend.clock.set(NOW), backend.clock.reset(), backend.clock.frozen()):
        with pytest.raises(ClockUnavailable):
            await call
    placed = await backend.orders.put(push(expected_delivery_at=datetime.now(UTC) + DAY))
    dispute_id = await filed(backend, RequestUpdate("?"), CUSTOMER)
    opened = await dispute(backend, dispute_id)
    assert placed.applied and opened.opened_at > NOW and opened.status is DisputeStatus.OPEN


async def test_a_clock_without_offset_is_an_error(backend: Backend) -> None:
    with pytest.raises(ValueError, match="offset"):
        await backend.clock.set(datetime(2026, 1, 1))
    assert await backend.clock.now() == NOW


async def test_a_token_overrides_the_marketplace(backend: Backend) -> None:
    assert await backend.people.get(Role.CUSTOMER, "anna") is None
    put = await backend.people.put(Role.CUSTOMER, "anna", locale="en", zoneinfo="Europe/London", name="Anna")
    assert put == PersonRecord(Role.CUSTOMER, "anna", "en", "Europe/London", "Anna")
    touched = await backend.people.touch(Role.CUSTOMER, "anna", locale="de", name="Anna K.")
    assert touched == PersonRecord(Role.CUSTOMER, "anna", "de", "Europe/London", "Anna K.")
    assert await backend.people.get(Role.CUSTOMER, "anna") == touched
    again = await backend.people.put(Role.CUSTOMER, "anna", locale="en", zoneinfo=None, name="A")
    assert again == PersonRecord(Role.CUSTOMER, "anna", "de", None, "Anna K.")
    assert await backend.people.get(Role.SELLER, "anna") is None


async def test_touching_writes_only_what_is_new(backend: Backend) -> None:
    await backend.people.touch(Role.CUSTOMER, "anna", locale="de")
    before = await contents(backend)
    assert (await backend.people.touch(Role.CUSTOMER, "anna", locale="de")).locale == "de"
    assert (await backend.people.touch(Role.CUSTOMER, "anna")).locale == "de"
    assert await backend.people.touch(Role.SELLER, "bert") == PersonRecord(Role.SELLER, "bert")
    assert await contents(backend) == before


async def test_two_first_tokens_at_once_make_one_person(backend: Backend) -> None:
    calls = [backend.people.touch(Role.CUSTOMER, "anna", locale="de") for _ in range(8)]
    assert {record.locale for record in await asyncio.gather(*calls)} == {"de"}


@pytest.mark.rule("M-12", "M-18")
async def test_the_sweeper_writes_what_is_due_and_nothing_else(backend: Backend) -> None:
    await backend.orders.put(push())
    await backend.orders.put(push(id="FO-2"))
    first = await filed(backend, RequestUpdate("?"), CUSTOMER, origin="chat")
    await backend.clock.set(NOW + TICK)
    await done(backend, FILED_BY_CUSTOMER["cancellation"], CUSTOMER, order_id="FO-2", origin="chat")
    await backend.clock.set(NOW + 2 * DAY)
    before = await contents(backend)
    assert await backend.sweeper.sweep() == SweepCounts()
    assert await contents(backend) == before
    await backend.clock.set(NOW + 2 * DAY + TICK)
    assert await backend.sweeper.sweep() == SweepCounts(expired=1)
    assert (await dispute(backend, first)).closed_at == NOW + 2 * DAY
    assert (await order(backend)).state is OrderState.ACTIVE
    event = (await backend.orders.events("FO-1001"))[-1].data
    assert (event["command"], event["rules"], event["actor"]["role"]) == ("expire", ["M-12"], "platform")
    await backend.clock.set(NOW + 2 * DAY + 2 * TICK)
    assert await backend.sweeper.sweep() == SweepCounts(expired=1)
    found = await order(backend, "FO-2")
    assert (found.state, found.disputes[0].status) == (OrderState.ACTIVE, DisputeStatus.EXPIRED)


async def test_one_orders_trouble_is_not_the_others(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    for order_id in ("FO-1", "FO-2"):
        await backend.orders.put(push(id=order_id))
        await done(backend, RequestUpdate("?"), CUSTOMER, order_id=order_id, origin="chat")
    await backend.clock.set(NOW + 3 * DAY)
    expire = backend.sweeper._expire

    def broken(order_id: str, session: Session) -> OrderState | None:
        return expire(order_id, session) if order_id == "FO-2" else OrderState(str(1 / 0))

    with monkeypatch.context() as patched:
        patched.setattr(backend.sweeper, "_expire", broken)
        with pytest.raises(ZeroDivisionError):
            await backend.sweeper.sweep()
    assert (await order(backend, "FO-2")).disputes[0].status is DisputeStatus.EXPIRED
    assert await backend.sweeper.sweep() == SweepCounts(expired=1)


@pytest.mark.rule("M-18")
async def test_silence_cancels_where_it_is_configured(open_backend: Opener) -> None:
    backend = await open_backend(limits=Limits(cancel_silence="auto_cancel"))
    await backend.clock.set(NOW)
    await backend.orders.put(push())
    await filed(backend, FILED_BY_CUSTOMER["cancellation"], CUSTOMER)
    await backend.clock.set(NOW + 2 * DAY + TICK)
    assert await backend.sweeper.sweep() == SweepCounts(expired=1, cancelled=1)
    assert (await order(backend)).state is OrderState.CANCELLED


@pytest.mark.rule("M-12")
async def test_many_sweepers_write_each_expiry_once(open_backend: Opener) -> None:
    sweepers = [await open_backend() for _ in range(4)]
    backend = sweepers[0]
    await backend.clock.set(NOW)
    for number in range(12):
        await backend.orders.put(push(id=f"FO-{number}"))
        await done(backend, RequestUpdate("?"), CUSTOMER, order_id=f"FO-{number}", origin="chat")
    await backend.clock.set(NOW + 3 * DAY)
    counts = await asyncio.gather(*(sweeper.sweeper.sweep() for sweeper in sweepers))
    assert sum(count.expired for count in counts) == 12
    expired = [code for _, code in await notices(backend) if "expired" in code]
    assert sorted(expired) == ["own_update_expired"] * 12 + ["update_expired"] * 12
    assert await backend.sweeper.sweep() == SweepCounts()


@pytest.mark.rule("M-13")
async def test_too_late_is_too_late_before_and_after_the_sweep(backend: Backend) -> None:
    await backend.orders.put(push())
    dispute_id = await filed(backend, RequestUpdate("?"), CUSTOMER)
    await backend.clock.set(NOW + 2 * DAY + TICK)
    before = await contents(backend)
    assert codes(await do(backend, AnswerUpdate(dispute_id, "ja"), SELLER)) == ("too_late",)
    assert await contents(backend) == before
    await backend.sweeper.sweep()
    assert codes(await do(backend, AnswerUpdate(dispute_id, "ja"), SELLER)) == ("too_late",)


@pytest.mark.rule("M-12", "M-13")
async def test_an_allowed_command_writes_the_expiry_first(backend: Backend) -> None:
    await backend.orders.put(push())
    first = await filed(backend, RequestUpdate("?"), CUSTOMER, origin="chat")
    await backend.clock.set(NOW + 2 * DAY + TICK)
    second = await filed(backend, FILED_BY_CUSTOMER["cancellation"], CUSTOMER, origin="chat")
    statuses = {item.id: item.status for item in (await order(backend)).disputes}
    assert statuses == {first: DisputeStatus.EXPIRED, second: DisputeStatus.OPEN}
    events = await backend.orders.events("FO-1001")
    assert [event.data["command"] for event in events] == [
        "put_order",
        "request_update",
        "expire",
        "request_cancellation",
    ]
    assert await notices(backend) == [
        ("seller", "update_request"),
        ("customer", "update_expired"),
        ("seller", "own_update_expired"),
        ("seller", "cancel_request"),
    ]
