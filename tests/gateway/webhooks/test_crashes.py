"""What was sent and not noted is sent again, under the same id; nothing is lost, whoever dies or disturbs."""

from __future__ import annotations

import asyncio
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web

from actions.backend import DatabaseUnavailable
from tests.gateway.webhooks.conftest import World, Worlds
from tests.gateway.webhooks.receivers import Received, Receiver

pytestmark = pytest.mark.integration
ROOT = Path(__file__).resolve().parents[3]


async def test_a_gateway_killed_between_sending_and_noting(world: World, receiver: Receiver, url: str) -> None:
    made = await world.register(receiver)
    await world.happen(1, 2, 3)
    module = "tests.gateway.webhooks.dying_gateway"
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", module, url, cwd=ROOT)
    async with asyncio.timeout(60):
        assert await process.wait() == -signal.SIGKILL
    sent = [(one.id, one.raw) for one in receiver.received]
    assert len(sent) == 3
    assert await world.deliveries(made) == {}
    world.watch.now = datetime.now(UTC)
    await world.work()
    assert len(receiver.received) == 3, "its lease still runs"
    world.watch.forward(seconds=31)
    await world.work()
    assert sorted((one.id, one.raw) for one in receiver.received[3:]) == sorted(sent)
    assert {delivery.status for delivery in (await world.deliveries(made)).values()} == {"delivered"}


async def test_a_gateway_that_stops_notes_what_was_done_and_leaves_the_rest(
    new_world: Worlds, receiver: Receiver
) -> None:
    world = await new_world(webhook_within=30.0)
    began = asyncio.Event()

    async def answer(one: Received) -> web.Response:
        if one.event["subject"] == "orders/FO-2":
            began.set()
            await asyncio.sleep(30)
        return web.Response()

    receiver.answer = answer
    made = await world.register(receiver)
    await world.happen(1, 2, 3)
    await world.couriers.step()
    await began.wait()
    await receiver.until(3)
    await world.couriers.stop(0.2)
    done = {seq: delivery.status for seq, delivery in (await world.deliveries(made)).items()}
    assert list(done.values()).count("delivered") == 2 and list(done.values()).count("waiting") == 1
    receiver.answer = lambda _: web.Response()
    other = await new_world(world.watch)
    await other.work()
    assert len(receiver.received) == 4, "only the one under way comes again, at once: the lease was given back"
    assert {delivery.status for delivery in (await world.deliveries(made)).values()} == {"delivered"}


async def test_a_worker_that_lost_its_lease_writes_nothing(new_world: Worlds, receiver: Receiver) -> None:
    slow, other = await new_world(), None
    other = await new_world(slow.watch)
    entered, go_on = asyncio.Event(), asyncio.Event()

    async def answer(_: Received) -> web.Response:
        if not entered.is_set():
            entered.set()
            await go_on.wait()
        return web.Response()

    receiver.answer = answer
    made = await slow.register(receiver)
    await slow.happen(1)
    await slow.couriers.step()
    await entered.wait()
    slow.watch.forward(seconds=31)  # as if it had slept
    await other.work()
    go_on.set()
    await slow.couriers.idle()
    (delivery,) = (await slow.deliveries(made)).values()
    assert (delivery.attempts, delivery.status) == (1, "delivered")
    assert len({one.id for one in receiver.received}) == 1 and len(receiver.received) == 2


async def test_noting_waits_for_the_database(world: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    made = await world.register(receiver)
    note, failed = world.backend.webhook_queue.note, []

    async def flaky(*args: object) -> object:
        if not failed:
            failed.append(args)
            raise DatabaseUnavailable("gone for a moment")
        return await note(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(world.backend.webhook_queue, "note", flaky)
    await world.happen(1)
    await world.work()
    assert failed and len(receiver.received) == 1
    (delivery,) = (await world.deliveries(made)).values()
    assert delivery.status == "delivered"


async def test_an_event_that_cannot_be_written_keeps_no_other_from_going(
    world: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    from actions.backend import webhook_types

    real = webhook_types.as_cloud_event

    def broken(event: object, source: str) -> object:
        if event.order_id == "FO-1":  # type: ignore[attr-defined]
            raise RuntimeError("cannot be written")
        return real(event, source)  # type: ignore[arg-type]

    monkeypatch.setattr(webhook_types, "as_cloud_event", broken)
    made = await world.register(receiver)
    await world.happen(1, 2)
    await world.work()
    assert [one.event["subject"] for one in receiver.received] == ["orders/FO-2"]
    first = min((await world.deliveries(made)).items())[1]
    assert (first.status, first.tries[0]["error"]) == ("waiting", "internal_error")


async def test_setting_back_while_a_batch_is_under_way_is_not_overwritten(world: World, receiver: Receiver) -> None:
    made = await world.register(receiver)
    await world.happen(1, 2)
    await world.work()
    entered, go_on = asyncio.Event(), asyncio.Event()

    async def answer(_: Received) -> web.Response:
        entered.set()
        await go_on.wait()
        return web.Response()

    receiver.answer = answer
    await world.happen(3)
    await world.couriers.step()
    await entered.wait()
    await world.backend.webhooks.replay(made.webhook.id, min(receiver.seqs) - 1)
    go_on.set()
    await world.couriers.idle()
    assert sorted(receiver.seqs[3:]) == sorted(receiver.seqs[:3])


async def test_what_is_asked_for_again_while_it_is_under_way_comes_again(world: World, receiver: Receiver) -> None:
    made = await world.register(receiver)
    entered, go_on = asyncio.Event(), asyncio.Event()

    async def answer(_: Received) -> web.Response:
        entered.set()
        await go_on.wait()
        return web.Response()

    receiver.answer = answer
    await world.happen(1)
    await world.couriers.step()
    await entered.wait()
    world.watch.forward(seconds=1)
    assert await world.backend.webhooks.resend(made.webhook.id, receiver.seqs[0]) is not None
    go_on.set()
    await world.couriers.idle()
    assert receiver.seqs == [receiver.seqs[0]] * 2
    (delivery,) = (await world.deliveries(made)).values()
    assert (delivery.status, delivery.attempts) == ("delivered", 2)
