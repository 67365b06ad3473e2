"""Many at once on one appeal, through several backends as several processes: one wins, the others change nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.backend import AppealOutcome, AppealSnapshot, Backend, messages
from actions.backend.appeal_tables import AppealRow
from actions.backend.outbox import Rendered
from actions.policy import AppealStatus, AppealType, OrderState, Outcome, Role, Subject
from tests.backend.appeal_world import (
    CARRIER_LINK,
    MERCHANT,
    appeal,
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
from tests.backend.world import NOW, count, notices, order

pytestmark = pytest.mark.integration
MANY = 24


@pytest.fixture
async def shops(backend: Backend, open_backend: Opener) -> list[Backend]:
    await backend.infractions.put(infraction())
    return [backend, await open_backend(), await open_backend()]


async def at_once(shops: list[Backend], act: Callable[[Backend, int], Awaitable[Any]], number: int = MANY) -> list[Any]:
    return list(await asyncio.gather(*(act(shops[n % len(shops)], n) for n in range(number))))


@pytest.mark.rule("W-26")
async def test_many_drafts_are_one(shops: list[Backend]) -> None:
    async def draft(shop: Backend, n: int) -> AppealSnapshot:
        return await drafted(shop, ground=f"Grund {n}")

    made = await at_once(shops, draft)
    assert len({found.id for found in made}) == 1
    assert await count(shops[0], "appeals") == 1
    assert await commands_of(shops[0], made[0].id) == ["draft"]


@pytest.mark.parametrize("new_url", ["postgresql"], indirect=True)  # SQLite has one writer at a time
async def test_a_draft_and_a_notice_in_one_conversation_do_not_block_each_other(
    shops: list[Backend], monkeypatch: pytest.MonkeyPatch
) -> None:
    await submit(shops[0], (await drafted(shops[0])).id)
    (row,) = await shops[0].outbox.pending()
    await shops[0].infractions.put(infraction("V-2"))
    chat = await shops[0].conversations.open("", Role.SELLER, MERCHANT.id)
    delivering, write = asyncio.Event(), messages.write
    waiting = text("SELECT pg_sleep(0.005), EXISTS (SELECT FROM pg_locks WHERE NOT granted)")

    def write_when_somebody_waits(session: Session, rows: Any) -> Any:  # with the conversation's lock
        delivering.set()
        assert any(session.execute(waiting).one()[1] for _ in range(200))
        return write(session, rows)

    monkeypatch.setattr(messages, "write", write_when_somebody_waits)
    told = asyncio.ensure_future(shops[1].outbox.deliver_all([Rendered(row, "Text", [], "de")]))
    await delivering.wait()
    made = await shops[2].appeals.draft(
        *(MERCHANT, AppealType.MISLEADING_TRACKING.value, of_infraction("V-2")),
        ground="Grund",
        key=key("draft", "V-2"),
        conversation_id=chat.id,
    )
    assert len(await told) == 1
    assert isinstance(made, AppealSnapshot) and await shops[0].conversations.subject(chat.id) == made.id


@pytest.mark.rule("W-26", "W-10")
async def test_many_drafts_under_two_names_are_one(shops: list[Backend]) -> None:
    await shops[0].orders.put(goods("WO-3", state=OrderState.CANCELLED, cancelled_by="merchant"))
    await shops[0].infractions.put(infraction("V-3", type="order_cancellation", order_id="WO-3"))
    names: list[tuple[Subject, str]] = [
        (of_order("WO-3"), AppealType.FULFILMENT_RATE.value),
        (of_infraction("V-3"), AppealType.ORDER_CANCELLATION.value),
    ]

    async def draft(shop: Backend, n: int) -> AppealSnapshot:
        return await drafted(shop, *names[n % 2])

    assert len({found.id for found in await at_once(shops, draft)}) == 1


async def test_the_same_key_at_once_is_one_effect(shops: list[Backend]) -> None:
    made = await drafted(shops[0])
    use = key("submit", made.id)

    async def file(shop: Backend, _: int) -> AppealOutcome:
        return await submit(shop, made.id, key=use)

    outcomes = await at_once(shops, file)
    assert sum(not outcome.replayed for outcome in outcomes) == 1
    assert {outcome.appeal for outcome in outcomes} == {await appeal(shops[0], made.id)}
    assert await commands_of(shops[0], made.id) == ["draft", "submit"]


async def test_one_submission_wins(shops: list[Backend]) -> None:
    made = await drafted(shops[0])

    async def file(shop: Backend, _: int) -> AppealOutcome:
        return await submit(shop, made.id)

    outcomes = await at_once(shops, file)
    assert sum(outcome.allowed for outcome in outcomes) == 1
    assert await commands_of(shops[0], made.id) == ["draft", "submit"]
    assert await notices(shops[0]) == [("seller", "own_appeal_submitted")]


@pytest.mark.rule("W-21")
async def test_one_end_wins(shops: list[Backend]) -> None:
    for number in range(2, 8):
        await shops[0].infractions.put(infraction(f"V-{number}"))
        filed = await submitted(shops[0], of_infraction(f"V-{number}"))

        async def end(shop: Backend, n: int, id_: str = filed.id) -> AppealOutcome:
            if n % 3 == 0:
                return await withdraw(shop, id_, origin="chat")
            return await decided(shop, id_, (Outcome.APPROVED, Outcome.REJECTED)[n % 2])

        outcomes = await at_once(shops, end, 9)
        (won,) = [outcome for outcome in outcomes if outcome.allowed]
        ended = await appeal(shops[0], filed.id)
        assert won.appeal == ended
        row = await shops[0].infractions.get(f"V-{number}")
        assert row is not None and (row.status == "reversed") == (ended.status is AppealStatus.APPROVED)
        assert len(await commands_of(shops[0], filed.id)) == 3


@pytest.mark.rule("W-13")
async def test_nobody_passes_the_cap_at_once(shops: list[Backend]) -> None:
    await shops[0].orders.put(goods("WO-5", refunds=(refund(rejected_appeals=2),)))

    async def round_trip(shop: Backend, _: int) -> bool:
        made = await shop.appeals.draft(MERCHANT, "refund", of_order("WO-5"), ground="x", key=key("draft", "WO-5"))
        if not isinstance(made, AppealSnapshot):
            return False
        filed = await submit(shop, made.id)
        await decided(shop, made.id, Outcome.REJECTED)
        return filed.allowed

    assert sum(await at_once(shops, round_trip)) == 1
    (only,) = await shops[0].appeals.of_seller(MERCHANT.id)
    assert (only.status, only.attempt) == (AppealStatus.REJECTED, 3)


@pytest.mark.rule("W-13", "W-21")
async def test_pushes_and_approval_at_once_lose_nothing(shops: list[Backend]) -> None:
    await shops[0].orders.put(goods("WO-5", refunds=(refund(),)))
    filed = await submitted(shops[0], of_order("WO-5"), "refund")

    async def either(shop: Backend, n: int) -> None:
        if n == 5:
            await decided(shop, filed.id, Outcome.APPROVED)
        else:
            await shop.orders.put(goods("WO-5", updated_at=NOW, title=f"Tasse {n}", refunds=(refund(),)))

    await at_once(shops, either)
    assert (await order(shops[0], "WO-5")).refunds[0]["responsibility"] == "platform"


async def test_evidence_at_once_is_all_there(shops: list[Backend]) -> None:
    made = await drafted(shops[0])

    async def attach(shop: Backend, n: int) -> object:
        return await shop.appeals.attach(
            made.id, MERCHANT, link=f"{CARRIER_LINK}{n % 8}", key=key("attach_evidence", made.id)
        )

    await at_once(shops, attach)
    urls = [item.url for item in (await appeal(shops[0], made.id)).evidence]
    assert sorted(urls, key=str) == [f"{CARRIER_LINK}{n}" for n in range(8)]


async def test_one_yes_to_a_proposal_wins(shops: list[Backend]) -> None:
    made = await drafted(shops[0])
    proposal = await shops[0].appeal_proposals.create("C-1", MERCHANT, "submit", [made.id])

    async def yes(shop: Backend, n: int) -> str:
        found = await shop.appeal_proposals.confirm(proposal.id, "C-1", MERCHANT, f"M-{n}")  # type: ignore[union-attr]
        assert [outcome.allowed for outcome in found.results] == [True]
        return found.status

    statuses = await at_once(shops, yes)
    assert sorted(set(statuses)) == ["already_done", "executed"] and statuses.count("executed") == 1
    assert await commands_of(shops[0], made.id) == ["draft", "submit"]


@pytest.mark.rule("W-26")
async def test_the_database_itself_keeps_one_open_appeal(shops: list[Backend]) -> None:
    shop = shops[0]
    first = await submitted(shop)
    await withdraw(shop, first.id)
    await drafted(shop)
    reopen = update(AppealRow).where(AppealRow.id == first.id).values(status=AppealStatus.SUBMITTED.value)
    with pytest.raises(IntegrityError):
        await shop.database.write(lambda session: session.execute(reopen) and None)
    statuses = await shop.database.read(lambda session: session.scalars(select(AppealRow.status)).all())
    assert sorted(statuses) == ["draft", "withdrawn"]
