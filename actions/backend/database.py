"""The engine, and transactions: `read` and `write` run a function with a session inside one transaction.

The function is plain code without await. On PostgreSQL it runs on psycopg's asynchronous connection (SQLAlchemy's
greenlet bridge); on SQLite in a thread, so that a whole transaction costs one switch of threads instead of four a
statement. Either way the event loop stays free, and a cancelled caller leaves no half-done transaction.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.orm import Session

from actions.backend import metrics
from actions.backend.errors import BadValue, DatabaseUnavailable

T = TypeVar("T")
Work = Callable[[Session], T]

BUSY_SECONDS = 5.0
"""How long a statement waits for another process's lock, and a new connection for its server."""

_READERS = 4


def database_url(url: str | URL) -> URL:
    """The URL with the driver that is used for its kind. ValueError for any other database."""
    parsed = make_url(url)
    kind = parsed.get_backend_name()
    if kind == "sqlite":
        return parsed.set(drivername="sqlite+pysqlite")
    if kind in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    raise ValueError(f"neither sqlite nor postgresql: {parsed.render_as_string()}")


class Database(Protocol):
    """One database. Both methods raise DatabaseUnavailable when it does not answer in time."""

    @property
    def engine(self) -> Engine:
        """The synchronous engine, for events."""

    async def read(self, work: Work[T]) -> T:
        """Run `work` on one consistent state of the database."""

    async def write(self, work: Work[T]) -> T:
        """Run `work` in one transaction, committed when it returns and rolled back when it raises."""

    async def upsert(self, work: Work[T]) -> T:
        """Like `write`, once more if somebody else inserted the same row at the same time."""

    async def close(self) -> None:
        """Close all connections."""


def open_database(url: str | URL, *, pool_size: int = 10) -> Database:
    """Open a database by its URL; nothing is connected yet."""
    parsed = database_url(url)
    return Sqlite(parsed) if parsed.get_backend_name() == "sqlite" else Postgres(parsed, pool_size)


def sqlite_engine(url: URL) -> Engine:
    """An engine whose transactions begin where SQLAlchemy says so, with the write lock if the option `write` is set."""
    if url.database and url.database != ":memory:":
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    connect_args = {"timeout": BUSY_SECONDS, "check_same_thread": False}
    engine = create_engine(url, connect_args=connect_args, hide_parameters=True)  # errors are logged, words are not

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver must not begin transactions on its own
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writing = connection.get_execution_options().get("write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine


class _Upsert:
    async def write(self, work: Work[T]) -> T:
        raise NotImplementedError

    async def upsert(self, work: Work[T]) -> T:
        try:
            return await self.write(work)
        except IntegrityError:
            return await self.write(work)


class Sqlite(_Upsert):
    """SQLite in WAL mode: one thread writes, so writers of a process queue in order; a few threads read."""

    def __init__(self, url: URL) -> None:
        self.engine = sqlite_engine(url)
        self._writing = self.engine.execution_options(write=True)
        self._writer = ThreadPoolExecutor(1, "sqlite-write")
        self._readers = ThreadPoolExecutor(_READERS, "sqlite-read")

    async def read(self, work: Work[T]) -> T:
        return await self._run(self._readers, self.engine, work)

    async def write(self, work: Work[T]) -> T:
        return await self._run(self._writer, self._writing, work)

    async def _run(self, threads: ThreadPoolExecutor, engine: Engine, work: Work[T]) -> T:
        call = functools.partial(_transaction, engine, work)
        try:
            return await asyncio.get_running_loop().run_in_executor(threads, call)
        except (OperationalError, PoolTimeout) as error:
            raise _unavailable(error) from error
        except UnicodeEncodeError as error:
            raise BadValue(str(error)) from error

    async def close(self) -> None:
        self._writer.shutdown()
        self._readers.shutdown()
        self.engine.dispose()


def _transaction(engine: Engine, work: Work[T]) -> T:
    with engine.connect() as connection, connection.begin():
        return _in_session(work, connection)


def _unavailable(error: Exception) -> DatabaseUnavailable:
    metrics.DATABASE_ERRORS.inc()
    return DatabaseUnavailable(str(error.__cause__ or error))


def _in_session(work: Work[T], connection: Connection) -> T:
    with Session(connection, autoflush=False, expire_on_commit=False) as session:
        result = work(session)
        session.flush()
        return result


class Postgres(_Upsert):
    """PostgreSQL: rows are locked where the code says so; reads see one snapshot."""

    def __init__(self, url: URL, pool_size: int) -> None:
        self._async = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_timeout=BUSY_SECONDS,
            pool_pre_ping=False,
            hide_parameters=True,
            connect_args={
                "connect_timeout": int(BUSY_SECONDS),
                "options": f"-c lock_timeout={BUSY_SECONDS:g}s -c statement_timeout={BUSY_SECONDS:g}s",
            },
        )
        self._reading = self._async.execution_options(isolation_level="REPEATABLE READ")
        self.engine = self._async.sync_engine

    async def read(self, work: Work[T]) -> T:
        return await self._run(self._reading.connect, work)

    async def write(self, work: Work[T]) -> T:
        return await self._run(self._async.connect, work)

    async def _run(self, connect: Callable[[], AsyncConnection], work: Work[T]) -> T:
        try:
            async with connect() as connection, connection.begin():
                return await connection.run_sync(functools.partial(_in_session, work))
        except (OperationalError, InterfaceError, PoolTimeout) as error:
            raise _unavailable(error) from error
        except (DataError, UnicodeEncodeError) as error:
            raise BadValue(str(error)) from error
        except DBAPIError as error:
            if error.connection_invalidated:
                raise _unavailable(error) from error
            raise

    async def close(self) -> None:
        await self._async.dispose()
