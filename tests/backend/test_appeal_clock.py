"""What time does to appeals: warnings, lapses, late decisions, both switches, and the cap on refunds."""

from __future__ import annotations

import asyncio

import pytest

from actions.backend import Backend
from actions.backend.sweeper import SweepCounts
from actions.policy import AppealStatus, AppealType, Limits, Outcome, Refused
from tests.backend.appeal_world import (
    MERCHANT,
    appeal,
    codes,
    commands_of,
    decided,
    drafted,
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
from tests.backend.world import DAY, NOW, TICK, contents, notices

pytestmark = pytest.mark.integration
CLOSES = (NOW + 81 * DAY).replace(hour=0, minute=0, second=0, microsecond=0)


@pytest.fixture
async def shop(backend: Backend) -> Backend:
    await backend.infractions.put(infraction())
    return backend


@pytest.mark.rule("W-20")
async def test_filed_and_decided_up_to_the_last_instant(shop: Backend) -> None:
    await shop.clock.set(CLOSES - TICK)
    filed = await submitted(shop)
    assert filed.closes_at == CLOSES and filed.last_day == (CLOSES - TICK).date()
    assert (await decided(shop, filed.id, Outcome.APPROVED)).allowed


@pytest.mark.rule("W-03", "W-20")
@pytest.mark.parametrize("outcome", list(Outcome))
async def test_strict_nothing_is_decided_after_the_window(shop: Backend, outcome: Outcome) -> None:
    filed = await submitted(shop)
    await shop.clock.set(CLOSES)
    assert (await appeal(shop, filed.id)).status is AppealStatus.LAPSED
    before = await contents(shop)
    late = await decided(shop, filed.id, outcome)
    assert codes(late) == ("appeal_lapsed",)
    assert isinstance(late.verdict, Refused) and late.verdict.reasons[0].params["closes_at"] == CLOSES
    assert codes(await withdraw(shop, filed.id)) == ("appeal_lapsed",)
    assert await contents(shop) == before
    assert (await shop.infractions.get("V-1")).status == "active"  # type: ignore[union-attr]


@pytest.mark.rule("W-03")
async def test_honoured_what_was_filed_in_time_can_still_be_approved(open_backend: Opener) -> None:
    shop = await open_backend(limits=Limits(late_confirmation="honour_if_filed_in_time"))
    await shop.clock.set(NOW)
    await shop.infractions.put(infraction())
    filed = await submitted(shop)
    await shop.clock.set(CLOSES + 100 * DAY)
    assert await shop.sweeper.sweep() == SweepCounts()
    assert (await appeal(shop, filed.id)).status is AppealStatus.SUBMITTED
    assert (await decided(shop, filed.id, Outcome.APPROVED)).allowed
    assert (await shop.infractions.get("V-1")).status == "reversed"  # type: ignore[union-attr]


@pytest.mark.rule("W-03", "W-20")
async def test_the_sweeper_writes_the_lapse_once_and_tells_the_merchant(shop: Backend) -> None:
    filed = await submitted(shop)
    await shop.clock.set(CLOSES - TICK)
    await shop.sweeper.sweep()
    assert (await appeal(shop, filed.id)).status is AppealStatus.SUBMITTED
    await shop.clock.set(CLOSES + DAY)
    assert await shop.sweeper.sweep() == SweepCounts(lapsed=1)
    assert await shop.sweeper.sweep() == SweepCounts()
    lapsed = await appeal(shop, filed.id)
    assert (lapsed.status, lapsed.ended_at, lapsed.decided_at) == (AppealStatus.LAPSED, CLOSES, None)
    assert await commands_of(shop, filed.id) == ["draft", "submit", "warn", "lapse"]
    assert await notices(shop) == [("seller", "appeal_warning"), ("seller", "appeal_lapsed")]
    event = (await shop.appeals.events(filed.id))[-1]
    assert event.data["origin"] == "clock" and event.data["actor"]["role"] == "platform"


@pytest.mark.rule("W-03")
@pytest.mark.parametrize("lead", [7, 1, 0])
async def test_the_warning_comes_once_when_the_lead_begins(open_backend: Opener, lead: int) -> None:
    shop = await open_backend(limits=Limits(review_lead_days=lead))
    await shop.clock.set(NOW)
    await shop.infractions.put(infraction())
    filed = await submitted(shop)
    await shop.clock.set(CLOSES - lead * DAY - TICK)
    assert await shop.sweeper.sweep() == SweepCounts()
    await shop.clock.set(CLOSES - lead * DAY)
    swept = [await shop.sweeper.sweep() for _ in range(2)]
    if lead == 0:
        assert swept == [SweepCounts(lapsed=1), SweepCounts()]
        assert await notices(shop) == [("seller", "appeal_lapsed")]
        return
    assert swept == [SweepCounts(warned=1), SweepCounts()]
    await shop.clock.set(CLOSES - TICK)
    assert await shop.sweeper.sweep() == SweepCounts()
    (row,) = await shop.outbox.pending()
    assert (row.code, row.recipient_id, row.params["days_left"]) == ("appeal_warning", "mona", lead - 1)
    assert (row.params["last_day"], row.params["closes_at"]) == ("2026-05-21", CLOSES.isoformat())
    assert (await shop.appeals.events(filed.id))[-1].data["command"] == "warn"


async def test_drafts_decided_and_timeless_appeals_are_left_alone(shop: Backend) -> None:
    await shop.orders.put(goods("WO-5", refunds=(refund(),)))
    await shop.infractions.put(infraction("V-2"))
    draft = await drafted(shop)
    timeless = await submitted(shop, of_order("WO-5"), "refund")
    done = await submitted(shop, of_infraction("V-2"))
    await decided(shop, done.id, Outcome.REJECTED)
    await shop.clock.set(CLOSES + 1000 * DAY)
    before = await contents(shop)
    assert await shop.sweeper.sweep() == SweepCounts()
    assert await contents(shop) == before
    assert (await appeal(shop, timeless.id)).status is AppealStatus.SUBMITTED
    assert codes(await submit(shop, draft.id)) == ("expired",)
    assert (await decided(shop, timeless.id, Outcome.APPROVED)).allowed


async def test_many_sweepers_write_each_thing_once(shop: Backend, open_backend: Opener) -> None:
    for number in range(2, 12):
        days = 10 if number % 2 else 5
        await shop.infractions.put(infraction(f"V-{number}", issued_at=NOW - days * DAY))
        await submitted(shop, of_infraction(f"V-{number}"))
    others = [await open_backend() for _ in range(2)]
    await shop.clock.set(CLOSES)
    counts = await asyncio.gather(*(session.sweeper.sweep() for session in (shop, *others, shop)))
    assert (sum(count.lapsed for count in counts), sum(count.warned for count in counts)) == (5, 5)
    assert sorted(code for _, code in await notices(shop)) == ["appeal_lapsed"] * 5 + ["appeal_warning"] * 5


@pytest.mark.rule("W-03", "W-26")
async def test_a_lapse_that_nobody_wrote_is_written_before_the_next_draft(shop: Backend) -> None:
    filed = await submitted(shop)
    await shop.clock.set(CLOSES)
    # The marketplace corrects the date: there is time again, and the old appeal is over all the same.
    await shop.infractions.put(infraction(updated_at=NOW, issued_at=NOW))
    second = await drafted(shop)
    assert second.id != filed.id and (await appeal(shop, filed.id)).status is AppealStatus.LAPSED
    assert await commands_of(shop, filed.id) == ["draft", "submit", "lapse"]
    assert await notices(shop) == [("seller", "appeal_lapsed")]
    assert (await submit(shop, second.id)).allowed


@pytest.mark.rule("W-13")
async def test_the_cap_counts_rejections_from_before_lotse(shop: Backend) -> None:
    await shop.orders.put(goods("WO-5", refunds=(refund("R-1", rejected_appeals=1), refund("R-2", rejected_appeals=1))))
    third = await submitted(shop, of_order("WO-5"), "refund")
    assert (third.attempt, third.attempts_limit) == (3, 3)
    await decided(shop, third.id, Outcome.REJECTED)
    (row,) = await shop.outbox.pending()
    assert (row.code, row.params["again"], row.params["attempt"]) == ("appeal_rejected", False, 3)
    fourth = await shop.appeals.draft(MERCHANT, "refund", of_order("WO-5"), key=key("draft", "WO-5"))
    assert codes(fourth) == ("refund_cap",)


@pytest.mark.rule("W-13")
async def test_only_rejections_count(shop: Backend) -> None:
    await shop.orders.put(goods("WO-5", refunds=(refund(),)))
    for end in ("withdrawn", "rejected", "withdrawn", "rejected"):
        filed = await submitted(shop, of_order("WO-5"), "refund")
        await (decided(shop, filed.id, Outcome.REJECTED) if end == "rejected" else withdraw(shop, filed.id))
    last = await submitted(shop, of_order("WO-5"), "refund")
    assert last.attempt == 3
    # A rejection outside Lotse while the third runs: the draft would be too late, the running one is decided.
    await shop.orders.put(goods("WO-5", updated_at=NOW, refunds=(refund(rejected_appeals=1),)))
    assert (await decided(shop, last.id, Outcome.APPROVED)).allowed


@pytest.mark.rule("W-13")
async def test_a_draft_cannot_pass_the_cap_later(shop: Backend) -> None:
    await shop.orders.put(goods("WO-5", refunds=(refund(rejected_appeals=2),)))
    draft = await drafted(shop, of_order("WO-5"), "refund")
    await shop.orders.put(goods("WO-5", updated_at=NOW, refunds=(refund(rejected_appeals=3),)))
    before = await contents(shop)
    assert codes(await submit(shop, draft.id)) == ("refund_cap",)
    assert await contents(shop) == before


@pytest.mark.rule("W-20", "W-22")
async def test_a_rejected_appeal_may_be_filed_again_in_time(shop: Backend) -> None:
    first = await submitted(shop)
    await decided(shop, first.id, Outcome.REJECTED)
    second = await submitted(shop)
    assert (second.attempt, second.type) == (2, AppealType.MISLEADING_TRACKING.value)
