"""Deleting a person: nothing of them is left; the case and the other side's part of it are. There is no way back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select, update

from actions.backend import AppealSnapshot, Backend, IdempotencyKey, StoredImage
from actions.backend.erasure_views import CaseOpen, ErasureStatus
from actions.backend.pseudonyms import is_pseudonym
from actions.backend.rights_tables import ErasureRow, ForgottenRow
from actions.backend.tables import IdempotencyRow, OrderRow
from actions.backend.understanding import Heard, Status
from actions.policy import (
    AnswerUpdate,
    Decline,
    RequestCancellation,
    RequestUpdate,
    Role,
    Withdraw,
)
from actions.policy import (
    Outcome as Verdict,
)
from tests.backend import appeal_world
from tests.backend.conftest import Opener
from tests.backend.rights_world import FakeMemory, chat, deliver, deliver_all, everything, lines_with
from tests.backend.world import CUSTOMER, HOUR, NOW, ORDER, SELLER, do, done, filed, push

pytestmark = pytest.mark.integration

NAME, WORDS, SAID = "Annegret Kanarienvogel", 'Mein "Zebrafink"\nist  unterwegs', "Webervogel"
MARKS = ("Kanarienvogel", "Zebrafink", "Webervogel", "Prachtfink", CUSTOMER.id)


@pytest.fixture
async def backend(open_backend: Opener, tmp_path: Path) -> AsyncIterator[Backend]:
    opened = await open_backend(evidence_url=f"file://{tmp_path}/evidence")
    await opened.clock.set(NOW)
    opened.erasures.memory = FakeMemory()
    yield opened


def memory(backend: Backend) -> FakeMemory:
    assert isinstance(backend.erasures.memory, FakeMemory)
    return backend.erasures.memory


async def one_closed_case(backend: Backend) -> tuple[str, str]:
    """Anna asks twice: once the seller answers, once she withdraws. Both have been told; their conversations' ids."""
    mine = await chat(backend, CUSTOMER, "m-1", f"Ich heiße {NAME}, {SAID}", "Gern.", name=NAME)
    theirs = await chat(backend, SELLER, "m-2", "Hallo", "Guten Tag.")
    await backend.orders.put(push())
    asked = await filed(backend, RequestUpdate(WORDS), CUSTOMER)
    await deliver_all(backend)
    await done(backend, AnswerUpdate(asked, "Geht heute raus"), SELLER)
    again = await filed(backend, RequestCancellation(text="Prachtfink"), CUSTOMER, origin="chat")
    await deliver_all(backend)
    await done(backend, Withdraw(again), CUSTOMER)
    await deliver_all(backend)
    memory(backend).kept = {
        mine: [{"text": SAID}],
        theirs: [{"text": f"{NAME} schrieb: „Mein 'Zebrafink' ist unterwegs“"}],
    }
    heard = Heard(mine, "m-1", CUSTOMER, f"hm {NAME} {SAID}", "nlu_fallback", 0.2)
    backend.understanding.note(heard, Status.FALLBACK)
    await backend.understanding.flush()
    return mine, theirs


async def test_nothing_of_the_person_is_left_and_the_case_is(backend: Backend, url: str) -> None:
    mine, theirs = await one_closed_case(backend)
    before = everything(url)
    assert [mark for mark in MARKS if mark not in before] == []

    assert await backend.erasures.erase(Role.CUSTOMER, CUSTOMER.id) is ErasureStatus.DONE

    assert lines_with(everything(url), MARKS) == []
    assert memory(backend).kept == {theirs: [{"text": "[…] schrieb: „[…]“"}]} and mine in memory(backend).forgotten
    order = await backend.orders.get(ORDER)
    assert order is not None and is_pseudonym(order.customer_id) and order.seller_id == SELLER.id
    assert [(one.kind, one.status, one.text, one.answer) for one in order.disputes] == [
        ("update", "answered", "", "Geht heute raus"),
        ("cancellation", "withdrawn", "", None),
    ]
    told = await backend.conversations.messages(theirs)
    assert [message.text for message in told if message.author == "notice"][:1] == [f"[…] zu {ORDER}: „[…]“."]
    trail = [event.data for event in await backend.orders.events(ORDER)]
    assert [data["command"] for data in trail][-3:] == ["answer_update", "request_cancellation", "withdraw"]
    assert trail[-1]["actor"] == {"role": "customer", "id": order.customer_id}
    said = [event for event in await backend.events.after(0, 1000) if event.kind == "erasure"]
    assert [event.data["type"] for event in said] == ["person.erased"]
    assert "person" not in {*said[0].data} and order.customer_id not in str(said[0].data)


async def test_the_pseudonym_leads_nowhere_and_does_not_come_twice(backend: Backend) -> None:
    await one_closed_case(backend)
    await backend.erasures.erase(Role.CUSTOMER, CUSTOMER.id)
    row = await backend.database.read(lambda session: session.scalars(select(ErasureRow)).one())
    assert row.person_id is None and row.finished_at is not None
    await backend.orders.put(push(id="FO-2"))
    await backend.erasures.erase(Role.CUSTOMER, CUSTOMER.id)
    first, second = [await backend.orders.get(id_) for id_ in (ORDER, "FO-2")]
    assert first is not None and second is not None and first.customer_id != second.customer_id


async def test_again_is_harmless_and_a_new_token_begins_anew(backend: Backend) -> None:
    mine, _ = await one_closed_case(backend)
    assert await backend.erasures.erase(Role.CUSTOMER, CUSTOMER.id) is ErasureStatus.DONE
    assert await backend.erasures.erase(Role.CUSTOMER, CUSTOMER.id) is ErasureStatus.NOTHING
    assert await backend.erasures.erase(Role.SELLER, CUSTOMER.id) is ErasureStatus.NOTHING
    events = await backend.events.after(0, 1000)
    assert sum(event.kind == "erasure" for event in events) == 1
    fresh = await backend.conversations.open("", Role.CUSTOMER, CUSTOMER.id)
    assert fresh.id != mine and fresh.last_seq == 0
    assert await backend.orders.of_person(CUSTOMER, include_closed=True) == []


async def test_open_cases_keep_the_person_unless_forced(backend: Backend, url: str) -> None:
    await one_closed_case(backend)
    asked = await filed(backend, RequestUpdate("Prachtfink?"), CUSTOMER)
    with pytest.raises(CaseOpen) as refused:
        await backend.erasures.erase(Role.CUSTOMER, CUSTOMER.id)
    assert [(case.kind, case.id, case.order_id) for case in refused.value.cases] == [("dispute", asked, ORDER)]
    assert "Kanarienvogel" in everything(url)

    assert await backend.erasures.erase(Role.CUSTOMER, CUSTOMER.id, force=True) is ErasureStatus.DONE
    assert lines_with(everything(url), MARKS) == []
    # the seller's side of it goes on: they answer, and nobody is told who is no longer there
    await done(backend, AnswerUpdate(asked, "Morgen"), SELLER)
    assert [row.recipient_id for row in await backend.outbox.pending() if is_pseudonym(row.recipient_id)] == []


async def test_an_expired_dispute_is_no_open_case(backend: Backend) -> None:
    await backend.orders.put(push())
    await do(backend, RequestUpdate("?"), CUSTOMER)
    await backend.clock.set(NOW.replace(year=NOW.year + 1))
    assert await backend.erasures.erase(Role.CUSTOMER, CUSTOMER.id) is ErasureStatus.DONE


async def test_a_push_of_the_old_order_does_not_bring_the_person_back(backend: Backend) -> None:
    await one_closed_case(backend)
    await backend.erasures.erase(Role.CUSTOMER, CUSTOMER.id)
    await backend.orders.put(push(title="Neues Logo", updated_at=NOW))
    order = await backend.orders.get(ORDER)
    assert order is not None and order.title == "Neues Logo" and is_pseudonym(order.customer_id)


async def test_a_running_turn_is_waited_for(backend: Backend) -> None:
    mine, _ = await one_closed_case(backend)
    received = await backend.conversations.add_person_message(mine, "m-9", text="Noch etwas", owner="turn")
    assert received.turn is not None
    assert await backend.erasures.erase(Role.CUSTOMER, CUSTOMER.id, within=0.3) is ErasureStatus.RUNNING
    assert await backend.conversations.get(mine) is not None
    deleting = asyncio.create_task(backend.erasures.erase(Role.CUSTOMER, CUSTOMER.id, within=20))
    await asyncio.sleep(0.2)
    await backend.conversations.complete(received.turn, [], owner="turn")
    assert await deleting is ErasureStatus.DONE
    assert await backend.conversations.get(mine) is None


async def test_a_deletion_that_was_left_alone_is_finished_by_any_process(
    backend: Backend, open_backend: Opener, url: str
) -> None:
    mine, _ = await one_closed_case(backend)
    received = await backend.conversations.add_person_message(mine, "m-9", text="Noch etwas", owner="turn")
    assert received.turn is not None
    assert await backend.erasures.erase(Role.CUSTOMER, CUSTOMER.id, within=0.1) is ErasureStatus.RUNNING
    await backend.conversations.release(mine, "turn")
    other = await open_backend()
    other.erasures.memory = memory(backend)
    assert await other.erasures.resume() == 0, "somebody was at it a moment ago"
    past = update(ErasureRow).values(tried_at=NOW)
    await backend.database.write(lambda session: session.execute(past) and None)
    assert await other.erasures.resume() == 1
    assert lines_with(everything(url), MARKS) == []


async def test_commands_at_the_same_time_leave_nothing(backend: Backend, open_backend: Opener, url: str) -> None:
    await one_closed_case(backend)
    other = await open_backend()

    async def goes_on() -> None:
        for number in range(8):
            asked = await do(other, RequestUpdate(f"Prachtfink {number}"), CUSTOMER)
            if asked.dispute_id:
                await do(other, Withdraw(asked.dispute_id), CUSTOMER)

    await asyncio.gather(goes_on(), backend.erasures.erase(Role.CUSTOMER, CUSTOMER.id, force=True, within=30))
    assert lines_with(everything(url), ("Prachtfink", "Kanarienvogel", "Zebrafink")) == []


async def test_a_notice_that_is_being_delivered_does_not_bring_the_words_back(backend: Backend, url: str) -> None:
    await chat(backend, CUSTOMER, "m-1", "Hallo", "Hallo", name=NAME)
    await chat(backend, SELLER, "m-2", "Hallo", "Hallo")
    await backend.orders.put(push())
    asked = await filed(backend, RequestUpdate(WORDS), CUSTOMER, origin="chat")
    (row,) = await backend.outbox.pending()
    await backend.erasures.erase(Role.CUSTOMER, CUSTOMER.id, force=True)
    assert not await deliver(backend, row), "it was read before the deletion"
    await deliver_all(backend)
    assert lines_with(everything(url), MARKS) == [] and asked in everything(url)


async def test_results_for_the_other_side_stay_repeatable(backend: Backend) -> None:
    await backend.orders.put(push())
    asked = await filed(backend, RequestCancellation(text=WORDS), CUSTOMER)
    command, key = Decline(asked, "Nein"), IdempotencyKey("twice", "decline", ORDER)
    first = await backend.commands.execute(ORDER, command, SELLER, key=key)
    await backend.erasures.erase(Role.CUSTOMER, CUSTOMER.id)
    again = await backend.commands.execute(ORDER, command, SELLER, key=key)
    assert first.allowed and again.replayed and again.order is not None and is_pseudonym(again.order.customer_id)
    left = await backend.database.read(lambda session: session.scalars(select(IdempotencyRow.value)).all())
    assert left == ["api:twice"], "the person's own go"


async def test_the_engine_is_told_again_until_no_turn_can_be_under_way(backend: Backend, open_backend: Opener) -> None:
    mine, _ = await one_closed_case(backend)
    await backend.erasures.erase(Role.CUSTOMER, CUSTOMER.id)
    memory(backend).kept[mine] = [{"text": "from a turn that still ran"}]
    await backend.retention.run()
    assert mine not in memory(backend).kept
    assert await backend.database.read(lambda session: session.scalars(select(ForgottenRow.conversation_id)).all())
    real_now = backend.clock.real_now()
    later = await open_backend(real_now=lambda: real_now + HOUR)
    later.erasures.memory = memory(backend)
    await later.retention.run()
    assert not await backend.database.read(lambda session: session.scalars(select(ForgottenRow.conversation_id)).all())


async def _appeal(backend: Backend, number: int, image: StoredImage | None = None) -> AppealSnapshot:
    id_ = f"V-{number}"
    await backend.infractions.put(
        appeal_world.infraction(id_, seller_id=SELLER.id, title="Zebrafink", listing="Prachtfink")
    )
    key = IdempotencyKey(id_, "draft", id_)
    made = await backend.appeals.draft(
        SELLER, "misleading_tracking", appeal_world.of_infraction(id_), ground=WORDS, key=key
    )
    assert isinstance(made, AppealSnapshot)
    if image is not None:
        await backend.appeals.attach(made.id, SELLER, image=image, key=IdempotencyKey(f"{id_}i", "attach", made.id))
    link = "https://www.dhl.de/Webervogel"
    await backend.appeals.attach(made.id, SELLER, link=link, key=IdempotencyKey(f"{id_}l", "attach", made.id))
    return made


async def test_a_merchant_leaves_penalties_without_words_or_images(backend: Backend, url: str, tmp_path: Path) -> None:
    await backend.people.put(SELLER.role, SELLER.id, name=NAME)
    image = await backend.evidence.store(appeal_world.picture())
    decided, filed = await _appeal(backend, 1, image), await _appeal(backend, 2)
    draft = await _appeal(backend, 3)
    for made in (decided, filed):
        sent = await appeal_world.submit(backend, made.id, SELLER)
        assert sent.allowed, sent
    await backend.appeals.decide(decided.id, Verdict.REJECTED, "Prachtfink, leider")
    await deliver_all(backend)
    marks = (*MARKS[:-1], SELLER.id, image.digest)
    before = everything(url)
    assert [mark for mark in marks if mark not in before] == []
    with pytest.raises(CaseOpen) as refused:
        await backend.erasures.erase(Role.SELLER, SELLER.id)
    assert [(case.kind, case.id) for case in refused.value.cases] == [("appeal", filed.id)]
    assert await backend.erasures.erase(Role.SELLER, SELLER.id, force=True) is ErasureStatus.DONE
    assert lines_with(everything(url), marks) == []
    assert [path for path in (tmp_path / "evidence").rglob("*") if path.is_file()] == []
    left = {id_: await backend.appeals.get(id_) for id_ in (decided.id, filed.id, draft.id)}
    assert [one and one.status for one in left.values()] == ["rejected", "withdrawn", "withdrawn"]
    assert all(one and is_pseudonym(one.seller_id) for one in left.values())
    await backend.infractions.put(
        appeal_world.infraction("V-1", seller_id=SELLER.id, title="Zebrafink", updated_at=NOW + appeal_world.MONTHS)
    )
    assert lines_with(everything(url), ("Zebrafink",)) == []


async def test_without_the_engines_memory_nothing_is_deleted(backend: Backend, url: str) -> None:
    await one_closed_case(backend)
    backend.erasures.memory = None
    with pytest.raises(RuntimeError):
        await backend.erasures.erase(Role.CUSTOMER, CUSTOMER.id)
    assert "Kanarienvogel" in everything(url)
    order = await backend.database.read(lambda session: session.scalars(select(OrderRow.customer_id)).one())
    assert order == CUSTOMER.id
