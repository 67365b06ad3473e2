"""What whoever is on call sees: refusals by rule, open work by its deadline, what waits. On both databases."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from actions.backend import Backend, Reply, refusals
from actions.policy import ForceCancel, Reason, Refused, RequestUpdate, Role, Undetermined
from tests.backend.conftest import Opener
from tests.backend.world import CUSTOMER, DAY, FILED_BY_CUSTOMER, HOUR, NOW, ORDER, contents, count, do, done, push

EARLY = Refused((Reason("M-27", "force_early", {}), Reason("M-26", "force_delivered", {})))


async def flushed(backend: Backend) -> list[tuple[str, str, str, int, str | None]]:
    await backend.refusals.flush()
    found = await backend.refusals.recent(datetime(2000, 1, 1, tzinfo=NOW.tzinfo))
    return [(one.rule, one.code, one.command, one.count, one.last_subject) for one in found]


async def test_refusals_are_counted_by_rule_with_the_newest_case(backend: Backend) -> None:
    for number in range(3):
        backend.refusals.note("force_cancel", EARLY, origin="chat", subject=f"FO-{number}")
    backend.refusals.note("force_cancel", Refused((Reason("M-27", "force_early", {}),)), origin="api", subject="FO-9")
    assert await flushed(backend) == [
        ("M-27", "force_early", "force_cancel", 4, "FO-9"),
        ("M-26", "force_delivered", "force_cancel", 3, "FO-2"),
    ]


async def test_what_is_no_refusal_or_nobodys_business_is_not_kept(backend: Backend) -> None:
    backend.refusals.note("accept", Refused((Reason("M-04", "no_access", {}),)), origin="api", subject="FO-1")
    backend.refusals.note("submit", Undetermined(("released_at",), ("W-09",)), origin="chat", subject="WO-1")
    assert await flushed(backend) == []


async def test_a_refused_command_itself_still_writes_nothing(backend: Backend) -> None:
    await backend.orders.put(push())
    before = await contents(backend)
    assert not (await do(backend, ForceCancel(), CUSTOMER)).allowed
    assert await contents(backend) == before


async def test_several_processes_note_and_nothing_grows_without_end(
    open_backend: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [NOW]
    first = await open_backend(real_now=lambda: now[0])
    second = await open_backend(real_now=lambda: now[0])
    for backend in (first, second):
        backend.refusals.note("force_cancel", EARLY, origin="chat", subject=ORDER)
        await backend.refusals.flush()
    assert await count(first, "refusals") == 4
    now[0] += 31 * DAY
    second.refusals.note("withdraw", Refused((Reason("M-24", "dispute_gone", {}),)), origin="chat", subject=None)
    assert (
        await flushed(first)
        == [
            ("M-26", "force_delivered", "force_cancel", 2, ORDER),
            ("M-27", "force_early", "force_cancel", 2, ORDER),
        ]
        or await count(first, "refusals") == 4
    )
    assert await flushed(second) == [("M-24", "dispute_gone", "withdraw", 1, None)], "a month is long enough"
    monkeypatch.setattr(refusals, "MOST_KEPT", 3)
    for number in range(9):
        first.refusals.note("accept", Refused((Reason("M-11", f"code_{number}", {}),)), origin="api", subject=None)
    assert {code for _, code, *_ in await flushed(first)} == {"code_6", "code_7", "code_8"}


async def test_what_is_gathered_is_written_by_itself_and_when_the_process_ends(open_backend: Opener, url: str) -> None:
    ending = await Backend.open(url)
    ending.refusals.note("force_cancel", EARLY, origin="chat", subject=ORDER)
    await ending.close()
    assert await count(await open_backend(), "refusals") == 2


async def test_open_work_by_its_deadline(backend: Backend) -> None:
    await backend.clock.set(NOW)
    for number, (order_id, command) in enumerate((("FO-1", "cancellation"), ("FO-2", "update"), ("FO-3", "update"))):
        await backend.clock.set(NOW + number * HOUR)
        await backend.orders.put(push(id=order_id))
        await done(backend, FILED_BY_CUSTOMER[command], CUSTOMER, order_id=order_id)
    work = await backend.overview.open_work(limit=10)
    due = [dispute.due_at for dispute in work.disputes]
    assert len(due) == 3
    assert due == sorted(due, key=lambda at: (at is None, at))
    assert {dispute.order_id: dispute.kind for dispute in work.disputes} == {
        "FO-1": "cancellation",
        "FO-2": "update",
        "FO-3": "update",
    }
    assert len((await backend.overview.open_work(limit=1)).disputes) == 1
    standing = await backend.overview.standing()
    assert dict(standing.open_disputes) == {"cancellation": 1, "update": 2}
    assert standing.overdue_since is None
    assert standing.outbox.waiting > 0
    assert standing.outbox.age == 2 * HOUR
    assert standing.outbox.failing == 0
    await backend.clock.set(NOW + 60 * DAY)
    late = await backend.overview.standing()
    assert late.overdue_since == min(at for at in due if at is not None)
    await backend.sweeper.sweep()
    assert (await backend.overview.standing()).overdue_since is None


async def test_messages_without_an_answer_and_notices_that_fail(backend: Backend) -> None:
    conversation = await backend.conversations.open("", Role.CUSTOMER, "anna")
    received = await backend.conversations.add_person_message(conversation.id, "m-1", text="Hallo", owner="me")
    standing = await backend.overview.standing()
    assert (standing.messages.waiting, standing.messages.failing) == (1, 0)
    assert standing.messages.oldest_at == received.message.at
    await backend.conversations.release(conversation.id, "me", retry_in=0.01)
    assert (await backend.overview.standing()).messages.failing == 1
    await backend.conversations.complete(received.message, [Reply("Hallo")], owner="me")
    standing = await backend.overview.standing()
    assert (standing.messages.waiting, standing.messages.oldest_at, standing.messages.age) == (0, None, timedelta())
    await backend.orders.put(push())
    await done(backend, RequestUpdate("Na?"), CUSTOMER)
    (row, *_) = await backend.outbox.pending()
    await backend.outbox.failed(row, 60)
    assert (await backend.overview.standing()).outbox.failing == 1
    assert (await backend.overview.open_work()).appeals == []
