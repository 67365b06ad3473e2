"""Commands: each effect reaches the tables, a refusal writes nothing, a repeat does nothing again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from actions.backend import Backend
from actions.policy import (
    DEFAULT_LIMITS,
    Accept,
    Actor,
    AnswerUpdate,
    Decline,
    DisputeKind,
    DisputeStatus,
    ForceCancel,
    OrderState,
    RequestCancellation,
    RequestExtension,
    RequestUpdate,
    Role,
    Withdraw,
)
from tests.backend.world import (
    CUSTOMER,
    DAY,
    FILED_BY_CUSTOMER,
    FILED_BY_SELLER,
    NOW,
    ORDER,
    SELLER,
    TICK,
    codes,
    contents,
    count,
    dispute,
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


@pytest.mark.rule("M-09", "M-10")
async def test_an_update_request_opens_a_dispute_with_its_stored_due_instant(shop: Backend) -> None:
    dispute_id = await filed(shop, RequestUpdate("Wie weit?"), CUSTOMER)
    opened = await dispute(shop, dispute_id)
    assert (opened.kind, opened.filed_by, opened.status) == (DisputeKind.UPDATE, Role.CUSTOMER, DisputeStatus.OPEN)
    assert (opened.opened_at, opened.due_at, opened.text) == (NOW, NOW + DEFAULT_LIMITS.answer_window, "Wie weit?")


@pytest.mark.rule("M-11")
async def test_the_answer_to_an_update_is_kept_and_the_order_stays_active(shop: Backend) -> None:
    dispute_id = await filed(shop, RequestUpdate("Wie weit?"), CUSTOMER)
    await done(shop, AnswerUpdate(dispute_id, "Fast fertig"), SELLER)
    answered = await dispute(shop, dispute_id)
    assert (answered.status, answered.answer, answered.text) == (DisputeStatus.ANSWERED, "Fast fertig", "Wie weit?")
    assert answered.closed_at == NOW
    assert (await order(shop)).state is OrderState.ACTIVE


@pytest.mark.rule("M-16", "M-35")
@pytest.mark.parametrize(("filer", "other"), [(CUSTOMER, SELLER), (SELLER, CUSTOMER)], ids=["customer", "seller"])
async def test_accepting_a_cancellation_cancels_the_order(shop: Backend, filer: Actor, other: Actor) -> None:
    request = FILED_BY_CUSTOMER["cancellation"] if filer is CUSTOMER else FILED_BY_SELLER["cancellation"]
    dispute_id = await filed(shop, request, filer)
    outcome = await done(shop, Accept(dispute_id), other)
    assert outcome.order is not None and outcome.order.state is OrderState.CANCELLED
    assert (await dispute(shop, dispute_id)).status is DisputeStatus.ACCEPTED
    assert (await order(shop)) == outcome.order


@pytest.mark.rule("M-17")
async def test_declining_a_cancellation_keeps_the_order_and_the_words(shop: Backend) -> None:
    dispute_id = await filed(shop, FILED_BY_CUSTOMER["cancellation"], CUSTOMER)
    await done(shop, Decline(dispute_id, "Schon fertig"), SELLER)
    declined = await dispute(shop, dispute_id)
    assert (declined.status, declined.answer) == (DisputeStatus.DECLINED, "Schon fertig")
    assert (await order(shop)).state is OrderState.ACTIVE


@pytest.mark.rule("M-33")
async def test_the_sellers_reason_is_kept(shop: Backend) -> None:
    dispute_id = await filed(shop, RequestCancellation(reason="overbooked", text="Leider voll"), SELLER)
    opened = await dispute(shop, dispute_id)
    assert (opened.reason, opened.text, opened.filed_by) == ("overbooked", "Leider voll", Role.SELLER)


@pytest.mark.rule("M-37")
async def test_an_accepted_extension_moves_the_delivery_date(shop: Backend) -> None:
    asked = NOW + 5 * DAY + timedelta(microseconds=7)
    dispute_id = await filed(shop, RequestExtension(asked, "Mehr Zeit"), SELLER)
    assert (await order(shop)).effective_delivery_at == NOW + 2 * DAY
    assert (await dispute(shop, dispute_id)).due_at is None
    await done(shop, Accept(dispute_id), CUSTOMER)
    after = await order(shop)
    assert (after.agreed_delivery_at, after.expected_delivery_at) == (asked, NOW + 2 * DAY)
    assert after.effective_delivery_at == asked


@pytest.mark.rule("M-24")
async def test_a_withdrawn_dispute_frees_the_slot(shop: Backend) -> None:
    first = await filed(shop, RequestUpdate("Wie weit?"), CUSTOMER)
    await done(shop, Withdraw(first), CUSTOMER)
    second = await filed(shop, RequestUpdate("Und jetzt?"), CUSTOMER)
    found = await order(shop)
    assert [(item.id, item.status) for item in found.disputes] == [
        (first, DisputeStatus.WITHDRAWN),
        (second, DisputeStatus.OPEN),
    ]
    assert found.open_dispute is not None and found.open_dispute.id == second


@pytest.mark.rule("M-23")
async def test_withdrawing_and_cancelling_are_one_step(shop: Backend) -> None:
    first = await filed(shop, RequestUpdate("Wie weit?"), CUSTOMER)
    before = await count(shop, "events")
    second = await filed(shop, RequestCancellation(text="Dann nicht", withdraw_dispute_id=first), CUSTOMER)
    assert (await dispute(shop, first)).status is DisputeStatus.WITHDRAWN
    opened = await dispute(shop, second)
    assert (opened.kind, opened.text, opened.status) == (DisputeKind.CANCELLATION, "Dann nicht", DisputeStatus.OPEN)
    assert await count(shop, "events") == before + 1


@pytest.mark.rule("M-26")
async def test_a_late_order_is_cancelled_without_consent(shop: Backend) -> None:
    await shop.clock.set(NOW + 3 * DAY)
    outcome = await done(shop, ForceCancel(), CUSTOMER)
    assert outcome.order is not None and outcome.order.state is OrderState.CANCELLED


@pytest.mark.rule("M-27")
async def test_one_tick_too_early_is_refused_with_the_instant(shop: Backend) -> None:
    await shop.clock.set(NOW + 3 * DAY - TICK)
    outcome = await do(shop, ForceCancel(), CUSTOMER)
    assert codes(outcome) == ("force_early",)
    assert outcome.verdict.reasons[0].params["possible_from"] == NOW + 3 * DAY


@pytest.mark.rule("M-26", "M-23")
async def test_force_closes_ones_own_dispute_first(shop: Backend) -> None:
    dispute_id = await filed(shop, FILED_BY_CUSTOMER["update"], CUSTOMER)
    await shop.clock.set(NOW + 2 * DAY)
    await done(shop, Withdraw(dispute_id), CUSTOMER)
    pending = await filed(shop, FILED_BY_SELLER["extension"], SELLER)
    await shop.clock.set(NOW + 3 * DAY)
    await done(shop, ForceCancel(), CUSTOMER)
    assert (await dispute(shop, pending)).status is DisputeStatus.DECLINED
    assert (await order(shop)).state is OrderState.CANCELLED


REFUSED = {
    "stranger": (RequestUpdate("?"), Actor(Role.CUSTOMER, "eve"), "no_access"),
    "other role": (RequestUpdate("?"), Actor(Role.SELLER, "anna"), "no_access"),
    "slot": (RequestUpdate("?"), CUSTOMER, "slot_taken"),
    "not filer": (Withdraw("@"), SELLER, "not_yours"),
    "own": (Accept("@"), CUSTOMER, "own_dispute"),
    "gone": (Decline("D-NONE"), SELLER, "dispute_gone"),
    "early": (ForceCancel(), CUSTOMER, "force_early"),
    "seller force": (ForceCancel(), SELLER, "force_seller"),
    "no date": (RequestExtension(None), SELLER, "date_missing"),
}


@pytest.mark.rule("M-02", "M-04", "M-22", "M-25", "M-29")
@pytest.mark.parametrize("case", REFUSED)
async def test_a_refused_command_writes_nothing(shop: Backend, case: str) -> None:
    command, actor, code = REFUSED[case]
    dispute_id = await filed(shop, FILED_BY_CUSTOMER["cancellation"], CUSTOMER)
    if getattr(command, "dispute_id", "") == "@":
        command = type(command)(dispute_id)
    before = await contents(shop)
    outcome = await do(shop, command, actor)
    assert code in codes(outcome)
    assert await contents(shop) == before


@pytest.mark.rule("M-02")
@pytest.mark.parametrize("state", [OrderState.COMPLETED, OrderState.CANCELLED])
async def test_nothing_happens_on_a_closed_order(backend: Backend, state: OrderState) -> None:
    await backend.orders.put(push(state=state))
    before = await contents(backend)
    for command, actor in [(RequestUpdate("?"), CUSTOMER), (RequestExtension(NOW + 9 * DAY), SELLER)]:
        assert codes(await do(backend, command, actor)) == ("rc_closed",)
    assert await contents(backend) == before


@pytest.mark.rule("M-04")
async def test_a_foreign_order_and_none_at_all_look_the_same(shop: Backend) -> None:
    stranger = Actor(Role.CUSTOMER, "eve")
    foreign = await do(shop, RequestUpdate("?"), stranger)
    unknown = await do(shop, RequestUpdate("?"), stranger, order_id="FO-9999")
    assert foreign.order is None and unknown.order is None
    assert [(r.rule, r.code, set(r.params)) for r in foreign.verdict.reasons] == [
        (r.rule, r.code, set(r.params)) for r in unknown.verdict.reasons
    ]


@pytest.mark.rule("M-04")
async def test_an_order_unknown_at_first_can_be_used_with_the_same_key_later(backend: Backend) -> None:
    command = RequestUpdate("?")
    used = key(command)
    assert not (await backend.commands.execute(ORDER, command, CUSTOMER, key=used)).allowed
    await backend.orders.put(push())
    assert (await backend.commands.execute(ORDER, command, CUSTOMER, key=used)).allowed


async def test_preview_and_options_judge_without_writing(shop: Backend) -> None:
    before = await contents(shop)
    later = NOW + 3 * DAY
    assert not isinstance(await shop.commands.preview(ORDER, ForceCancel(), CUSTOMER), type(None))
    verdict = await shop.commands.preview(ORDER, ForceCancel(), CUSTOMER)
    assert [reason.code for reason in verdict.reasons] == ["force_early"]
    assert (await shop.commands.preview(ORDER, ForceCancel(), CUSTOMER, at=later)).rules == ("M-26",)
    options = {option.command_name: option for option in await shop.commands.options(ORDER, CUSTOMER)}
    assert options["force_cancel"].possible_from == later
    unknown = await shop.commands.preview("FO-9", ForceCancel(), CUSTOMER)
    assert [reason.code for reason in unknown.reasons] == ["no_access"]
    assert await shop.commands.options("FO-9", CUSTOMER) == ()
    assert await contents(shop) == before
