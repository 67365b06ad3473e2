"""SQLite in WAL mode: one thread writes, a few read; short looks and short writes need no thread.

Each thread keeps a connection of its own: to take one from a pool and give it back costs as much as a statement.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from actions.backend.errors import BadValue
from actions.backend.transaction import T, Transaction, Upsert, Work, unavailable

_READERS = 4
# Another process holds the write lock for a commit or two. SQLite itself would sleep 1, 2, 5, 10, 15 … 100 ms.
_POLL = 0.001


class _Busy(OperationalError):
    """Somebody else has the lock: nothing was done."""


def beginning_engine(url: URL, busy_seconds: float) -> Engine:
    """An engine whose transactions begin where SQLAlchemy says so, with the write lock if the option `write` is set."""
    engine = _engine(url, busy_seconds)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writing = connection.get_execution_options().get("write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine


def _engine(url: URL, busy_seconds: float) -> Engine:
    if url.database and url.database != ":memory:":
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url,
        connect_args={"timeout": busy_seconds, "check_same_thread": False, "cached_statements": 512},
        hide_parameters=True,  # errors are logged, words are not
        json_serializer=to_json,
        json_deserializer=from_json,
    )

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver must not begin transactions on its own
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY"):
            connection.execute(f"PRAGMA {pragma}")

    return engine


def to_json(value: object) -> str:
    """JSON as it is kept in a column."""
    return msgspec.json.encode(value).decode()


def from_json(text: str) -> Any:
    """What was kept as JSON."""
    return msgspec.json.decode(text)


class _Ours:
    """Around a transaction: SQLite's errors become the ones that callers know. A class: a generator costs more."""

    def __enter__(self) -> None:
        return

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, OperationalError | PoolTimeout):
            raise unavailable(error) from error
        if isinstance(error, UnicodeEncodeError):
            raise BadValue(str(error)) from error


_OURS = _Ours()


class _Link:
    """The connection of one thread."""

    def __init__(self, engine: Engine, begin: str, busy_seconds: float, *, patient: bool = True) -> None:
        """`patient`: SQLite waits for locks; otherwise `begin` is tried again and again, and nothing else waits."""
        self._engine, self._begin, self._busy_seconds, self._patient = engine, begin, busy_seconds, patient
        self._connection: Connection | None = None
        self._raw: Any = None

    def run(self, work: Work[T], *, wait: bool = True) -> T:
        """One transaction. `wait`: for a lock, as long as allowed."""
        connection, raw = self._connection or self._open(), self._raw
        try:
            self._enter(raw, self._busy_seconds if wait else 0.0)
            session = Transaction(connection, raw)
            try:
                result = work(session)
                session.commit_raw()
                return result
            finally:
                session.end_raw()
        except _Busy:
            raise
        except OperationalError:
            self.close()
            raise

    def _open(self) -> Connection:
        self._connection = self._engine.connect()
        self._raw = self._connection.connection.dbapi_connection
        if not self._patient:
            self._connection.exec_driver_sql("PRAGMA busy_timeout=0")
            self._connection.rollback()
        return self._connection

    def _enter(self, raw: sqlite3.Connection, seconds: float) -> None:
        until = time.monotonic() + seconds
        while True:
            try:
                raw.execute(self._begin)
                return
            except sqlite3.Error as error:
                busy = getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
                if self._patient or not busy or time.monotonic() >= until:
                    kind = _Busy if busy else OperationalError
                    raise kind(self._begin, None, error, hide_parameters=True) from error
            time.sleep(_POLL)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class Sqlite(Upsert):
    """Writers of a process queue in order; readers see what was committed when they begin."""

    def __init__(self, url: URL, busy_seconds: float) -> None:
        self.engine = _engine(url, busy_seconds)
        self._busy_seconds = busy_seconds
        self._writer = ThreadPoolExecutor(1, "sqlite-write")
        self._readers = ThreadPoolExecutor(_READERS, "sqlite-read")
        self._writing = self._link("BEGIN IMMEDIATE", patient=False)
        self._looking = self._link("BEGIN", patient=False)
        self._is_looking, self._is_writing = threading.Lock(), threading.Lock()
        self._reading = threading.local()
        self._links = [self._writing, self._looking]

    def _link(self, begin: str, *, patient: bool = True) -> _Link:
        return _Link(self.engine, begin, self._busy_seconds, patient=patient)

    async def look(self, work: Work[T]) -> T:
        if self._is_looking.acquire(blocking=False):
            try:
                with _OURS, contextlib.suppress(OperationalError):
                    return self._looking.run(work, wait=False)
                # A lock, or the disk: whatever it is, it is not waited for here.
            finally:
                self._is_looking.release()
        return await self.read(work)

    async def read(self, work: Work[T]) -> T:
        return await self._run(self._readers, functools.partial(self._read, work))

    async def write(self, work: Work[T], *, short: bool = False) -> T:
        if short and self._is_writing.acquire(blocking=False):
            try:
                with _OURS, contextlib.suppress(_Busy):
                    return self._writing.run(work, wait=False)
            finally:
                self._is_writing.release()
        # Another process writes, or another thread: this one's waits for it.
        return await self._run(self._writer, functools.partial(self._write, work))

    def _write(self, work: Work[T]) -> T:
        with self._is_writing:
            return self._writing.run(work)

    def _read(self, work: Work[T]) -> T:
        link: _Link | None = getattr(self._reading, "link", None)
        if link is None:
            link = self._reading.link = self._link("BEGIN")
            self._links.append(link)
        return link.run(work)

    async def _run(self, threads: ThreadPoolExecutor, call: functools.partial[T]) -> T:
        with _OURS:
            return await asyncio.get_running_loop().run_in_executor(threads, call)

    async def close(self) -> None:
        self._writer.shutdown()
        self._readers.shutdown()
        for link in self._links:
            link.close()
        self.engine.dispose()
