"""A yes executes exactly what was shown, once, in time, or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from actions.backend import Backend, ConfirmStatus, Proposal
from actions.backend.proposals import LIFETIME
from actions.policy import (
    Accept,
    Actor,
    Allowed,
    AnswerUpdate,
    CloseDispute,
    DisputeStatus,
    ForceCancel,
    OpenDispute,
    OrderState,
    Refused,
    RequestCancellation,
    RequestExtension,
    RequestUpdate,
    Role,
    Undetermined,
    Withdraw,
)
from tests.backend.conftest import Opener
from tests.backend.world import (
    CUSTOMER,
    DAY,
    FILED_BY_CUSTOMER,
    HOUR,
    NOW,
    ORDER,
    SELLER,
    TICK,
    contents,
    dispute,
    done,
    filed,
    notices,
    order,
    push,
)

pytestmark = pytest.mark.integration
CHAT = "C-CHAT"


@dataclass
class RealTime:
    """A machine clock that the test moves."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def real() -> RealTime:
    return RealTime()


@pytest.fixture
async def shop(open_backend: Opener, real: RealTime) -> Backend:
    backend = await open_backend(real_now=real)
    await backend.clock.set(NOW)
    await backend.orders.put(push())
    return backend


async def proposed(shop: Backend, command: object = None, actor: Actor = CUSTOMER) -> Proposal:
    made = await shop.proposals.create(CHAT, actor, ORDER, command or RequestUpdate("Wie weit?"))
    assert isinstance(made, Proposal)
    return made


async def test_a_proposal_names_command_effects_version_and_end(shop: Backend) -> None:
    made = await proposed(shop)
    assert made.command == RequestUpdate("Wie weit?")
    assert [type(effect) for effect in made.effects] == [OpenDispute]
    assert (made.order_version, made.expires_at, made.actor) == (1, NOW + LIFETIME, CUSTOMER)
    assert made.order == await order(shop)
    assert await shop.proposals.get(made.id, CHAT) == made
    assert await shop.proposals.get(made.id, "C-OTHER") is None


async def test_a_proposal_changes_nothing_but_itself(shop: Backend) -> None:
    before = await contents(shop)
    await proposed(shop)
    after = await contents(shop)
    assert {name for name in after if after[name] != before[name]} == {"proposals"}


async def test_what_is_refused_cannot_be_proposed(shop: Backend) -> None:
    before = await contents(shop)
    early = await shop.proposals.create(CHAT, CUSTOMER, ORDER, ForceCancel())
    assert isinstance(early, Refused) and early.codes == ("force_early",)
    unknown = await shop.proposals.create(CHAT, CUSTOMER, "FO-9", ForceCancel())
    assert isinstance(unknown, Refused) and unknown.codes == ("no_access",)
    assert await contents(shop) == before
    await shop.orders.put(push(updated_at=NOW, expected_delivery_at=None))
    assert isinstance(await shop.proposals.create(CHAT, CUSTOMER, ORDER, ForceCancel()), Undetermined)


async def test_a_yes_executes_it(shop: Backend) -> None:
    made = await proposed(shop)
    await shop.clock.set(NOW + timedelta(minutes=9))
    result = await shop.proposals.confirm(made.id, CHAT, CUSTOMER, "M-1")
    assert result.status is ConfirmStatus.EXECUTED and result.outcome is not None
    opened = await dispute(shop, result.outcome.dispute_id or "")
    assert (opened.text, opened.due_at) == ("Wie weit?", NOW + timedelta(minutes=9) + 2 * DAY)
    assert await notices(shop) == [("seller", "update_request")]
    event = (await shop.orders.events(ORDER))[-1]
    assert (event.data["origin"], event.data["key"]) == ("chat", f"chat:M-1:request_update:{ORDER}")


async def test_the_same_message_again_gets_the_first_result(shop: Backend, real: RealTime) -> None:
    made = await proposed(shop)
    first = await shop.proposals.confirm(made.id, CHAT, CUSTOMER, "M-1")
    assert first.outcome is not None
    await done(shop, AnswerUpdate(first.outcome.dispute_id or "", "ja"), SELLER)
    await shop.clock.set(NOW + DAY)
    real.now += DAY
    before = await contents(shop)
    again = await shop.proposals.confirm(made.id, CHAT, CUSTOMER, "M-1")
    assert again.status is ConfirmStatus.EXECUTED and again.outcome is not None
    assert again.outcome.replayed and again.outcome.order == first.outcome.order
    assert again.verdict == first.verdict
    assert await contents(shop) == before


async def test_a_second_yes_finds_it_done(shop: Backend) -> None:
    made = await proposed(shop)
    await shop.proposals.confirm(made.id, CHAT, CUSTOMER, "M-1")
    before = await contents(shop)
    second = await shop.proposals.confirm(made.id, CHAT, CUSTOMER, "M-2")
    assert second.status is ConfirmStatus.ALREADY_DONE and second.outcome is not None
    assert await contents(shop) == before


async def test_one_message_does_one_thing_once_through_two_proposals(shop: Backend) -> None:
    first = await proposed(shop)
    await shop.proposals.confirm(first.id, CHAT, CUSTOMER, "M-1")
    opened = (await order(shop)).open_dispute
    assert opened is not None
    await done(shop, Withdraw(opened.id), CUSTOMER)
    second = await proposed(shop)
    before = await contents(shop)
    result = await shop.proposals.confirm(second.id, CHAT, CUSTOMER, "M-1")
    assert result.outcome is not None and result.outcome.replayed
    assert await contents(shop) == before


@pytest.mark.parametrize("who", ["other conversation", "other person", "other role", "unknown"])
async def test_to_anybody_else_it_does_not_exist(shop: Backend, who: str) -> None:
    made = await proposed(shop)
    before = await contents(shop)
    proposal_id = "P-NONE" if who == "unknown" else made.id
    conversation = "C-OTHER" if who == "other conversation" else CHAT
    actor = {"other person": Actor(Role.CUSTOMER, "eve"), "other role": Actor(Role.SELLER, CUSTOMER.id)}.get(
        who, CUSTOMER
    )
    result = await shop.proposals.confirm(proposal_id, conversation, actor, "M-1")
    assert (result.status, result.proposal) == (ConfirmStatus.UNKNOWN, None)
    assert await contents(shop) == before


@pytest.mark.parametrize("clock", ["business", "real"])
async def test_a_yes_counts_ten_minutes_on_both_clocks(shop: Backend, real: RealTime, clock: str) -> None:
    made = await proposed(shop)

    async def at(instant: datetime) -> None:
        real.now = instant if clock == "real" else NOW
        await shop.clock.set(instant if clock == "business" else NOW)

    await at(NOW + LIFETIME + TICK)
    before = await contents(shop)
    late = await shop.proposals.confirm(made.id, CHAT, CUSTOMER, "M-1")
    assert late.status is ConfirmStatus.EXPIRED and isinstance(late.verdict, Allowed)
    assert await contents(shop) == before
    await at(NOW + LIFETIME)
    assert (await shop.proposals.confirm(made.id, CHAT, CUSTOMER, "M-2")).status is ConfirmStatus.EXECUTED


async def test_facts_that_changed_stop_it(shop: Backend) -> None:
    made = await proposed(shop)
    await shop.orders.put(push(updated_at=NOW, expected_delivery_at=NOW + 3 * DAY))
    before = await contents(shop)
    result = await shop.proposals.confirm(made.id, CHAT, CUSTOMER, "M-1")
    assert result.status is ConfirmStatus.CHANGED and isinstance(result.verdict, Allowed)
    assert result.proposal is not None and result.proposal.order.version == 2
    assert await contents(shop) == before


async def test_a_new_title_stops_nothing(shop: Backend) -> None:
    made = await proposed(shop)
    await shop.orders.put(push(updated_at=NOW, title="Neu"))
    assert (await shop.proposals.confirm(made.id, CHAT, CUSTOMER, "M-1")).status is ConfirmStatus.EXECUTED


@pytest.mark.rule("M-13", "M-23")
async def test_effects_that_time_alone_changed_stop_it(shop: Backend) -> None:
    first = await filed(shop, RequestUpdate("?"), CUSTOMER)
    await shop.clock.set(NOW + 2 * DAY)
    made = await proposed(shop, RequestCancellation(withdraw_dispute_id=first))
    assert made.effects[0] == CloseDispute(first, DisputeStatus.WITHDRAWN)
    await shop.clock.set(NOW + 2 * DAY + TICK)
    result = await shop.proposals.confirm(made.id, CHAT, CUSTOMER, "M-1")
    assert result.status is ConfirmStatus.CHANGED and isinstance(result.verdict, Allowed)
    assert [type(effect) for effect in result.verdict.effects] == [OpenDispute]
    assert len((await order(shop)).disputes) == 1


@pytest.mark.rule("M-16")
async def test_what_the_rules_refuse_by_now_is_not_done(shop: Backend) -> None:
    dispute_id = await filed(shop, FILED_BY_CUSTOMER["cancellation"], CUSTOMER)
    made = await proposed(shop, Accept(dispute_id), SELLER)
    await done(shop, Withdraw(dispute_id), CUSTOMER)
    before = await contents(shop)
    result = await shop.proposals.confirm(made.id, CHAT, SELLER, "M-1")
    assert result.status is ConfirmStatus.REFUSED
    assert isinstance(result.verdict, Refused) and result.verdict.codes == ("dispute_gone",)
    assert await contents(shop) == before
    assert (await order(shop)).state is OrderState.ACTIVE


async def test_a_no_discards_it(shop: Backend) -> None:
    made = await proposed(shop)
    assert not await shop.proposals.discard(made.id, "C-OTHER")
    assert await shop.proposals.discard(made.id, CHAT)
    assert not await shop.proposals.discard(made.id, CHAT)
    assert await shop.proposals.get(made.id, CHAT) is None
    assert (await shop.proposals.confirm(made.id, CHAT, CUSTOMER, "M-1")).status is ConfirmStatus.EXPIRED
    assert (await order(shop)).disputes == ()


async def test_a_corrected_proposal_replaces_the_earlier_one(shop: Backend) -> None:
    first = await proposed(shop, RequestExtension(NOW + 4 * DAY), SELLER)
    second = await proposed(shop, RequestExtension(NOW + 5 * DAY), SELLER)
    assert (await shop.proposals.confirm(first.id, CHAT, SELLER, "M-1")).status is ConfirmStatus.EXPIRED
    result = await shop.proposals.confirm(second.id, CHAT, SELLER, "M-2")
    assert result.outcome is not None
    assert (await dispute(shop, result.outcome.dispute_id or "")).new_delivery_at == NOW + 5 * DAY


async def test_a_proposal_on_another_order_or_in_another_chat_stays(shop: Backend) -> None:
    await shop.orders.put(push(id="FO-2"))
    first = await proposed(shop)
    assert isinstance(await shop.proposals.create(CHAT, CUSTOMER, "FO-2", RequestUpdate("?")), Proposal)
    assert isinstance(await shop.proposals.create("C-2", CUSTOMER, ORDER, RequestUpdate("?")), Proposal)
    assert (await shop.proposals.confirm(first.id, CHAT, CUSTOMER, "M-1")).status is ConfirmStatus.EXECUTED


@pytest.mark.rule("M-12")
async def test_a_dispute_that_ran_out_is_written_first(shop: Backend) -> None:
    first = await filed(shop, RequestUpdate("?"), CUSTOMER, origin="chat")
    await shop.clock.set(NOW + 2 * DAY + HOUR)
    made = await proposed(shop, RequestUpdate("Und jetzt?"))
    assert (await shop.proposals.confirm(made.id, CHAT, CUSTOMER, "M-1")).status is ConfirmStatus.EXECUTED
    assert (await dispute(shop, first)).status is DisputeStatus.EXPIRED
    assert await notices(shop) == [
        ("seller", "update_request"),
        ("customer", "update_expired"),
        ("seller", "own_update_expired"),
        ("seller", "update_request"),
    ]
    assert [event.data["command"] for event in await shop.orders.events(ORDER)][-2:] == ["expire", "request_update"]
