"""Short transactions on SQLite: together in one commit, and yet each for itself."""

from __future__ import annotations

import asyncio
import contextvars
import threading
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from actions.backend import BadValue, DatabaseUnavailable
from actions.backend.database import open_database
from actions.backend.group_commit import Pace
from actions.backend.sqlite import Sqlite
from actions.backend.transaction import Transaction

pytestmark = pytest.mark.integration


@pytest.fixture(params=["quick", "slow"])
async def database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> AsyncIterator[Sqlite]:
    """On a disk that is quick enough for the event loop, and where commits are left to the thread."""
    monkeypatch.setattr("actions.backend.database.BUSY_SECONDS", 0.2)
    database = open_database(f"sqlite:///{tmp_path}/some.db")
    assert isinstance(database, Sqlite)
    if request.param == "slow":
        database._short._pace.slow = True
        monkeypatch.setattr("actions.backend.group_commit._QUICK", 0.0)
    else:
        monkeypatch.setattr("actions.backend.group_commit._SLOW", 60.0)
    await database.write(lambda session: session.execute(text("CREATE TABLE t (n INTEGER PRIMARY KEY)")) and None)
    yield database
    await database.close()


def adding(number: int) -> Callable[[Session], int]:
    def work(session: Transaction) -> int:
        session.raw.execute("INSERT INTO t VALUES (?)", (number,))
        return number

    return work


async def stored(database: Sqlite) -> list[int]:
    return await database.read(lambda session: [n for (n,) in session.raw.execute("SELECT n FROM t ORDER BY n")])


def statements(database: Sqlite) -> list[str]:
    """What is executed from now on for short transactions."""
    seen: list[str] = []
    database._short._link._open()
    database._short._link._raw.set_trace_callback(seen.append)
    return seen


def test_a_pace_follows_the_disk_and_not_a_single_commit() -> None:
    pace = Pace()

    def commits(seconds: float, count: int) -> bool:
        for _ in range(count):
            pace.timed(lambda: time.sleep(seconds))
        return pace.slow

    assert not commits(0.0, 5)
    assert not commits(0.03, 1), "the log's pages are moved into the file now and then"
    assert commits(0.03, 3)
    assert commits(0.0, 1), "one that is quick changes nothing"
    assert not commits(0.0, 30)


async def test_a_slow_disk_is_waited_for_in_a_thread(database: Sqlite, monkeypatch: pytest.MonkeyPatch) -> None:
    def commit(session: Transaction) -> None:
        threads.append(threading.current_thread())
        as_it_was(session)

    threads: list[threading.Thread] = []
    as_it_was = Transaction.commit_raw
    monkeypatch.setattr(Transaction, "commit_raw", commit)
    slow = database._short._pace.slow
    assert await database.write(adding(1), short=True) == 1
    assert (threads != [threading.current_thread()]) is slow
    assert await stored(database) == [1]


async def test_what_waits_together_is_committed_at_once(database: Sqlite) -> None:
    seen = statements(database)
    assert await asyncio.gather(*(database.write(adding(n), short=True) for n in range(5))) == [0, 1, 2, 3, 4]
    assert [seen.count(one) for one in ("BEGIN IMMEDIATE", "COMMIT")] == [1, 1]
    assert await stored(database) == [0, 1, 2, 3, 4]


async def test_many_take_several_commits_and_none_is_lost(database: Sqlite) -> None:
    seen = statements(database)
    assert await asyncio.gather(*(database.write(adding(n), short=True) for n in range(50))) == list(range(50))
    assert seen.count("COMMIT") == 4
    assert await stored(database) == list(range(50))


async def test_an_error_takes_back_its_own_work_only(database: Sqlite) -> None:
    def broken(session: Transaction) -> None:
        adding(7)(session)
        raise KeyError("x")

    def unstorable(session: Transaction) -> None:
        adding(8)(session)
        session.raw.execute("SELECT ?", ("\ud800",))

    works = [adding(1), broken, adding(2), unstorable, adding(3)]
    found = await asyncio.gather(*(database.write(work, short=True) for work in works), return_exceptions=True)
    assert [found[0], found[2], found[4]] == [1, 2, 3]
    assert isinstance(found[1], KeyError) and isinstance(found[3], BadValue)
    assert await stored(database) == [1, 2, 3]
    with pytest.raises(KeyError):
        await database.write(broken, short=True)
    assert await stored(database) == [1, 2, 3], "and also where it is alone"


async def test_a_work_that_needs_a_session_gets_a_transaction_of_its_own(database: Sqlite) -> None:
    def taken_back(session: Session) -> str:
        session.execute(text("INSERT INTO t VALUES (9)"))
        session.rollback()
        return "taken back"

    def in_earnest(session: Session) -> str:
        session.execute(text("INSERT INTO t VALUES (5)"))
        return "kept"

    works = [taken_back, adding(1), in_earnest, adding(2)]
    found = await asyncio.gather(*(database.write(work, short=True) for work in works))
    assert found == ["taken back", 1, "kept", 2]
    assert await stored(database) == [1, 2, 5]


async def test_nobody_hears_of_what_is_not_committed(database: Sqlite, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_session: Transaction) -> None:
        raise OperationalError("COMMIT", None, Exception("disk full"))

    with monkeypatch.context() as patched:
        patched.setattr(Transaction, "commit_raw", fails)
        waiting = [database.write(adding(n), short=True) for n in range(3)]
        found = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(one, DatabaseUnavailable) for one in found)
    assert await stored(database) == []
    assert await database.write(adding(4), short=True) == 4, "a new connection goes on"
    assert await stored(database) == [4]


async def test_a_disk_that_fails_a_statement_fails_the_whole_group(database: Sqlite) -> None:
    def fails(session: Transaction) -> None:
        raise OperationalError("INSERT", None, Exception("disk I/O error"))

    works = [adding(1), fails, adding(2)]
    found = await asyncio.gather(*(database.write(work, short=True) for work in works), return_exceptions=True)
    assert [type(one) for one in found[:2]] == [DatabaseUnavailable, DatabaseUnavailable]
    assert found[2] == 2
    assert await stored(database) == [2]


async def test_a_connection_that_failed_is_handed_to_nobody_else(database: Sqlite) -> None:
    def fails(session: Transaction) -> None:
        failed.append(session.raw)
        raise OperationalError("INSERT", None, Exception("disk I/O error"))

    failed: list[object] = []
    with pytest.raises(DatabaseUnavailable):
        await database.write(fails, short=True)
    assert await database.read(lambda session: session.raw) is not failed[0]  # its first connection


@pytest.mark.parametrize("together", [False, True], ids=["alone", "together"])
@pytest.mark.parametrize("error", [StopIteration, MemoryError, GeneratorExit], ids=lambda error: error.__name__)
async def test_whatever_a_work_raises_is_its_own_and_it_goes_on(
    database: Sqlite, error: type[BaseException], together: bool
) -> None:
    def work(_session: Transaction) -> None:
        raise error

    others = [database.write(adding(n), short=True) for n in (1, 2)] if together else []
    waiting = asyncio.gather(database.write(work, short=True), *others, return_exceptions=True)
    found = await asyncio.wait_for(waiting, 2)
    assert isinstance(found[0], RuntimeError if error is StopIteration else error)
    assert found[1:] == await stored(database) == ([1, 2] if together else [])
    assert await asyncio.wait_for(database.write(adding(3), short=True), 2) == 3


async def test_a_transaction_that_sqlite_took_back_is_lost_for_all_in_it(database: Sqlite) -> None:
    def lost(session: Transaction) -> None:
        session.raw.execute("ROLLBACK")  # as SQLite does by itself when memory is short or a page is damaged
        raise MemoryError

    works = [adding(1), lost, adding(2), adding(3)]
    found = await asyncio.gather(*(database.write(work, short=True) for work in works), return_exceptions=True)
    assert [type(one) for one in found[:2]] == [DatabaseUnavailable, MemoryError]
    assert found[2:] == await stored(database) == [2, 3]


async def test_a_disk_that_cannot_even_take_back_is_told_and_left(
    database: Sqlite, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_session: Transaction) -> None:
        raise OperationalError("ROLLBACK", None, Exception("disk I/O error"))

    with monkeypatch.context() as patched:
        patched.setattr(Transaction, "commit_raw", fails)
        patched.setattr(Transaction, "end_raw", fails)
        with pytest.raises(DatabaseUnavailable):
            await asyncio.wait_for(database.write(adding(1), short=True), 2)
    assert await asyncio.wait_for(database.write(adding(2), short=True), 2) == 2
    assert await stored(database) == [2]


async def test_who_is_cancelled_before_leaves_nothing(database: Sqlite) -> None:
    tasks = [asyncio.ensure_future(database.write(adding(n), short=True)) for n in range(3)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    assert await tasks[0] == 0 and await tasks[2] == 2
    assert await stored(database) == [0, 2]


async def test_a_lock_that_is_held_too_long_is_unavailable_and_then_it_goes_on(database: Sqlite) -> None:
    other = database.engine.raw_connection()
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseUnavailable):
        await database.write(adding(1), short=True)
    database._short._busy_seconds = 5
    late = asyncio.ensure_future(database.write(adding(2), short=True))
    await asyncio.sleep(0.05)
    other.execute("COMMIT")
    other.close()
    assert await late == 2
    assert await stored(database) == [2]


async def test_who_waited_for_others_is_not_given_up_at_the_first_lock(database: Sqlite) -> None:
    database._short._busy_seconds = 5
    other = database.engine.raw_connection()
    other.execute("BEGIN IMMEDIATE")
    late = asyncio.ensure_future(database.write(adding(1), short=True))
    await asyncio.sleep(0)
    database._short._queue[0].at -= 60  # behind a slow commit; for the lock it has only begun to wait
    await asyncio.sleep(0.01)
    other.execute("COMMIT")
    other.close()
    assert await late == 1


async def test_a_connection_on_which_nothing_begins_is_replaced(database: Sqlite) -> None:
    assert await database.write(adding(1), short=True) == 1
    database._short._link._raw.close()
    with pytest.raises(DatabaseUnavailable):
        await database.write(adding(2), short=True)
    assert await database.write(adding(3), short=True) == 3
    assert await stored(database) == [1, 3]


async def test_closing_waits_for_all_that_was_asked(database: Sqlite) -> None:
    asked = [asyncio.ensure_future(database.write(adding(n), short=True)) for n in range(20)]
    await asyncio.sleep(0)
    await database.close()
    assert [one.result() for one in asked if one.done()] == list(range(20))


async def test_each_work_runs_in_the_context_of_who_asked(database: Sqlite) -> None:
    name = contextvars.ContextVar("name", default="nobody")

    async def ask(who: str) -> str:
        name.set(who)
        return await database.write(lambda session: name.get(), short=True)

    assert await asyncio.gather(ask("anna"), ask("bela")) == ["anna", "bela"]


def test_another_event_loop_goes_on_where_one_was_left(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/some.db")

    async def leave() -> None:
        await database.write(lambda session: session.execute(text("CREATE TABLE t (n INTEGER)")) and None)
        asyncio.ensure_future(database.write(adding(1), short=True))  # noqa: RUF006 - it is left on purpose
        await asyncio.sleep(0)

    async def go_on() -> int:
        done = await database.write(adding(2), short=True)
        await database.close()
        return done

    asyncio.run(leave())
    assert asyncio.run(go_on()) == 2
