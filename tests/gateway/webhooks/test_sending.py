"""Every event reaches every receiver that wants it: signed, at least once, under one id, nobody waiting for another."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

from actions.backend import webhook_schedule as schedule
from actions.policy import RequestUpdate, Withdraw
from tests.backend.world import CUSTOMER, done, filed, push
from tests.gateway.webhooks.conftest import Watch, World, Worlds
from tests.gateway.webhooks.receivers import Received, Receiver

pytestmark = pytest.mark.integration
NewReceiver = Callable[..., Awaitable[Receiver]]


async def test_an_event_comes_as_a_signed_cloud_event(world: World, receiver: Receiver) -> None:
    made = await world.register(receiver)
    await world.happen(1)
    await world.work()
    (one,) = receiver.received  # the receiver checked the signature
    entry = (await world.backend.events.after(made.webhook.last))[-1]
    assert one.headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    assert one.event == {
        "specversion": "1.0",
        "id": f"evt_{entry.seq}",
        "source": "/lotse",
        "type": "lotse.order.updated",
        "subject": "orders/FO-1",
        "time": entry.at.isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "sequence": f"{entry.seq:020d}",
        "data": entry.to_json(),
    }
    assert one.id == one.event["id"]
    signed_at = datetime.fromtimestamp(int(one.headers["webhook-timestamp"]), UTC)
    assert abs(datetime.now(UTC) - signed_at) < timedelta(seconds=30)
    with pytest.raises(WebhookVerificationError):
        Webhook(made.secret).verify(one.raw.replace(b"FO-1", b"FO-2"), one.headers)
    (delivery,) = (await world.deliveries(made)).values()
    assert (delivery.seq, delivery.status, delivery.attempts) == (entry.seq, "delivered", 1)
    assert delivery.tries[0]["response_status"] == 204
    await world.work()
    assert len(receiver.received) == 1


async def test_only_wanted_types_come_and_only_new_ones_unless_asked(world: World, new_receiver: NewReceiver) -> None:
    await world.happen(1)
    disputes, everything, from_the_start = [await new_receiver() for _ in range(3)]
    await world.register(disputes, ("lotse.dispute.opened", "lotse.notice.*"))
    await world.register(everything, ("*",))
    await world.register(from_the_start, after=0)
    dispute_id = await filed(world.backend, RequestUpdate("?"), CUSTOMER, order_id="FO-1")
    await done(world.backend, Withdraw(dispute_id), CUSTOMER, order_id="FO-1")
    await world.work()
    assert [one.event["type"] for one in disputes.received] == ["lotse.dispute.opened"]
    assert [one.event["type"] for one in everything.received if "webhook" not in one.event["type"]] == [
        "lotse.dispute.opened",
        "lotse.dispute.withdrawn",
    ]
    assert [one.event["subject"] for one in from_the_start.received] == ["orders/FO-1"]
    for webhook in await world.backend.webhooks.list():
        assert webhook.position == webhook.last


async def test_events_about_the_same_come_in_order_and_a_slow_one_holds_back_no_other(
    world: World, receiver: Receiver
) -> None:
    async def answer(one: Received) -> web.Response:
        if one.event["subject"] == "orders/FO-0":
            await asyncio.sleep(0.1)
        return web.Response()

    receiver.answer = answer
    await world.register(receiver)
    later = push(id="FO-0")
    for number in range(12):
        await world.backend.orders.put(push(id="FO-0", title=f"Logo {number}", updated_at=later.updated_at))
        await world.happen(number + 1)
    began = time.monotonic()
    await world.work()
    assert time.monotonic() - began < 10
    slow = [one.event["data"]["after"]["title"] for one in receiver.received if one.event["subject"] == "orders/FO-0"]
    assert slow == [f"Logo {number}" for number in range(12)]
    assert receiver.received[-1].event["subject"] == "orders/FO-0"
    assert len(receiver.received) == 24


async def test_a_failed_event_is_tried_again_under_its_id_and_what_follows_does_not_wait(
    world: World, receiver: Receiver
) -> None:
    receiver.answer = lambda one: web.Response(status=500 if one.event["subject"] == "orders/FO-2" else 200)
    made = await world.register(receiver)
    await world.happen(1, 2, 3, 4)
    await world.work()
    assert {one.event["subject"] for one in receiver.received} == {f"orders/FO-{n}" for n in (1, 2, 3, 4)}
    (failed,) = (one for one in receiver.received if one.event["subject"] == "orders/FO-2")
    waiting = (await world.deliveries(made))[failed.seq]
    assert (waiting.status, waiting.attempts) == ("waiting", 1)
    assert timedelta(seconds=4) <= waiting.next_at - world.watch.now <= timedelta(seconds=6)
    await world.work()
    assert len(receiver.received) == 4
    receiver.answer = lambda _: web.Response()
    world.watch.forward(seconds=6)
    await world.work()
    assert (receiver.received[-1].id, receiver.received[-1].raw) == (failed.id, failed.raw)
    again = (await world.deliveries(made))[failed.seq]
    assert (again.status, again.attempts, again.next_at) == ("delivered", 2, None)
    assert [one["response_status"] for one in again.tries] == [500, 200]


async def test_it_is_given_up_after_three_days_listed_and_can_be_sent_again(world: World, receiver: Receiver) -> None:
    receiver.answer = lambda _: web.Response(status=400)
    made = await world.register(receiver)
    await world.happen(1)
    began = world.watch.now
    await world.work()
    pauses, before = [], began
    while (found := next(iter((await world.deliveries(made)).values()))).status == "waiting":
        pauses.append((found.next_at - before).total_seconds())
        before = world.watch.now = found.next_at
        await world.work()
    assert before - began == schedule.LASTING
    assert len(receiver.received) == len(pauses) + 1 == found.attempts
    assert len({one.id for one in receiver.received}) == 1
    assert 12 <= len(pauses) <= 20 and pauses[0] < 7
    assert all(later > 2 * earlier for earlier, later in itertools.pairwise(pauses[:6]))
    assert max(pauses) <= 8 * 3600 * 1.2
    world.watch.forward(days=1)
    await world.work()
    assert len(receiver.received) == found.attempts, "given up means given up"
    assert [delivery.seq for delivery in await world.backend.webhooks.deliveries(made.webhook.id, found.status) or ()]
    assert (await world.backend.webhooks.health()).failing == 0
    receiver.answer = lambda _: web.Response()
    assert await world.backend.webhooks.resend(made.webhook.id, found.seq) is not None
    await world.work()
    assert receiver.received[-1].id == receiver.received[0].id
    assert (await world.deliveries(made))[found.seq].status == "delivered"


async def test_everything_after_an_event_can_be_sent_again(world: World, receiver: Receiver) -> None:
    made = await world.register(receiver)
    await world.happen(1, 2, 3)
    await world.work()
    seqs = sorted(receiver.seqs)
    assert await world.backend.webhooks.replay(made.webhook.id, seqs[0]) is not None
    await world.work()
    assert sorted(receiver.seqs[3:]) == seqs[1:]
    deliveries = await world.deliveries(made)
    assert [deliveries[seq].attempts for seq in seqs] == [1, 2, 2]


@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_is_followed(world: World, receiver: Receiver, status: int) -> None:
    receiver.answer = lambda _: web.Response(status=status, headers={"Retry-After": "600"})
    made = await world.register(receiver)
    await world.happen(1)
    await world.work()
    (delivery,) = (await world.deliveries(made)).values()
    assert delivery.next_at == world.watch.now + timedelta(seconds=600)
    receiver.answer = lambda _: web.Response()
    await world.happen(2)
    world.watch.forward(seconds=590)
    await world.work()
    assert len(receiver.received) == 1, "whoever asks for time gets nothing else meanwhile"
    world.watch.forward(seconds=10)
    await world.work()
    assert len(receiver.received) == 3


async def test_410_disables_and_enabling_again_brings_everything(world: World, receiver: Receiver) -> None:
    receiver.answer = lambda _: web.Response(status=410)
    made = await world.register(receiver)
    await world.happen(1, 2)
    await world.work()
    gone = await world.backend.webhooks.get(made.webhook.id)
    assert gone is not None and not gone.enabled and gone.disabled_reason == "gone"
    audit = (await world.backend.events.after(0, 500))[-1]
    assert (audit.data["command"], audit.data["subject"]["id"]) == ("disable_webhook", gone.id)
    assert "whsec" not in str(audit.data) and "/hooks" not in str(audit.data)
    await world.happen(3)
    world.watch.forward(hours=1)
    await world.work()
    count = len(receiver.received)
    receiver.answer = lambda _: web.Response()
    back = await world.backend.webhooks.change(made.webhook.id, enabled=True)
    assert back is not None and back.disabled_reason is None
    await world.work()
    subjects = sorted(one.event["subject"] for one in receiver.received[count:])
    assert subjects == ["orders/FO-1", "orders/FO-2", "orders/FO-3"]


async def test_a_receiver_that_is_disabled_gets_no_more_of_what_waits(world: World, receiver: Receiver) -> None:
    made = await world.register(receiver)

    async def answer(_: Received) -> web.Response:
        await world.backend.webhooks.change(made.webhook.id, enabled=False)
        return web.Response()

    receiver.answer = answer
    await world.happen(*range(70))
    await world.work()
    assert len(receiver.received) == 32, "the batch that was under way"
    await world.backend.webhooks.change(made.webhook.id, enabled=True)
    receiver.answer = lambda _: web.Response()
    await world.work()
    assert len(receiver.received) == 70


async def test_a_redirect_is_not_followed(world: World, new_receiver: NewReceiver) -> None:
    target = await new_receiver()
    receiver = await new_receiver(answer=lambda _: web.Response(status=307, headers={"Location": target.url}))
    made = await world.register(receiver)
    target.secret = receiver.secret
    await world.happen(1)
    await world.work()
    (delivery,) = (await world.deliveries(made)).values()
    assert (delivery.status, delivery.tries[0]["response_status"]) == ("waiting", 307)
    assert target.received == []


async def test_a_slow_and_a_dead_receiver_delay_nobody(new_world: Worlds, new_receiver: NewReceiver) -> None:
    world = await new_world(webhook_within=3.0)

    async def never(_: Received) -> web.Response:
        await asyncio.sleep(60)
        return web.Response()

    healthy, slow, dead = await new_receiver(), await new_receiver(answer=never), await new_receiver()
    await dead.stop()
    made = [await world.register(one) for one in (slow, dead, healthy)]
    await world.happen(*range(40))
    began = time.monotonic()
    await world.couriers.step()
    await healthy.until(40, within=3.0)
    assert time.monotonic() - began < 3.0, "the slow one has not even timed out once"
    await world.couriers.idle()
    errors = {one["error"] for delivery in (await world.deliveries(made[0])).values() for one in delivery.tries}
    assert errors == {"timeout"}
    standing = await world.backend.webhooks.get(made[1].webhook.id)
    assert standing is not None and standing.rest_until is not None, "a dead one is left alone for a while"
    assert 0 < standing.failures < 40
    health = await world.backend.webhooks.health()
    assert (health.endpoints, health.disabled) == (3, 0)
    assert health.waiting >= 80 and health.oldest_at is not None


async def test_a_receiver_that_comes_back_gets_everything_soon(new_world: Worlds, new_receiver: NewReceiver) -> None:
    world = await new_world()
    receiver = await new_receiver(answer=lambda _: web.Response(status=502))
    made = await world.register(receiver)
    await world.happen(*range(40))
    tries = 0
    for _ in range(30):  # half an hour
        await world.work()
        world.watch.forward(minutes=1)
        assert len(receiver.received) - tries <= 12
        tries = len(receiver.received)
    assert tries < 40, "a receiver that is down hears from us every five minutes, not for each event"
    receiver.received.clear()
    receiver.answer = lambda _: web.Response()
    world.watch.forward(minutes=7)
    await world.work()
    assert {one.event["subject"] for one in receiver.received} == {f"orders/FO-{number}" for number in range(40)}
    back = await world.backend.webhooks.get(made.webhook.id)
    assert back is not None and (back.waiting, back.failures, back.position) == (0, 0, back.last)
    assert (await world.backend.webhooks.health()).waiting == 0


async def test_the_first_success_calls_everything_that_waits(world: World, receiver: Receiver) -> None:
    receiver.answer = lambda _: web.Response(status=502)
    made = await world.register(receiver)
    await world.happen(*range(6))
    end = world.watch.now + timedelta(hours=4)
    while world.watch.now < end:
        await world.work()
        found = [delivery.next_at for delivery in (await world.deliveries(made)).values()]
        world.watch.now = max(min(found), world.watch.now + timedelta(minutes=7))
    await world.work()
    waiting = [delivery.next_at for delivery in (await world.deliveries(made)).values()]
    assert len(waiting) == 6
    receiver.received.clear()
    receiver.answer = lambda _: web.Response()
    await world.happen(6)
    world.watch.forward(minutes=7)
    assert max(waiting) > world.watch.now + timedelta(hours=1)
    await world.work()
    assert {one.event["subject"] for one in receiver.received} == {f"orders/FO-{number}" for number in range(7)}


async def test_both_secrets_sign_while_one_is_rotated(world: World, receiver: Receiver) -> None:
    made = await world.register(receiver)
    rotated = await world.backend.webhooks.rotate(made.webhook.id, timedelta(hours=1))
    repeated = await world.backend.webhooks.rotate(made.webhook.id, timedelta(hours=1))
    assert rotated is not None and repeated is not None
    await world.happen(1)
    await world.work()
    (one,) = receiver.received  # verified with the old secret
    for secret in (made.secret, rotated.secret, repeated.secret):
        Webhook(secret).verify(one.raw, one.headers)
    world.watch.forward(hours=1)
    receiver.secret = repeated.secret
    await world.happen(2)
    await world.work()
    new = receiver.received[-1]
    for secret in (made.secret, rotated.secret):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(new.raw, new.headers)
    assert len(new.headers["webhook-signature"].split()) == 1


async def test_two_gateways_share_the_work(new_world: Worlds, new_receiver: NewReceiver) -> None:
    watch = Watch(datetime.now(UTC))
    gateways = [await new_world(watch) for _ in range(2)]
    receivers = [await new_receiver() for _ in range(4)]
    for receiver in receivers:
        await gateways[0].register(receiver)
    await gateways[1].happen(*range(30))
    for _ in range(3):
        await asyncio.gather(*(gateway.work() for gateway in gateways))
    for receiver in receivers:
        assert sorted(receiver.seqs) == sorted(set(receiver.seqs)), "no lease was held twice"
        assert len(receiver.seqs) == 30


async def test_old_deliveries_are_forgotten_but_not_what_waits(world: World, receiver: Receiver) -> None:
    made = await world.register(receiver)
    await world.happen(1, 2)
    await world.work()
    receiver.answer = lambda _: web.Response(status=500)
    await world.happen(3)
    await world.work()
    world.watch.forward(days=31)
    assert await world.backend.webhook_queue.prune() == 2
    (left,) = (await world.deliveries(made)).values()
    assert left.status == "waiting"
