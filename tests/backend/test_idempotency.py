"""A repeat returns the first result, the same key with other content is an error; versions and audit rows."""

from __future__ import annotations

import pytest

from actions.backend import Backend, IdempotencyConflict, IdempotencyKey, VersionChanged
from actions.policy import (
    DEFAULT_LIMITS,
    POLICY_VERSION,
    Accept,
    Actor,
    AnswerUpdate,
    RequestUpdate,
    Withdraw,
)
from tests.backend.world import (
    CUSTOMER,
    DAY,
    FILED_BY_CUSTOMER,
    HOUR,
    NOW,
    ORDER,
    SELLER,
    codes,
    contents,
    do,
    done,
    filed,
    key,
    order,
    push,
)

pytestmark = pytest.mark.integration


@pytest.fixture
async def shop(backend: Backend) -> Backend:
    await backend.orders.put(push())
    return backend


async def test_a_repeat_returns_the_first_result_and_changes_nothing(shop: Backend) -> None:
    command = RequestUpdate("Wie weit?")
    used = key(command)
    first = await shop.commands.execute(ORDER, command, CUSTOMER, key=used)
    assert first.dispute_id is not None
    await done(shop, AnswerUpdate(first.dispute_id, "Fertig"), SELLER)
    await shop.clock.set(NOW + HOUR)
    before = await contents(shop)
    again = await shop.commands.execute(ORDER, command, CUSTOMER, key=used)
    assert again.replayed and not first.replayed
    assert (again.verdict, again.order, again.dispute_id) == (first.verdict, first.order, first.dispute_id)
    assert await contents(shop) == before


@pytest.mark.parametrize(
    ("command", "actor", "order_id"),
    [
        (RequestUpdate("anders"), CUSTOMER, ORDER),
        (RequestUpdate("Wie weit?"), SELLER, ORDER),
        (RequestUpdate("Wie weit?"), CUSTOMER, "FO-1002"),
    ],
    ids=["text", "actor", "order"],
)
async def test_the_same_key_with_other_content_is_an_error(
    shop: Backend, command: RequestUpdate, actor: Actor, order_id: str
) -> None:
    await shop.orders.put(push(id="FO-1002"))
    used = IdempotencyKey("once", "request_update", "subject")
    await shop.commands.execute(ORDER, RequestUpdate("Wie weit?"), CUSTOMER, key=used)
    before = await contents(shop)
    with pytest.raises(IdempotencyConflict):
        await shop.commands.execute(order_id, command, actor, key=used)
    assert await contents(shop) == before


async def test_keys_of_the_chat_and_of_the_marketplace_do_not_meet(shop: Backend) -> None:
    used = IdempotencyKey("once", "request_update", ORDER)
    chat = await shop.commands.execute(ORDER, RequestUpdate("a"), CUSTOMER, key=used, origin="chat")
    assert chat.allowed
    api = await shop.commands.execute(ORDER, RequestUpdate("b"), CUSTOMER, key=used)
    assert codes(api) == ("slot_taken",)


async def test_one_message_may_do_two_things(shop: Backend) -> None:
    opened = await shop.commands.execute(ORDER, RequestUpdate("?"), CUSTOMER, key=key(RequestUpdate(), value="m1"))
    assert opened.dispute_id is not None
    withdraw = Withdraw(opened.dispute_id)
    taken = await shop.commands.execute(ORDER, withdraw, CUSTOMER, key=key(withdraw, value="m1"))
    assert taken.allowed and not taken.replayed


async def test_a_version_that_is_no_longer_true_stops_the_command(shop: Backend) -> None:
    version = (await order(shop)).version
    await shop.orders.put(push(updated_at=NOW, expected_delivery_at=NOW + 3 * DAY))
    before = await contents(shop)
    with pytest.raises(VersionChanged):
        await do(shop, RequestUpdate("?"), CUSTOMER, expected_version=version)
    assert await contents(shop) == before
    assert (await do(shop, RequestUpdate("?"), CUSTOMER, expected_version=version + 1)).allowed


async def test_each_change_raises_the_version(shop: Backend) -> None:
    versions = [(await order(shop)).version]
    dispute_id = await filed(shop, RequestUpdate("?"), CUSTOMER)
    versions.append((await order(shop)).version)
    await done(shop, AnswerUpdate(dispute_id, "ja"), SELLER)
    versions.append((await order(shop)).version)
    assert versions == [1, 2, 3]


@pytest.mark.rule("M-20")
async def test_each_change_writes_one_audit_row(shop: Backend) -> None:
    await shop.clock.set(NOW + HOUR)
    command = RequestUpdate("Wie weit?")
    await shop.commands.execute(ORDER, command, CUSTOMER, key=key(command, value="abc"))
    created, requested = await shop.orders.events(ORDER)
    assert (created.data["command"], created.data["before"], created.seq, requested.seq) == ("put_order", None, 1, 2)
    data = requested.data
    assert requested.at == NOW + HOUR
    assert data["command"] == "request_update"
    assert data["actor"] == {"role": "customer", "id": "anna"}
    assert (data["rules"], data["policy_version"]) == (["M-09", "M-10"], POLICY_VERSION)
    assert data["key"] == f"api:abc:request_update:{ORDER}"
    assert (data["before"]["disputes"], data["before"]["version"]) == ([], 1)
    assert (data["after"]["disputes"][0]["status"], data["after"]["version"]) == ("open", 2)
    assert data["after"]["disputes"][0]["due_at"] == (NOW + HOUR + DEFAULT_LIMITS.answer_window).isoformat()


async def test_the_audit_row_of_an_answer_shows_before_and_after(shop: Backend) -> None:
    dispute_id = await filed(shop, FILED_BY_CUSTOMER["cancellation"], CUSTOMER)
    await done(shop, Accept(dispute_id), SELLER)
    data = (await shop.orders.events(ORDER))[-1].data
    assert (data["before"]["state"], data["after"]["state"]) == ("active", "cancelled")
    assert [item["status"] for item in data["before"]["disputes"]] == ["open"]
    assert [item["status"] for item in data["after"]["disputes"]] == ["accepted"]
    assert data["after"]["cancelled_by_us"] is True
