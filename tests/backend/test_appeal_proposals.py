"""A yes does to each appeal exactly what was shown, once, in time, or nothing at all."""

from __future__ import annotations

from datetime import timedelta

import pytest

from actions.backend import AppealProposal, Backend, ConfirmStatus
from actions.backend.proposals import LIFETIME
from actions.policy import Actor, AppealStatus, AppealType, Outcome, Refused, Role, Undetermined
from tests.backend.appeal_world import (
    CARRIER_LINK,
    MERCHANT,
    STRANGER,
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
    submit,
    submitted,
)
from tests.backend.conftest import Opener
from tests.backend.test_proposals import RealTime
from tests.backend.world import DAY, NOW, TICK, contents, notices

pytestmark = pytest.mark.integration
CHAT = "C-CHAT"


@pytest.fixture
def real() -> RealTime:
    return RealTime()


@pytest.fixture
async def shop(open_backend: Opener, real: RealTime) -> Backend:
    backend = await open_backend(real_now=real)
    await backend.clock.set(NOW)
    for number in (1, 2, 3):
        await backend.infractions.put(infraction(f"V-{number}"))
    await backend.orders.put(goods())
    return backend


async def drafts(shop: Backend) -> list[str]:
    """Three drafts that can be filed and one whose evidence is missing."""
    made = [await drafted(shop, of_infraction(f"V-{number}")) for number in (1, 2, 3)]
    return [*(draft.id for draft in made), (await drafted(shop, of_order(), AppealType.VALID_TRACKING_RATE.value)).id]


async def proposed(shop: Backend, ids: list[str], command: str = "submit") -> AppealProposal:
    made = await shop.appeal_proposals.create(CHAT, MERCHANT, command, ids)  # type: ignore[arg-type]
    assert isinstance(made, AppealProposal), made
    return made


async def test_a_proposal_names_what_it_does_and_what_it_leaves_out(shop: Backend) -> None:
    ids = await drafts(shop)
    before = await contents(shop)
    made = await proposed(shop, [*ids, ids[0]])
    assert [item.appeal.id for item in made.items] == ids[:3]
    assert [(item.appeal.id, codes(item.verdict)) for item in made.left_out] == [(ids[3], ("vtr_no_proof",))]
    assert {item.last_day for item in made.items} == {(NOW + 80 * DAY).date()}
    assert (made.command, made.expires_at, made.actor) == ("submit", NOW + LIFETIME, MERCHANT)
    assert await shop.appeal_proposals.get(made.id, CHAT) == made
    assert await shop.appeal_proposals.get(made.id, "C-OTHER") is None
    after = await contents(shop)
    assert {name for name in after if after[name] != before[name]} == {"appeal_proposals"}


async def test_one_yes_files_all(shop: Backend) -> None:
    ids = await drafts(shop)
    made = await proposed(shop, ids)
    done = await shop.appeal_proposals.confirm(made.id, CHAT, MERCHANT, "M-1")
    assert done.status is ConfirmStatus.EXECUTED and all(outcome.allowed for outcome in done.results)
    assert [outcome.appeal for outcome in done.results] == [await appeal(shop, id_) for id_ in ids[:3]]
    assert (await appeal(shop, ids[3])).is_draft
    assert await notices(shop) == []
    event = (await shop.appeals.events(ids[0]))[-1]
    assert (event.data["origin"], event.data["key"]) == ("chat", f"chat:M-1:submit:{ids[0]}")
    assert await shop.appeal_proposals.get(made.id, CHAT) is None


async def test_the_same_message_again_gets_the_first_result(shop: Backend, real: RealTime) -> None:
    ids = await drafts(shop)
    made = await proposed(shop, ids)
    first = await shop.appeal_proposals.confirm(made.id, CHAT, MERCHANT, "M-1")
    await decided(shop, ids[0], Outcome.APPROVED)
    real.now += DAY
    before = await contents(shop)
    again = await shop.appeal_proposals.confirm(made.id, CHAT, MERCHANT, "M-1")
    assert again.status is ConfirmStatus.EXECUTED and all(outcome.replayed for outcome in again.results)
    assert [outcome.appeal for outcome in again.results] == [outcome.appeal for outcome in first.results]
    second = await shop.appeal_proposals.confirm(made.id, CHAT, MERCHANT, "M-2")
    assert second.status is ConfirmStatus.ALREADY_DONE and len(second.results) == 3
    assert await contents(shop) == before


async def test_one_message_does_one_thing_once_through_two_proposals(shop: Backend) -> None:
    ids = await drafts(shop)
    await shop.appeal_proposals.confirm((await proposed(shop, ids[:1])).id, CHAT, MERCHANT, "M-1")
    both = await proposed(shop, ids[1:2])
    done = await shop.appeal_proposals.confirm(both.id, CHAT, MERCHANT, "M-1")
    assert done.status is ConfirmStatus.EXECUTED and not done.results[0].replayed
    withdrawing = await proposed(shop, ids[:2], "withdraw")
    done = await shop.appeal_proposals.confirm(withdrawing.id, CHAT, MERCHANT, "M-1")
    assert {outcome.appeal.status for outcome in done.results if outcome.appeal} == {AppealStatus.WITHDRAWN}


@pytest.mark.rule("W-05")
@pytest.mark.parametrize("who", ["other conversation", "other person", "other role", "unknown"])
async def test_to_anybody_else_it_does_not_exist(shop: Backend, who: str) -> None:
    made = await proposed(shop, await drafts(shop))
    before = await contents(shop)
    proposal_id = "Q-NONE" if who == "unknown" else made.id
    conversation = "C-OTHER" if who == "other conversation" else CHAT
    actor = {"other person": STRANGER, "other role": Actor(Role.CUSTOMER, MERCHANT.id)}.get(who, MERCHANT)
    done = await shop.appeal_proposals.confirm(proposal_id, conversation, actor, "M-1")
    assert (done.status, done.proposal, done.results) == (ConfirmStatus.UNKNOWN, None, ())
    if who == "other conversation":
        assert not await shop.appeal_proposals.discard(made.id, conversation)
    assert await contents(shop) == before


@pytest.mark.rule("W-05")
async def test_foreign_appeals_are_not_in_it(shop: Backend) -> None:
    ids = await drafts(shop)
    before = await contents(shop)
    for actor, asked in ((STRANGER, ids), (MERCHANT, ["A-NONE"]), (MERCHANT, [])):
        made = await shop.appeal_proposals.create(CHAT, actor, "submit", asked)
        assert isinstance(made, Refused) and made.codes == ("no_access",)
    assert await contents(shop) == before
    assert [item.appeal.id for item in (await proposed(shop, ["A-NONE", ids[0]])).items] == [ids[0]]


async def test_why_nothing_is_possible(shop: Backend) -> None:
    ids = await drafts(shop)
    refused = await shop.appeal_proposals.create(CHAT, MERCHANT, "submit", ids[3:])
    assert isinstance(refused, Refused) and refused.codes == ("vtr_no_proof",)
    await shop.appeals.attach(ids[3], MERCHANT, link=CARRIER_LINK, key=key("attach_evidence", ids[3]))
    await shop.orders.put(goods(updated_at=NOW, released_at=None))
    unknown = await shop.appeal_proposals.create(CHAT, MERCHANT, "submit", ids[3:])
    assert isinstance(unknown, Undetermined)


@pytest.mark.parametrize("clock", ["business", "real"])
async def test_a_yes_counts_ten_minutes_on_both_clocks(shop: Backend, real: RealTime, clock: str) -> None:
    made = await proposed(shop, await drafts(shop))

    async def at(after: timedelta) -> None:
        real.now = NOW + after * (clock == "real")
        await shop.clock.set(NOW + after * (clock == "business"))

    await at(LIFETIME + TICK)
    before = await contents(shop)
    late = await shop.appeal_proposals.confirm(made.id, CHAT, MERCHANT, "M-1")
    assert late.status is ConfirmStatus.EXPIRED and len(late.results) == 3
    assert await contents(shop) == before
    await at(LIFETIME)
    assert (await shop.appeal_proposals.confirm(made.id, CHAT, MERCHANT, "M-2")).status is ConfirmStatus.EXECUTED


@pytest.mark.parametrize("change", ["ground", "evidence", "date"])
async def test_what_changed_after_it_was_shown_stops_all_of_it(shop: Backend, change: str) -> None:
    ids = await drafts(shop)
    made = await proposed(shop, ids)
    if change == "ground":
        await shop.appeals.edit(ids[1], MERCHANT, ground="Anders", key=key("edit", ids[1]))
    elif change == "evidence":
        await shop.appeals.attach(ids[1], MERCHANT, link=CARRIER_LINK, key=key("attach_evidence", ids[1]))
    else:
        await shop.infractions.put(infraction("V-2", updated_at=NOW, issued_at=NOW - 20 * DAY))
    before = await contents(shop)
    done = await shop.appeal_proposals.confirm(made.id, CHAT, MERCHANT, "M-1")
    assert done.status is ConfirmStatus.CHANGED
    assert [outcome.changed for outcome in done.results] == [False, True, False]
    assert not done.results[1].allowed
    assert await contents(shop) == before


async def test_what_the_rules_refuse_by_now_is_not_done(shop: Backend) -> None:
    ids = await drafts(shop)
    one, all_three = ids[0], await proposed(shop, ids)
    await submit(shop, one)
    before = await contents(shop)
    done = await shop.appeal_proposals.confirm(all_three.id, CHAT, MERCHANT, "M-1")
    assert done.status is ConfirmStatus.CHANGED and codes(done.results[0]) == ("appeal_open",)
    assert await contents(shop) == before
    await shop.clock.set(NOW + 5 * timedelta(minutes=1))
    for id_ in ids[1:3]:
        await submit(shop, id_)
    done = await shop.appeal_proposals.confirm(all_three.id, CHAT, MERCHANT, "M-2")
    assert done.status is ConfirmStatus.REFUSED


async def test_a_no_or_a_newer_proposal_ends_it(shop: Backend) -> None:
    ids = await drafts(shop)
    first = await proposed(shop, ids)
    second = await proposed(shop, ids[:1])
    assert (await shop.appeal_proposals.confirm(first.id, CHAT, MERCHANT, "M-1")).status is ConfirmStatus.EXPIRED
    assert await shop.appeal_proposals.discard(second.id, CHAT)
    assert not await shop.appeal_proposals.discard(second.id, CHAT)
    assert (await shop.appeal_proposals.confirm(second.id, CHAT, MERCHANT, "M-2")).status is ConfirmStatus.EXPIRED
    assert (await appeal(shop, ids[0])).is_draft


async def test_withdrawing_many(shop: Backend) -> None:
    filed = [await submitted(shop, of_infraction(f"V-{number}")) for number in (1, 2)]
    made = await proposed(shop, [found.id for found in filed], "withdraw")
    await decided(shop, filed[0].id, Outcome.APPROVED)
    assert (await shop.appeal_proposals.confirm(made.id, CHAT, MERCHANT, "M-1")).status is ConfirmStatus.CHANGED
    made = await proposed(shop, [filed[1].id], "withdraw")
    assert (await shop.appeal_proposals.confirm(made.id, CHAT, MERCHANT, "M-2")).status is ConfirmStatus.EXECUTED
    assert await commands_of(shop, filed[1].id) == ["draft", "submit", "withdraw"]
