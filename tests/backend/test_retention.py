"""What goes when its time is over, on real time, a little at a time, and what stays."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from actions.backend import Author, Backend, IdempotencyKey, messages
from actions.backend.appeal_tables import EvidenceRow
from actions.backend.chat_tables import ConversationRow, MessageRow
from actions.backend.forgetting import MESSAGES_AT_ONCE
from actions.backend.retention_settings import Periods
from actions.backend.tables import DisputeRow, EventRow, IdempotencyRow, NoticeRow, ProposalRow
from actions.backend.understanding import Heard, Status
from actions.policy import AnswerUpdate, OrderState, Outcome, RequestCancellation, RequestUpdate
from tests.backend import appeal_world
from tests.backend.conftest import Opener
from tests.backend.rights_world import FakeMemory, chat, deliver_all, everything
from tests.backend.world import CUSTOMER, DAY, HOUR, NOW, ORDER, SELLER, do, done, filed, push

pytestmark = pytest.mark.integration

PERIODS = Periods(conversation=90 * DAY, case_texts=365 * DAY, evidence=180 * DAY)


class Time:
    """The machine's clock."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def real() -> Time:
    return Time()


@pytest.fixture
async def backend(open_backend: Opener, real: Time, tmp_path: Path) -> AsyncIterator[Backend]:
    opened = await open_backend(real_now=real, evidence_url=f"file://{tmp_path}/evidence", periods=PERIODS)
    opened.erasures.memory = FakeMemory()
    yield opened


async def count(backend: Backend, kind: Any, *which: Any) -> int:
    query = select(func.count()).select_from(kind).where(*which)
    return await backend.database.read(lambda session: session.scalar(query) or 0)


async def test_a_silent_conversation_is_forgotten_here_and_by_the_engine(backend: Backend, real: Time) -> None:
    id_ = await chat(backend, CUSTOMER, "m-1", "Hallo", "Hallo")
    assert isinstance(backend.erasures.memory, FakeMemory)
    backend.erasures.memory.kept[id_] = [{"text": "Hallo"}]
    real.now += 90 * DAY
    assert (await backend.retention.run())["conversations"] == 0, "not a day too early"
    real.now += HOUR
    assert (await backend.retention.run())["conversations"] == 1
    assert await count(backend, MessageRow) == 0 and await backend.conversations.get(id_) is None
    assert backend.erasures.memory.kept == {}
    assert (await backend.conversations.open("", CUSTOMER.role, CUSTOMER.id)).id != id_


async def test_a_notice_counts_as_talk(backend: Backend, real: Time) -> None:
    await chat(backend, SELLER, "m-1", "Hallo", "Hallo")
    real.now += 60 * DAY
    await backend.orders.put(push(expected_delivery_at=real.now + 2 * DAY))
    await do(backend, RequestUpdate("Na?"), CUSTOMER)
    await deliver_all(backend)
    real.now += 60 * DAY
    assert (await backend.retention.run())["conversations"] == 0


async def test_owed_answers_open_handovers_and_running_turns_keep_a_conversation(backend: Backend, real: Time) -> None:
    owed = await backend.conversations.open("", CUSTOMER.role, "owed")
    await backend.conversations.add_person_message(owed.id, "m", text="Hallo", owner="gone", seconds=1)
    held = await backend.conversations.open("", CUSTOMER.role, "held")
    desk = await backend.conversations.open("", CUSTOMER.role, "desk")
    paused = ConversationRow.__table__.update().where(ConversationRow.id == desk.id).values(handover_id="H-1")
    await backend.database.write(lambda session: session.execute(paused) and None)
    real.now += 200 * DAY
    until = ConversationRow.__table__.update().where(ConversationRow.id == held.id).values(lease_until=real.now + HOUR)
    await backend.database.write(lambda session: session.execute(until) and None)
    assert (await backend.retention.run())["conversations"] == 0
    assert await count(backend, ConversationRow) == 3


async def test_a_long_conversation_goes_in_pieces(backend: Backend, real: Time) -> None:
    id_ = await chat(backend, CUSTOMER, "m-1", "Hallo")
    rows = [messages.row(id_, seq, Author.ASSISTANT, "x", NOW) for seq in range(2, 2 * MESSAGES_AT_ONCE + 100)]
    await backend.database.write(lambda session: messages.write(session, rows) and None)
    real.now += 91 * DAY
    assert (await backend.retention.run())["conversations"] == 1
    assert await count(backend, MessageRow) == 0


async def closed_case(backend: Backend) -> None:
    await backend.orders.put(push(expected_delivery_at=NOW + 2 * DAY))
    asked = await filed(backend, RequestUpdate("Zebrafink"), CUSTOMER)
    await deliver_all(backend)
    await done(backend, AnswerUpdate(asked, "Prachtfink"), SELLER)
    await deliver_all(backend)


async def test_words_of_closed_cases_go_and_who_did_what_stays(backend: Backend, real: Time, url: str) -> None:
    await closed_case(backend)
    await backend.orders.put(push(state=OrderState.COMPLETED, updated_at=NOW))
    real.now += 364 * DAY
    await backend.retention.run()
    assert await count(backend, DisputeRow, DisputeRow.text == "Zebrafink", DisputeRow.answer == "Prachtfink") == 1
    real.now += 2 * DAY
    counts = await backend.retention.run()
    assert counts["case_texts"] == 1 and counts["event_texts"] == await count(backend, EventRow)
    assert not {"Zebrafink", "Prachtfink"} & set(everything(url).replace('"', " ").split())
    trail = [event.data for event in await backend.orders.events(ORDER)]
    assert [(data["command"], data["actor"]["id"]) for data in trail[1:3]] == [
        ("request_update", CUSTOMER.id),
        ("answer_update", SELLER.id),
    ]
    assert (await backend.retention.run())["event_texts"] == 0, "each event is looked at once"


async def test_words_of_an_order_that_goes_on_stay(backend: Backend, real: Time) -> None:
    await closed_case(backend)
    real.now += 800 * DAY
    assert (await backend.retention.run())["case_texts"] == 0
    assert await count(backend, DisputeRow, DisputeRow.text == "Zebrafink") == 1


async def test_notices_results_proposals_and_review_go(backend: Backend, real: Time) -> None:
    id_ = await chat(backend, CUSTOMER, "m-1", "Hallo", "Hallo")
    await backend.orders.put(push(expected_delivery_at=NOW + 2 * DAY))
    await backend.proposals.create(id_, CUSTOMER, ORDER, RequestUpdate("Na?"))
    await filed(backend, RequestCancellation(text="Bitte"), CUSTOMER)
    rows = await backend.outbox.pending()
    await deliver_all(backend)
    backend.understanding.note(Heard(id_, "m-1", CUSTOMER, "brrzl", "nlu_fallback", 0.1), Status.FALLBACK)
    await backend.understanding.flush()
    real.now += 31 * DAY
    counts = await backend.retention.run()
    assert counts["outbox"] == len(rows) > 0
    assert (counts["repeats"], counts["proposals"], counts["understood"]) == (1, 1, 1)
    assert await count(backend, IdempotencyRow) == await count(backend, ProposalRow) == 0
    await deliver_all(backend)
    waiting = await filed_again(backend, real)
    assert await count(backend, NoticeRow) == waiting, "what waits is not touched, and no number is used again"


async def filed_again(backend: Backend, real: Time) -> int:
    await backend.orders.put(push(id="FO-9", expected_delivery_at=real.now + 2 * DAY))
    await filed(backend, RequestUpdate("Na?"), CUSTOMER, order_id="FO-9")
    real.now += 60 * DAY
    await backend.retention.run()
    return len(await backend.outbox.pending())


async def test_evidence_goes_after_the_decision(backend: Backend, real: Time, tmp_path: Path) -> None:
    await backend.infractions.put(appeal_world.infraction())
    made = await appeal_world.drafted(backend)
    image = await backend.evidence.store(appeal_world.picture())
    merchant = appeal_world.MERCHANT
    await backend.appeals.attach(made.id, merchant, image=image, key=IdempotencyKey("i", "attach", made.id))
    await appeal_world.submit(backend, made.id)
    real.now += 3 * DAY
    await appeal_world.decided(backend, made.id, Outcome.REJECTED)
    real.now += 179 * DAY
    assert (await backend.retention.run())["evidence"] == 0
    real.now += 2 * DAY
    assert (await backend.retention.run())["evidence"] >= 1
    assert await count(backend, EvidenceRow) == 0
    assert [path for path in (tmp_path / "evidence").rglob("*") if path.is_file()] == []
    assert (await appeal_world.appeal(backend, made.id)).status == "rejected"


async def test_images_that_belong_to_nothing_go_after_a_day(backend: Backend, real: Time) -> None:
    await backend.infractions.put(appeal_world.infraction())
    made = await appeal_world.drafted(backend)
    kept, stray = [await backend.evidence.store(appeal_world.picture(size=(20, side))) for side in (20, 30)]
    key = IdempotencyKey("i", "attach", made.id)
    await backend.appeals.attach(made.id, appeal_world.MERCHANT, image=kept, key=key)
    real.now = datetime.now(UTC)
    assert (await backend.retention.run(folders=256))["unattached"] == 0
    real.now += 25 * HOUR
    await backend.evidence.store(appeal_world.picture(size=(20, 30)))
    at = real.now.timestamp()
    os.utime(backend.evidence._place(stray.digest)[1], (at, at))
    assert (await backend.retention.run(folders=256))["unattached"] == 0, "uploaded anew a moment ago"
    real.now += 25 * HOUR
    assert (await backend.retention.run(folders=256))["unattached"] == 1
    assert backend.evidence._read(kept.digest)


async def test_the_test_clock_has_no_part_in_it(backend: Backend) -> None:
    await chat(backend, CUSTOMER, "m-1", "Hallo", "Hallo")
    await backend.clock.set(NOW + 3000 * DAY)
    assert (await backend.retention.run()).total() == 0


async def test_the_sweeper_does_it_once_a_minute_and_processes_do_not_disturb_each_other(
    backend: Backend, open_backend: Opener, real: Time
) -> None:
    for number in range(12):
        await backend.conversations.open("", CUSTOMER.role, f"c-{number}")
    real.now += 91 * DAY
    others = [await open_backend(real_now=real, periods=PERIODS) for _ in range(3)]
    counts = await asyncio.gather(*(one.retention.sweep() for one in (backend, *others)))
    assert sum(found["conversations"] for found in counts) == 12
    await backend.conversations.open("", CUSTOMER.role, "late")
    real.now += timedelta(days=91)
    assert (await backend.retention.sweep()).total() == 0, "within the same minute"
    await backend.sweeper.sweep()
    assert await count(backend, ConversationRow) == 1
