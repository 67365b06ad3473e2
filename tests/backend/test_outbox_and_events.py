"""The outbox delivers each notice once and in order; the feed has no gaps and nothing appears late."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from actions.backend import Author, Backend, Event, OutboxRow, ReplyButton, StoredMessage
from actions.policy import RequestUpdate, Role, Withdraw
from tests.backend import world
from tests.backend.conftest import Opener
from tests.backend.world import CUSTOMER, HOUR, NOW, ORDER, SELLER, contents, done, filed, push

pytestmark = pytest.mark.integration
BUTTONS = [ReplyButton("Antworten", '/provide_update{"order_id": "FO-1001"}')]


async def deliver(backend: Backend, row: OutboxRow) -> StoredMessage | None:
    return await world.deliver(backend, row, f"Text {row.code}", BUTTONS, "de-formal")


@pytest.mark.rule("M-19", "M-20")
async def test_a_notice_becomes_a_message_and_an_event(backend: Backend) -> None:
    await backend.orders.put(push())
    dispute_id = await filed(backend, RequestUpdate("Wie weit?"), CUSTOMER, origin="chat")
    (row,) = await backend.outbox.pending()
    assert (row.recipient_role, row.recipient_id, row.created_at) == (Role.SELLER, SELLER.id, NOW)
    await backend.clock.set(NOW + HOUR)
    message = await deliver(backend, row)
    assert message is not None
    assert (message.author, message.seq, message.text) == (Author.NOTICE, 1, "Text update_request")
    assert (message.code, message.order_id, message.dispute_id) == ("update_request", ORDER, dispute_id)
    assert await backend.outbox.pending() == []
    conversation = await backend.conversations.open("shop", Role.SELLER, SELLER.id)
    assert await backend.conversations.messages(conversation.id) == [message]
    known = await backend.conversations.button(message.buttons[0].payload, conversation.id)
    assert known is not None and known.action == BUTTONS[0].payload
    event = (await backend.events.after(0))[-1]
    assert (event.kind, event.order_id, event.at) == ("notice", ORDER, NOW + HOUR)
    assert event.data["recipient"] == {"role": "seller", "id": SELLER.id}
    assert (event.data["text"], event.data["locale"]) == ("Text update_request", "de-formal")
    assert event.data["params"] == dict(row.params) and event.data["outbox_id"] == row.id


async def test_delivering_again_does_nothing(backend: Backend) -> None:
    await backend.orders.put(push())
    await filed(backend, RequestUpdate("?"), CUSTOMER, origin="chat")
    (row,) = await backend.outbox.pending()
    assert await deliver(backend, row) is not None
    before = await contents(backend)
    assert await deliver(backend, row) is None
    assert await contents(backend) == before


async def test_an_orders_notices_come_in_their_order(backend: Backend) -> None:
    await backend.orders.put(push())
    dispute_id = await filed(backend, RequestUpdate("?"), CUSTOMER, origin="chat")
    await done(backend, Withdraw(dispute_id), CUSTOMER, origin="chat")
    await backend.orders.put(push(id="FO-2"))
    await done(backend, RequestUpdate("?"), CUSTOMER, order_id="FO-2", origin="chat")
    request, withdrawn, other = await backend.outbox.pending()
    assert await deliver(backend, withdrawn) is None
    assert await deliver(backend, other) is not None
    assert await deliver(backend, request) is not None
    assert await deliver(backend, withdrawn) is not None


async def test_a_failed_notice_rests_and_holds_back_only_its_order(open_backend: Opener) -> None:
    now = NOW
    backend = await open_backend(real_now=lambda: now)
    await backend.orders.put(push())
    await filed(backend, RequestUpdate("?"), CUSTOMER, origin="chat")
    (row,) = await backend.outbox.pending()
    await backend.outbox.failed(row, 30.0)
    assert row.dispute_id is not None
    await done(backend, Withdraw(row.dispute_id), CUSTOMER, origin="chat")
    await backend.orders.put(push(id="FO-2"))
    await done(backend, RequestUpdate("?"), CUSTOMER, order_id="FO-2", origin="chat")
    (other,) = await backend.outbox.pending(limit=1)
    assert other.order_id == "FO-2", "what waits behind the failed one takes up no place"
    now += timedelta(seconds=30)
    again, withdrawn, _ = await backend.outbox.pending()
    assert (again.id, again.attempts, withdrawn.code) == (row.id, 1, "withdrawn")


async def test_many_dispatchers_deliver_each_notice_once(open_backend: Opener) -> None:
    gateways = [await open_backend() for _ in range(3)]
    first = gateways[0]
    for number in range(6):
        await first.orders.put(push(id=f"FO-{number}", customer_id=f"c{number % 3}"))
        outcome = await first.commands.execute(
            *(f"FO-{number}", RequestUpdate("?"), type(CUSTOMER)(Role.CUSTOMER, f"c{number % 3}")),
            key=_key(number),
        )
        assert outcome.allowed

    async def dispatch(backend: Backend) -> int:
        return sum([await deliver(backend, row) is not None for row in await backend.outbox.pending()])

    counts = await asyncio.gather(*(dispatch(gateway) for gateway in gateways * 2))
    assert sum(counts) == 12
    assert await first.outbox.pending() == []
    conversation = await first.conversations.for_notices(Role.SELLER, SELLER.id)
    messages = await first.conversations.messages(conversation.id)
    assert [message.seq for message in messages] == list(range(1, 7))
    assert sorted(message.order_id or "" for message in messages) == [f"FO-{number}" for number in range(6)]


def _key(number: int) -> object:
    from actions.backend import IdempotencyKey

    return IdempotencyKey(f"k{number}", "request_update", f"FO-{number}")


async def test_the_feed_never_shows_a_number_late(open_backend: Opener) -> None:
    """Readers poll while many processes write: whoever saw number n has seen everything up to n."""
    writers = [await open_backend() for _ in range(3)]
    reader = await open_backend()
    seen: list[Event] = []
    writing = asyncio.gather(
        *(writers[number % 3].orders.put(push(id=f"FO-{number}", seller_id=f"s{number}")) for number in range(60))
    )
    while not writing.done():
        seen += await reader.events.after(seen[-1].seq if seen else 0)
    await writing
    seen += await reader.events.after(seen[-1].seq if seen else 0)
    assert [event.seq for event in seen] == list(range(1, 61))
    assert {event.order_id for event in seen} == {f"FO-{number}" for number in range(60)}


async def test_the_feed_is_read_in_pieces(backend: Backend) -> None:
    for number in range(5):
        await backend.orders.put(push(id=f"FO-{number}"))
    assert [event.seq for event in await backend.events.after(0, limit=2)] == [1, 2]
    assert [event.seq for event in await backend.events.after(2, limit=2)] == [3, 4]
    assert [event.seq for event in await backend.events.after(4)] == [5]
    assert await backend.events.after(5) == []
    shown = (await backend.events.after(4))[0].to_json()
    assert (shown["seq"], shown["kind"], shown["order_id"], shown["command"]) == (5, "change", "FO-4", "put_order")
    assert shown["at"] == NOW.isoformat()


async def test_a_transaction_that_fails_leaves_no_gap(backend: Backend) -> None:
    await backend.orders.put(push(id="FO-1"))
    with pytest.raises(RuntimeError):
        await backend.database.write(lambda session: _append_and_fail(backend, session))
    await backend.orders.put(push(id="FO-2"))
    assert [event.seq for event in await backend.events.after(0)] == [1, 2]


def _append_and_fail(backend: Backend, session: object) -> None:
    from actions.backend import events

    events.append(session, [events.NewEvent("change", NOW, "FO-1", {})], backend.clock.real_now())
    raise RuntimeError
