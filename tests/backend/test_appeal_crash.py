"""A process is killed at every step of every change to appeals: each change is there as a whole, or not at all."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import delete

from actions.backend import AppealProposal, Backend
from actions.backend.tables import Base
from tests.backend.appeal_world import MERCHANT, drafted, goods, infraction, of_infraction, of_order, refund, submitted
from tests.backend.test_crash import ROOT, changed, run, shape
from tests.backend.world import DAY, NOW, contents

pytestmark = [pytest.mark.integration, pytest.mark.slow]
WRITTEN = {"appeals", "events", "counters"}
KEYED = WRITTEN | {"idempotency"}
# The tables that each scenario changes, transaction by transaction.
SCENARIOS: dict[str, list[set[str]]] = {
    "draft": [KEYED],
    "attach": [KEYED | {"evidence"}],
    "submit": [KEYED | {"outbox"}],
    "approve": [KEYED | {"outbox", "infractions"}],
    "approve_refund": [KEYED | {"outbox", "orders"}],
    "confirm": [{"appeal_proposals"}, KEYED, KEYED, {"appeal_proposals"}],
    "sweep": [WRITTEN | {"outbox"}, WRITTEN | {"outbox"}],
    "push": [{"infractions", "events", "counters"}],
}


@pytest.fixture(scope="session")
def appeal_children() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.backend.appeal_crash_child"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()
        process.wait(10)


async def prepare(backend: Backend, name: str) -> dict[str, Any]:
    """An empty database brought to the state before; what the child needs to know of it."""

    def wipe(session: Any) -> None:
        for table in reversed(Base.metadata.sorted_tables):
            session.execute(delete(table))

    await backend.database.write(wipe)
    await backend.clock.set(NOW)
    await backend.infractions.put(infraction("V-1"))
    await backend.infractions.put(infraction("V-2", issued_at=NOW - 5 * DAY))
    await backend.orders.put(goods("WO-5", refunds=(refund(),)))
    appeals, proposal = [], ""
    if name in ("attach", "submit"):
        appeals = [await drafted(backend)]
    elif name == "approve":
        appeals = [await submitted(backend)]
    elif name == "approve_refund":
        appeals = [await submitted(backend, of_order("WO-5"), "refund")]
    elif name == "confirm":
        appeals = [await drafted(backend, of_infraction(id_)) for id_ in ("V-1", "V-2")]
        made = await backend.appeal_proposals.create("C-1", MERCHANT, "submit", [found.id for found in appeals])
        assert isinstance(made, AppealProposal)
        proposal = made.id
    elif name == "sweep":  # one lapses, of one the merchant is warned
        appeals = [await submitted(backend, of_infraction(id_)) for id_ in ("V-1", "V-2")]
        await backend.clock.set(NOW + 81 * DAY)
    return {"scenario": name, "chat": "", "appeals": [found.id for found in appeals], "proposal": proposal}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", SCENARIOS)
async def test_killed_at_any_step_nothing_is_half_done(
    backend: Backend, url: str, appeal_children: subprocess.Popen[str], name: str
) -> None:
    steps = SCENARIOS[name]
    prefixes = list(itertools.accumulate(steps, set.union, initial=set()))
    task = {**await prepare(backend, name), "url": url}
    before = await contents(backend)
    count = run(appeal_children, task, 0)["steps"]
    whole = await contents(backend)
    assert changed(before, whole) == prefixes[-1]
    events = len(whole["events"]) - len(before["events"])
    seen: list[tuple[set[str], int]] = []
    for step in range(1, count + 1):
        task = {**await prepare(backend, name), "url": url}
        before = await contents(backend)
        assert run(appeal_children, task, step)["killed"], step
        now = await contents(backend)
        difference = changed(before, now)
        assert difference in prefixes, step
        written = {table: len(now[table]) - len(before[table]) for table in now}
        # What belongs together was written together, however many transactions were done.
        assert written["events"] == (written["idempotency"] if name == "confirm" else written["events"])
        assert written["events"] == (written["outbox"] if name == "sweep" else written["events"])
        seen.append((difference, written["events"]))
        # Whoever comes after the crash finishes the work, or finds it done: once.
        run(appeal_children, task, 0)
        assert shape(await contents(backend)) == shape(whole), step
    # Some were killed before each transaction's commit and some after.
    assert {number for _, number in seen} == set(range(events + 1))
    assert seen[0][0] == set() and seen[-1][0] == prefixes[-1]
