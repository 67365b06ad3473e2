"""Transactions, values and what happens when the database is away."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from actions import policy
from actions.backend import Backend, BadValue, DatabaseUnavailable, OrderSnapshot, Outcome, codec
from actions.backend.columns import new_id
from actions.backend.database import database_url
from actions.backend.tables import DisputeRow
from actions.policy import Allowed, OrderState, Role
from tests.backend.conftest import Opener
from tests.backend.world import CUSTOMER, FILED_BY_CUSTOMER, NOW, ORDER, contents, filed, push

pytestmark = pytest.mark.integration


@pytest.mark.rule("M-22")
async def test_the_database_itself_refuses_a_second_open_dispute(backend: Backend) -> None:
    await backend.orders.put(push())
    await filed(backend, FILED_BY_CUSTOMER["update"], CUSTOMER)
    second = {
        "id": "D-2",
        "order_id": ORDER,
        "number": 2,
        "kind": "update",
        "filed_by": "customer",
        "status": "open",
        "opened_at": NOW,
        "due_at": None,
        "text": "Zu teuer",
    }
    before = await contents(backend)
    with pytest.raises(IntegrityError) as raised:
        await backend.database.write(lambda session: session.add(DisputeRow(**second)))
    assert "Zu teuer" not in str(raised.value), "errors are logged, words of people are not"
    assert await contents(backend) == before
    await backend.database.write(lambda session: session.add(DisputeRow(**{**second, "status": "expired"})))


async def test_an_error_rolls_everything_back(backend: Backend) -> None:
    before = await contents(backend)

    def work(session: object) -> None:
        session.execute(text("INSERT INTO counters (name, value) VALUES ('x', 1)"))
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await backend.database.write(work)
    assert await contents(backend) == before


async def test_reading_sees_one_state(open_backend: Opener) -> None:
    reader, writer = await open_backend(), await open_backend()
    loop = asyncio.get_running_loop()
    ready, go = asyncio.Event(), asyncio.Event()

    def counted(session: object) -> int:
        return int(session.execute(text("SELECT count(*) FROM people")).scalar())

    async def write() -> None:
        await ready.wait()
        await writer.people.put(Role.CUSTOMER, "anna", name="A")
        go.set()

    def read(session: object) -> tuple[int, int]:
        first = counted(session)
        loop.call_soon_threadsafe(ready.set)
        if reader.database.engine.dialect.name == "sqlite":
            while not go.is_set():
                time.sleep(0.01)
        else:
            session.execute(text("SELECT pg_sleep(0.5)"))
        return first, counted(session)

    (first, second), _ = await asyncio.gather(reader.database.read(read), write())
    assert first == second == 0
    assert await reader.database.read(counted) == 1


async def test_the_event_loop_stays_free_while_a_transaction_waits(backend: Backend) -> None:
    sleeping = {"sqlite": "SELECT 1", "postgresql": "SELECT pg_sleep(0.3)"}[backend.database.engine.dialect.name]

    def work(session: object) -> None:
        session.execute(text(sleeping))
        if sleeping == "SELECT 1":
            time.sleep(0.3)

    ticks = 0
    running = asyncio.ensure_future(backend.database.write(work))
    while not running.done():
        await asyncio.sleep(0.01)
        ticks += 1
    assert ticks > 5


async def test_a_cancelled_caller_leaves_nothing_half_done(backend: Backend) -> None:
    """Whether it is cancelled before or after its commit, order, dispute, audit and notices go together."""
    for number in range(12):
        order_id = f"FO-{number}"
        await backend.orders.put(push(id=order_id))
        command = FILED_BY_CUSTOMER["update"]
        from tests.backend.world import key

        task = asyncio.ensure_future(
            backend.commands.execute(order_id, command, CUSTOMER, key=key(command, order_id), origin="chat")
        )
        await asyncio.sleep(number * 0.0005)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await asyncio.sleep(0.1)
    opened = {order.id for order in await backend.orders.of_person(CUSTOMER) if order.open_dispute}
    assert {row.order_id for row in await backend.outbox.pending(1000)} == opened
    audited = {event.order_id for event in await backend.events.after(0, 1000) if event.data["command"] != "put_order"}
    assert audited == opened


@pytest.mark.parametrize("value", ["a\x00b", "a\ud800b"], ids=["nul", "surrogate"])
async def test_a_text_that_cannot_be_kept_is_a_bad_value(backend: Backend, value: str) -> None:
    if "\x00" in value and backend.database.engine.dialect.name == "sqlite":
        pytest.skip("SQLite keeps NUL characters")
    before = await contents(backend)
    with pytest.raises(BadValue):
        await backend.orders.put(push(id=value))
    with pytest.raises(BadValue):
        await backend.orders.get(value)
    assert await contents(backend) == before


async def test_a_database_that_is_away_says_so_in_time(tmp_path: Path) -> None:
    for url in ("postgresql://nobody@127.0.0.1:1/none", f"sqlite:///{tmp_path}"):
        backend = await Backend.open(url)
        started = time.monotonic()
        with pytest.raises(DatabaseUnavailable):
            await backend.check()
        with pytest.raises(DatabaseUnavailable):
            await backend.orders.put(push())
        assert time.monotonic() - started < 10
        await backend.close()


async def test_another_process_holding_the_lock_too_long_is_unavailable(
    open_backend: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actions.backend.database.BUSY_SECONDS", 0.3)
    holder, other = await open_backend(), await open_backend()
    await holder.orders.put(push())
    loop = asyncio.get_running_loop()
    held, free = asyncio.Event(), asyncio.Event()

    def hold(session: object) -> None:
        session.execute(text("UPDATE orders SET title = 'x'"))
        loop.call_soon_threadsafe(held.set)
        if holder.database.engine.dialect.name == "sqlite":
            while not free.is_set():
                time.sleep(0.01)
        else:
            session.execute(text("SELECT pg_sleep(0.25)"))
            session.execute(text("SELECT pg_sleep(0.25)"))
            session.execute(text("SELECT pg_sleep(0.25)"))

    holding = asyncio.ensure_future(holder.database.write(hold))
    if holder.database.engine.dialect.name == "sqlite":
        await held.wait()
    else:
        await asyncio.sleep(0.1)
    with pytest.raises(DatabaseUnavailable):
        await other.orders.put(push(updated_at=NOW, title="y"))
    free.set()
    await holding
    assert (await other.orders.put(push(updated_at=NOW, title="y"))).applied


async def test_waiting_for_another_process_is_no_error(open_backend: Opener) -> None:
    first, second = await open_backend(), await open_backend()
    await first.orders.put(push())
    pushes = [
        (first, second)[number % 2].orders.put(push(updated_at=NOW + timedelta(seconds=number), title=str(number)))
        for number in range(40)
    ]
    await asyncio.gather(*pushes)
    found = await first.orders.get(ORDER)
    assert found is not None and found.title == "39"


def test_urls_of_both_databases_and_no_other() -> None:
    assert database_url("sqlite+aiosqlite:////a b/c.db").render_as_string() == "sqlite+pysqlite:////a b/c.db"
    assert database_url("postgres://u@h/d").drivername == "postgresql+psycopg"
    assert database_url("postgresql+asyncpg://u@h/d").drivername == "postgresql+psycopg"
    with pytest.raises(ValueError, match="neither"):
        database_url("mysql://h/d")


def test_ids_are_readable_and_do_not_repeat() -> None:
    made = {new_id("D") for _ in range(1000)}
    assert len(made) == 1000
    assert all(len(item) == 18 and item.startswith("D-") and item[2:].isalnum() and item.isupper() for item in made)


instants = st.datetimes(timezones=st.just(UTC))
words = st.text(max_size=20)
commands = st.one_of(
    st.builds(policy.RequestUpdate, words),
    st.builds(policy.RequestCancellation, st.none() | words, words, st.none() | words),
    st.builds(policy.RequestExtension, st.none() | instants, words),
    st.builds(policy.AnswerUpdate, words, words),
    st.builds(policy.Accept, words),
    st.builds(policy.Decline, words, words),
    st.builds(policy.Withdraw, words),
    st.just(policy.ForceCancel()),
    st.builds(policy.Expire, words),
)
effects = st.one_of(
    st.builds(policy.OpenDispute, st.sampled_from(policy.DisputeKind), st.none() | instants, st.none() | instants),
    st.builds(policy.CloseDispute, words, st.sampled_from(policy.DisputeStatus)),
    st.just(policy.CancelOrder()),
    st.builds(policy.MoveDelivery, instants),
)
params = st.dictionaries(words.filter(lambda name: not name.startswith("$")), words | instants | st.lists(words))
verdicts = st.one_of(
    st.builds(Allowed, st.lists(effects).map(tuple), st.lists(words).map(tuple)),
    st.lists(st.builds(policy.Reason, words, words, params), min_size=1).map(
        lambda found: policy.Refused(tuple(found))
    ),
    st.builds(policy.Undetermined, st.just(("expected_delivery_at",)), st.lists(words).map(tuple)),
)


@given(st.one_of(commands, effects, verdicts))
def test_what_is_stored_comes_back_as_it_was(value: object) -> None:
    import json

    assert codec.decode(json.loads(json.dumps(codec.encode(value)))) == value


@given(commands, commands)
def test_equal_fingerprints_mean_equal_content(first: object, second: object) -> None:
    assert (codec.fingerprint(first) == codec.fingerprint(second)) == (first == second)


def test_an_outcome_comes_back_and_a_stranger_does_not() -> None:
    shown = OrderSnapshot(
        "FO-1", "c", "s", "Logo", OrderState.ACTIVE, 1, datetime(2026, 1, 1, tzinfo=UTC), refunds=({},)
    )
    outcome = Outcome(Allowed((), ("M-01",)), shown, dispute_id="D-1")
    assert codec.decode(codec.encode(outcome)) == outcome
    with pytest.raises(TypeError):
        codec.encode({"x": object()})
