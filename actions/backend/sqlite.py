"""SQLite in WAL mode: one thread writes, a few read; short looks and short writes need none but for their commit.

Each thread keeps a connection of its own: to take one from a pool and give it back costs as much as a statement.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import OperationalError

from actions.backend.group_commit import GroupCommit
from actions.backend.sqlite_link import OURS, Link
from actions.backend.transaction import T, Upsert, Work

_READERS = 4


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


class Sqlite(Upsert):
    """Writers of a process queue in order, short ones in groups; readers see what was committed when they begin."""

    def __init__(self, url: URL, busy_seconds: float) -> None:
        self.engine = _engine(url, busy_seconds)
        self._busy_seconds = busy_seconds
        self._writer = ThreadPoolExecutor(1, "sqlite-write")
        self._readers = ThreadPoolExecutor(_READERS, "sqlite-read")
        self._writing = self._link("BEGIN IMMEDIATE", patient=False)
        self._short = GroupCommit(self._link("BEGIN IMMEDIATE", patient=False), busy_seconds)
        self._looking = self._link("BEGIN", patient=False)
        self._is_looking = threading.Lock()
        self._reading = threading.local()
        self._links = [self._writing, self._looking]

    def _link(self, begin: str, *, patient: bool = True) -> Link:
        return Link(self.engine, begin, self._busy_seconds, patient=patient)

    async def look(self, work: Work[T]) -> T:
        if self._is_looking.acquire(blocking=False):
            try:
                with OURS, contextlib.suppress(OperationalError):
                    return self._looking.run(work, wait=False)
                # A lock, or the disk: whatever it is, it is not waited for here.
            finally:
                self._is_looking.release()
        return await self.read(work)

    async def read(self, work: Work[T]) -> T:
        return await self._run(self._readers, functools.partial(self._read, work))

    async def write(self, work: Work[T], *, short: bool = False) -> T:
        if short:
            return await self._short.add(work)
        return await self._run(self._writer, functools.partial(self._writing.run, work))

    def _read(self, work: Work[T]) -> T:
        link: Link | None = getattr(self._reading, "link", None)
        if link is None:
            link = self._reading.link = self._link("BEGIN")
            self._links.append(link)
        return link.run(work)

    async def _run(self, threads: ThreadPoolExecutor, call: functools.partial[T]) -> T:
        with OURS:
            return await asyncio.get_running_loop().run_in_executor(threads, call)

    async def close(self) -> None:
        await self._short.close()
        self._writer.shutdown()
        self._readers.shutdown()
        for link in self._links:
            link.close()
        self.engine.dispose()
