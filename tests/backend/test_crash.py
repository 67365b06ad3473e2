"""A process is killed at every step of every kind of change: what it did is there as a whole, or not at all."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

from actions.backend import Backend, Proposal
from actions.backend.tables import Base
from actions.policy import RequestUpdate, Role
from tests.backend.world import CUSTOMER, DAY, FILED_BY_CUSTOMER, NOW, ORDER, SELLER, contents, filed, push

pytestmark = [pytest.mark.integration, pytest.mark.slow]
ROOT = Path(__file__).parents[2]
ONE_COMMAND = {"orders", "disputes", "events", "counters", "idempotency", "outbox"}
# The tables that each scenario changes, transaction by transaction.
SCENARIOS: dict[str, list[set[str]]] = {
    "accept": [ONE_COMMAND],
    "withdraw_then_cancel": [ONE_COMMAND],
    "force": [ONE_COMMAND],
    "confirm": [ONE_COMMAND | {"proposals"}],
    "push": [ONE_COMMAND - {"idempotency"}],
    "sweep": [ONE_COMMAND - {"idempotency"}],
    "deliver": [{"outbox", "conversations", "messages", "events", "counters"}],
    "turn": [{"conversations", "messages"}, {"conversations", "messages"}],
}


@pytest.fixture(scope="session")
def children() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.backend.crash_child"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()
        process.wait(10)


def run(children: subprocess.Popen[str], task: dict[str, Any], step: int) -> dict[str, Any]:
    assert children.stdin is not None and children.stdout is not None
    children.stdin.write(json.dumps({**task, "step": step}) + "\n")
    children.stdin.flush()
    result: dict[str, Any] = json.loads(children.stdout.readline())
    assert result["killed"] or result["steps"] is not None, "the child failed, see its error output"
    return result


async def prepare(backend: Backend, name: str) -> dict[str, Any]:
    """An empty database brought to the state before; what the child needs to know of it."""

    def wipe(session: Any) -> None:
        for table in reversed(Base.metadata.sorted_tables):
            session.execute(delete(table))

    await backend.database.write(wipe)
    await backend.clock.set(NOW)
    await backend.orders.put(push(expected_delivery_at=NOW + DAY))
    chat = await backend.conversations.open("", Role.CUSTOMER, CUSTOMER.id)
    await backend.conversations.for_notices(Role.SELLER, SELLER.id)
    dispute = proposal = ""
    if name == "confirm":
        made = await backend.proposals.create(chat.id, CUSTOMER, ORDER, RequestUpdate("?"))
        assert isinstance(made, Proposal)
        proposal = made.id
    else:
        kind = "update" if name == "withdraw_then_cancel" else "cancellation"
        dispute = await filed(backend, FILED_BY_CUSTOMER[kind], CUSTOMER, origin="chat")
    await backend.clock.set({"force": NOW + 2 * DAY, "sweep": NOW + 3 * DAY}.get(name, NOW))
    return {"scenario": name, "chat": chat.id, "dispute": dispute, "proposal": proposal}


def shape(tables: dict[str, list[Any]]) -> dict[str, int]:
    """How much of everything there is, without ids and times that differ from run to run."""
    return {name: len(rows) for name, rows in tables.items()}


def changed(before: dict[str, list[Any]], after: dict[str, list[Any]]) -> set[str]:
    return {name for name in before if before[name] != after[name]}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", SCENARIOS)
async def test_killed_at_any_step_nothing_is_half_done(
    backend: Backend, url: str, children: subprocess.Popen[str], name: str
) -> None:
    task = {**await prepare(backend, name), "url": url}
    before = await contents(backend)
    steps = run(children, task, 0)["steps"]
    whole = await contents(backend)
    assert changed(before, whole) == set.union(*SCENARIOS[name])
    states = set()
    for step in range(1, steps + 1):
        task = {**await prepare(backend, name), "url": url}
        before = await contents(backend)
        assert run(children, task, step)["killed"], step
        now = await contents(backend)
        states.add(_state(name, before, now, whole))
        # Whoever comes after the crash finishes the work, or finds it done: once.
        run(children, task, 0)
        assert shape(await contents(backend)) == shape(whole), step
    # Some were killed before each commit and some after.
    assert states == set(range(len(SCENARIOS[name]) + 1))


def _state(name: str, before: dict[str, list[Any]], now: dict[str, list[Any]], whole: dict[str, list[Any]]) -> int:
    """How many of the scenario's transactions are there; fails when one is there in part."""
    difference = changed(before, now)
    if not difference:
        return 0
    assert difference == SCENARIOS[name][0]
    if shape(now) == shape(whole):
        return len(SCENARIOS[name])
    assert len(SCENARIOS[name]) == 2, "half a transaction is there"
    return 1
