"""The scan of an account, single questions, what-ifs, and the review queue: every answer is the policy's."""

from __future__ import annotations

from datetime import timedelta

import pytest

from actions.backend import Backend, BadValue, ScanItem
from actions.policy import Allowed, AppealStatus, AppealType, OrderState, Outcome, Standing, Undetermined
from tests.backend.appeal_world import (
    CARRIER_LINK,
    MERCHANT,
    STRANGER,
    codes,
    decided,
    drafted,
    entry,
    goods,
    infraction,
    key,
    of_infraction,
    of_order,
    refund,
    submit,
    submitted,
    withdraw,
)
from tests.backend.conftest import Opener
from tests.backend.world import DAY, NOW, contents

pytestmark = pytest.mark.integration
T = AppealType


@pytest.fixture
async def shop(backend: Backend) -> Backend:
    """An account in which every standing occurs."""
    for push in (
        infraction("V-1"),
        infraction("V-2", type=T.PROHIBITED_PRODUCT.value, issued_at=NOW - 89 * DAY),
        infraction("V-3", type=T.IP_INFRINGEMENT.value, issued_at=NOW - 91 * DAY),
        infraction("V-4", type=T.REPEAT_IP_INFRINGEMENT.value),
        infraction("V-5", type="late_reply"),
        infraction("V-6", type=T.MISLEADING_LISTING.value, issued_at=None),
        infraction("V-7", type=T.UNFULFILLED_ORDER.value, order_id="WO-7"),
        infraction("V-8", type=T.MATERIAL_LISTING_CHANGE.value),
        infraction("V-9", seller_id=STRANGER.id),
    ):
        await backend.infractions.put(push)
    for order in (
        goods("WO-1"),
        goods("WO-2", refunds=(refund(),), confirmed_fulfilled_at=NOW - DAY),
        goods("WO-3", state=OrderState.CANCELLED, cancelled_by="merchant"),
        goods("WO-7", confirmed_fulfilled_at=NOW - DAY),
        goods("WO-9", seller_id=STRANGER.id),
    ):
        await backend.orders.put(order)
    filed = await submitted(backend, of_infraction("V-8"), T.MATERIAL_LISTING_CHANGE.value)
    assert filed
    done = await submitted(backend, of_infraction("V-7"), T.UNFULFILLED_ORDER.value)
    await decided(backend, done.id, Outcome.APPROVED)
    return backend


def short(items: list[ScanItem]) -> list[tuple[str, str, Standing, int | None]]:
    return [(item.type, item.subject.id, item.option.standing, item.option.days_left) for item in items]


@pytest.mark.rule("W-01", "W-02", "W-03", "W-05", "W-10", "W-11", "W-13", "W-20", "W-21", "W-22", "W-23", "W-24")
async def test_the_scan_is_the_whole_account_ranked(shop: Backend) -> None:
    before = await contents(shop)
    assert short(await shop.appeals.scan(MERCHANT.id)) == [
        (T.PROHIBITED_PRODUCT, "V-2", Standing.POSSIBLE, 1),
        (T.MISLEADING_TRACKING, "V-1", Standing.POSSIBLE, 80),
        (T.REFUND, "WO-2", Standing.POSSIBLE, None),
        (T.VALID_TRACKING_RATE, "WO-1", Standing.MISSING, 80),
        (T.MATERIAL_LISTING_CHANGE, "V-8", Standing.RUNNING, 80),
        (T.MISLEADING_LISTING, "V-6", Standing.UNKNOWN, None),
        (T.FULFILMENT_RATE, "WO-3", Standing.UNKNOWN, None),
        (T.REPEAT_IP_INFRINGEMENT, "V-4", Standing.REFERRED, None),
        (T.UNFULFILLED_ORDER, "V-7", Standing.SETTLED, 80),
        (T.IP_INFRINGEMENT, "V-3", Standing.LOST, -1),
        ("late_reply", "V-5", Standing.LOST, None),
    ]
    assert await shop.appeals.scan("nobody") == []
    assert await contents(shop) == before


async def test_every_entry_is_what_a_single_question_says(shop: Backend) -> None:
    for item in await shop.appeals.scan(MERCHANT.id):
        assert await shop.appeals.check(MERCHANT, item.type, item.subject) == item


@pytest.mark.rule("W-03", "W-20")
async def test_another_day_is_only_asked_about(shop: Backend) -> None:
    at = NOW + 2 * DAY
    items = {item.subject.id: item for item in await shop.appeals.scan(MERCHANT.id, at=at)}
    assert codes(items["V-2"].option.verdict) == ("expired",) and items["V-2"].option.days_left == -1
    asked = await shop.appeals.check(MERCHANT, T.PROHIBITED_PRODUCT, of_infraction("V-2"), at=NOW + DAY)
    assert asked is not None and asked.option.standing is Standing.POSSIBLE
    assert await shop.clock.now() == NOW


@pytest.mark.rule("W-11", "W-12")
async def test_a_what_if_judges_with_what_is_not_there(shop: Backend) -> None:
    await shop.orders.put(goods("WO-4", tracking=None))
    found = {}
    for assume in ((), ("proof",), ("tracking_number",), ("proof", "tracking_number")):
        item = await shop.appeals.check(MERCHANT, T.VALID_TRACKING_RATE, of_order("WO-4"), assume=assume)  # type: ignore[arg-type]
        assert item is not None
        found[assume] = (codes(item.option.verdict), item.option.needs)
    assert found == {
        (): (("vtr_no_tracking", "vtr_no_proof"), ("ground", "tracking", "proof")),
        ("proof",): (("vtr_no_tracking",), ("ground", "tracking")),
        ("tracking_number",): (("vtr_no_proof",), ("ground", "proof")),
        ("proof", "tracking_number"): ((), ("ground",)),
    }
    await shop.infractions.put(infraction("V-10", type=T.CONFIRMED_FULFILMENT_SPEED.value, order_id="WO-4"))
    speed = (MERCHANT, T.CONFIRMED_FULFILMENT_SPEED, of_infraction("V-10"))
    now = await shop.appeals.check(*speed, assume=("proof",))
    then = await shop.appeals.check(*speed, assume=("proof", "confirmed"))
    assert now and codes(now.option.verdict) == ("cfs_no_date",)
    assert then and isinstance(then.option.verdict, Allowed)


async def test_a_draft_counts_with_what_is_attached(shop: Backend) -> None:
    draft = await drafted(shop, of_order(), T.VALID_TRACKING_RATE.value)
    item = await entry(shop, T.VALID_TRACKING_RATE, "WO-1")
    assert (item.option.standing, item.appeal) == (Standing.MISSING, draft)
    await shop.appeals.attach(draft.id, MERCHANT, link=CARRIER_LINK, key=key("attach", draft.id))
    item = await entry(shop, T.VALID_TRACKING_RATE, "WO-1")
    assert item.option.standing is Standing.POSSIBLE and item.appeal and item.appeal.is_draft
    await submit(shop, draft.id)
    item = await entry(shop, T.VALID_TRACKING_RATE, "WO-1")
    assert item.option.standing is Standing.RUNNING and item.appeal and not item.appeal.is_draft
    await withdraw(shop, draft.id)
    item = await entry(shop, T.VALID_TRACKING_RATE, "WO-1")
    assert (item.option.standing, item.appeal) == (Standing.MISSING, None)


async def test_an_open_appeal_stays_in_the_scan_when_its_order_no_longer_counts(shop: Backend) -> None:
    draft = await drafted(shop, of_order(), T.VALID_TRACKING_RATE.value)
    await shop.orders.put(goods("WO-1", updated_at=NOW, confirmed_fulfilled_at=NOW))
    item = await entry(shop, T.VALID_TRACKING_RATE, "WO-1")
    assert item.appeal == draft and codes(item.option.verdict) == ("vtr_confirmed", "vtr_no_proof")


@pytest.mark.rule("W-11")
@pytest.mark.parametrize(
    ("changes", "listed"),
    [
        ({"expected_delivery_at": NOW - DAY}, True),
        ({"expected_delivery_at": NOW + DAY}, False),
        ({"confirmed_fulfilled_at": NOW - DAY}, False),
        ({"state": OrderState.CANCELLED, "cancelled_by": "customer"}, False),
        ({"released_at": None}, False),
    ],
)
async def test_an_order_in_time_is_no_penalty(backend: Backend, changes: dict[str, object], listed: bool) -> None:
    await backend.orders.put(goods(**changes))
    assert [item.type for item in await backend.appeals.scan(MERCHANT.id)] == ["valid_tracking_rate"] * listed


@pytest.mark.rule("W-13")
async def test_a_refund_at_the_platforms_cost_is_no_penalty(backend: Backend) -> None:
    done = {"confirmed_fulfilled_at": NOW}
    await backend.orders.put(goods("WO-1", refunds=(refund(responsibility="platform"),), **done))
    await backend.orders.put(goods("WO-2", refunds=(refund(category="other"),), **done))
    await backend.orders.put(goods("WO-3", refunds=(refund(rejected_appeals=3),), **done))
    found = {item.subject.id: codes(item.option.verdict) for item in await backend.appeals.scan(MERCHANT.id)}
    assert found == {"WO-2": ("not_appealable",), "WO-3": ("refund_cap",)}


@pytest.mark.rule("W-10", "W-26")
async def test_a_metric_with_an_infraction_of_its_own_is_listed_once(backend: Backend) -> None:
    await backend.orders.put(goods("WO-3", state=OrderState.CANCELLED, cancelled_by="merchant"))
    await backend.infractions.put(infraction("V-1", type="order_cancellation", order_id="WO-3"))
    assert [item.key for item in await backend.appeals.scan(MERCHANT.id)] == [
        ("order_cancellation", "infraction", "V-1")
    ]


async def test_services_are_never_goods(backend: Backend) -> None:
    plain = goods("FO-1", released_at=None, tracking=None, state=OrderState.CANCELLED)
    await backend.orders.put(plain)
    assert await backend.appeals.scan(MERCHANT.id) == []


async def test_what_words_can_mean(shop: Backend) -> None:
    async def meant(**words: str) -> list[tuple[str, str]]:
        return [(item.type, item.subject.id) for item in await shop.appeals.candidates(MERCHANT, **words)]

    assert await meant(infraction_id="V-1") == [(T.MISLEADING_TRACKING, "V-1")]
    assert await meant(infraction_id="V-9") == await meant(infraction_id="nothing") == []
    assert await meant(order_id="WO-9") == await meant(order_id="nothing") == []
    assert await meant(order_id="WO-7") == [(T.UNFULFILLED_ORDER, "V-7")]
    assert await meant(order_id="WO-1", type="refund") == [(T.REFUND, "WO-1")]
    assert await meant(order_id="WO-7", type="unfulfilled_order") == [(T.UNFULFILLED_ORDER, "V-7")]
    assert await meant(type="ip_infringement") == [(T.IP_INFRINGEMENT, "V-3")]
    assert len(await meant()) == 11
    # Named, an order means what it could become as well.
    await shop.orders.put(goods("WO-6", expected_delivery_at=NOW + DAY, refunds=(refund(),)))
    await shop.infractions.put(infraction("V-11", type="late_confirmed_fulfilment", order_id="WO-6"))
    assert sorted(await meant(order_id="WO-6")) == [
        (T.CONFIRMED_FULFILMENT_SPEED, "WO-6"),
        (T.LATE_CONFIRMED_FULFILMENT, "V-11"),
        (T.REFUND, "WO-6"),
        (T.VALID_TRACKING_RATE, "WO-6"),
    ]


async def test_a_metric_takes_the_infraction_that_still_stands(backend: Backend) -> None:
    await backend.orders.put(goods("WO-3", state=OrderState.CANCELLED, cancelled_by="merchant"))
    for number, days in ((1, 60), (2, 30), (3, 20)):
        push = infraction(f"V-{number}", type="order_cancellation", order_id="WO-3", issued_at=NOW - days * DAY)
        await backend.infractions.put(push)
    item = await backend.appeals.check(MERCHANT, T.FULFILMENT_RATE, of_order("WO-3"))
    assert item is not None and item.infraction_id == "V-3"
    await backend.infractions.put(infraction("V-4", type="fulfilment_rate", order_id="WO-3", issued_at=None))
    item = await backend.appeals.check(MERCHANT, T.FULFILMENT_RATE, of_order("WO-3"))
    assert item is not None and item.infraction_id == "V-4" and isinstance(item.option.verdict, Undetermined)


@pytest.mark.rule("W-03", "W-20")
async def test_the_earlier_of_two_dates_counts(backend: Backend) -> None:
    await backend.infractions.put(infraction(notified_at=NOW - 12 * DAY))
    (item,) = await backend.appeals.scan(MERCHANT.id)
    assert item.option.days_left == 78


async def test_a_foreign_order_behind_an_infraction_stays_foreign(backend: Backend) -> None:
    await backend.orders.put(goods("WO-8", seller_id=STRANGER.id, title="Geheim"))
    await backend.infractions.put(infraction("V-1", type="valid_tracking_rate", order_id="WO-8", title=""))
    (item,) = await backend.appeals.scan(MERCHANT.id)
    assert item.title == "" and codes(item.option.verdict) == ("vtr_no_proof",)


async def test_the_queue_is_sorted_and_paged(backend: Backend) -> None:
    for number in range(1, 6):
        push = infraction(f"V-{number}", issued_at=NOW - number * DAY, seller_id=("mona", "eve")[number == 5])
        await backend.infractions.put(push)
    await backend.orders.put(goods("WO-5", refunds=(refund(),)))
    running = [await submitted(backend, of_infraction(f"V-{number}")) for number in (1, 2, 3)]
    forever = await submitted(backend, of_order("WO-5"), "refund")
    draft = await drafted(backend, of_infraction("V-4"))
    other = await drafted(backend, of_infraction("V-5"), actor=STRANGER)
    await withdraw(backend, running[1].id)
    whole = [running[2].id, running[0].id, forever.id, *sorted((draft.id, other.id)), running[1].id]
    assert [found.id for found in (await backend.appeals.queue()).appeals] == whole
    assert (await backend.appeals.queue()).next is None
    seen, after = [], None
    while True:
        page = await backend.appeals.queue(after=after, limit=2)
        seen += [found.id for found in page.appeals]
        after = page.next
        if after is None:
            break
    assert seen == whole
    mine = await backend.appeals.queue(AppealStatus.DRAFT, seller="mona")
    assert [found.id for found in mine.appeals] == [draft.id]
    assert [found.id for found in await backend.appeals.of_seller("mona", AppealStatus.DRAFT)] == [draft.id]
    for broken in ("x", "W10", "bnVsbA", ""):
        with pytest.raises(BadValue):
            await backend.appeals.queue(after=broken)


@pytest.mark.rule("W-03")
async def test_the_queue_shows_what_the_clock_did(backend: Backend) -> None:
    await backend.infractions.put(infraction())
    filed = await submitted(backend)
    await backend.clock.set(NOW + 81 * DAY)
    assert (await backend.appeals.queue(AppealStatus.SUBMITTED)).appeals == ()
    (lapsed,) = (await backend.appeals.queue(AppealStatus.LAPSED)).appeals
    assert (lapsed.id, lapsed.status, lapsed.ended_at) == (filed.id, AppealStatus.LAPSED, filed.closes_at)


async def test_pushes_of_infractions(open_backend: Opener) -> None:
    backend = await open_backend()
    await backend.clock.set(NOW)
    made = await backend.infractions.put(infraction(order_id="WO-1", listing="L-1"))
    assert made.applied and made.infraction == await backend.infractions.get("V-1")
    assert (made.infraction.status, made.infraction.listing) == ("active", "L-1")
    before = await contents(backend)
    assert not (await backend.infractions.put(infraction(updated_at=NOW - 2 * DAY, title="alt"))).applied
    assert (await backend.infractions.put(infraction(order_id="WO-1", listing="L-1"))).applied
    assert await contents(backend) == before
    later = await backend.infractions.put(infraction(updated_at=NOW, issued_at=NOW - timedelta(days=3)))
    assert later.infraction.issued_at == NOW - timedelta(days=3) and later.infraction.order_id is None
    events = await backend.events.after(0)
    assert [event.data["command"] for event in events] == ["put_infraction"] * 2
    assert events[1].data["before"]["listing"] == "L-1" and events[1].data["subject"]["id"] == "V-1"
    assert await backend.infractions.get("V-2") is None
    assert later.infraction.to_json()["status"] == "active"
