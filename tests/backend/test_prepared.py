"""Statements that go to SQLite as they are give what SQLAlchemy gives; short looks; rows that tell what was changed."""

from __future__ import annotations

import asyncio
import threading
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import bindparam, insert, select, text
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.backend import Backend, Claims, DatabaseUnavailable, Reply, ReplyButton, Said
from actions.backend.chat_tables import MessageRow
from actions.backend.columns import Instant
from actions.backend.database import open_database
from actions.backend.prepared import Kept, Prepared
from actions.backend.tables import CounterRow, EventRow, OrderRow, table
from actions.policy import RequestUpdate, Role
from tests.backend.conftest import Opener
from tests.backend.world import CUSTOMER, ORDER, filed, push

pytestmark = pytest.mark.integration
TABLES = [table(OrderRow), table(EventRow), table(MessageRow)]


@pytest.mark.parametrize("of", TABLES, ids=lambda of: of.name)
async def test_rows_are_what_sqlalchemy_reads(backend: Backend, of: object) -> None:
    """Instants, JSON, truth values, numbers, NULL: written by one, read by both."""
    await backend.orders.put(push())
    await filed(backend, RequestUpdate("Wie weit?"), CUSTOMER)
    said = Said("u-1", text="Grüß Gott", custom={"a": [1, None, "ß"]})
    arrived = await backend.conversations.receive("", Role.CUSTOMER, CUSTOMER.id, Claims("de"), said, owner="a")
    assert arrived.received.turn is not None
    reply = Reply("Hallo", (ReplyButton("Ja", "/affirm"),), {"locale": "de"})
    await backend.conversations.complete(arrived.received.turn, [reply], owner="a")
    query = select(of).order_by(*of.primary_key)  # type: ignore[call-overload, attr-defined]
    prepared = Prepared(query)

    def both(session: Session) -> tuple[list[object], list[object]]:
        return [row._asdict() for row in prepared.rows(session)], [dict(r._mapping) for r in session.execute(query)]

    ours, theirs = await backend.database.read(both)
    assert ours and ours == theirs


async def test_errors_are_sqlalchemys_without_words(backend: Backend) -> None:
    new = Prepared(insert(table(CounterRow)), ("name", "value"))
    with pytest.raises(IntegrityError) as raised:
        await backend.database.write(lambda session: new.run(session, *({"name": "Geheim", "value": 1},) * 2))
    if backend.database.engine.dialect.name == "sqlite":  # PostgreSQL itself names the key that was there
        assert "Geheim" not in str(raised.value)
    assert await backend.database.look(lambda s: s.execute(select(CounterRow).filter_by(name="Geheim")).all()) == []


async def test_a_parameter_that_is_missing_or_a_list_is_refused(backend: Backend) -> None:
    if backend.database.engine.dialect.name != "sqlite":
        pytest.skip("SQLAlchemy executes it")
    order = table(OrderRow)
    one = Prepared(select(order).where(order.c.id == bindparam("order")))
    with pytest.raises(KeyError):
        await backend.database.read(lambda session: one.rows(session, {"id": "FO-1"}))
    many = Prepared(select(order).where(order.c.id.in_(bindparam("orders", expanding=True))))
    with pytest.raises(TypeError, match="list"):
        await backend.database.read(lambda session: many.rows(session, {"orders": ["FO-1"]}))


async def test_looking_sees_what_is_committed_and_waits_for_nobody(open_backend: Opener) -> None:
    writer, reader = await open_backend(), await open_backend()
    if reader.database.engine.dialect.name != "sqlite":
        pytest.skip("there it reads as always")
    await writer.orders.put(push(title="vorher"))
    seen = []

    def work(session: Session) -> None:
        session.execute(text("UPDATE orders SET title = 'nachher'"))
        held.set()
        assert done.wait(5)

    held, done = threading.Event(), threading.Event()
    writing = asyncio.ensure_future(writer.database.write(work))
    await asyncio.to_thread(held.wait, 5)
    found = await reader.orders.get(ORDER)
    seen.append(found and found.title)
    done.set()
    await writing
    found = await reader.orders.get(ORDER)
    assert [*seen, found and found.title] == ["vorher", "nachher"]


async def test_looking_at_a_database_that_is_away_is_unavailable(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}")
    with pytest.raises(DatabaseUnavailable):
        await database.look(lambda session: session.execute(text("SELECT 1")).all())
    await database.close()


async def test_a_new_connection_takes_the_place_of_one_that_failed(backend: Backend) -> None:
    if backend.database.engine.dialect.name != "sqlite":
        pytest.skip("the pool's business")
    await backend.orders.put(push())
    assert await backend.orders.get(ORDER) is not None
    first = backend.database._looking._connection
    first.connection.dbapi_connection.close()
    assert await backend.orders.get(ORDER) is not None
    assert await backend.orders.get(ORDER) is not None
    assert backend.database._looking._connection not in (None, first)


def test_a_kept_row_tells_what_was_changed() -> None:
    row = Kept({"id": "1", "title": "a", "refunds": [1], "at": None})
    assert row.changed() == {}
    row.title, row.refunds = "b", [1]
    assert row.changed() == {"title": "b"}, "an equal value is no change"
    row.saved()
    assert row.changed() == {} and row.values()["title"] == "b"


@given(st.datetimes(timezones=st.timezones()) | st.none())
def test_an_instant_is_written_and_read_as_sqlalchemy_does(at: datetime | None) -> None:
    kind = Instant().dialect_impl(SQLiteDialect_pysqlite())
    write, read = kind.bind_processor(SQLiteDialect_pysqlite()), kind.result_processor(SQLiteDialect_pysqlite(), None)
    try:
        text = write(at)
    except (OverflowError, ValueError) as error:
        with pytest.raises(type(error)):
            Instant.to_text(at)
        return
    assert Instant.to_text(at) == text
    assert Instant.from_text(text) == read(text)
