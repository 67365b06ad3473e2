"""The engine, and transactions: `read` and `write` run a function with a session inside one transaction.

The function is plain code without await. On PostgreSQL it runs on psycopg's asynchronous connection (SQLAlchemy's
greenlet bridge); on SQLite in a thread, so that a whole transaction costs one switch of threads instead of four a
statement. The event loop stays free meanwhile, but for what touches a few rows: on SQLite `look` and short writes run
on it, which costs less than the switch. A cancelled caller leaves no half-done transaction.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Protocol

from sqlalchemy import URL, Engine, make_url
from sqlalchemy.exc import DataError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from actions.backend import sqlite
from actions.backend.errors import BadValue
from actions.backend.sqlite import Sqlite
from actions.backend.transaction import T, Upsert, Work, in_session, unavailable

__all__ = ["Database", "T", "Work", "database_url", "open_database", "sqlite_engine"]

BUSY_SECONDS = 5.0
"""How long a statement waits for another process's lock, and a new connection for its server."""


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
    """One database. Reading and writing raise DatabaseUnavailable when it does not answer in time."""

    @property
    def engine(self) -> Engine:
        """The synchronous engine, for events."""

    async def read(self, work: Work[T]) -> T:
        """Run `work` on one consistent state of the database."""

    async def look(self, work: Work[T]) -> T:
        """The same for a few rows that are found by an index: SQLite is asked right here.

        To hand it to a thread and back costs more than the rows themselves. What may take long must not be asked so.
        """

    async def write(self, work: Work[T], *, short: bool = False) -> T:
        """Run `work` in one transaction, committed when it returns and rolled back when it raises.

        `short`: it touches a few rows, found by an index. SQLite then does it right here, with other short ones that
        wait in one commit (`actions.backend.group_commit`).
        """

    async def upsert(self, work: Work[T], *, short: bool = False) -> T:
        """Like `write`, once more if somebody else inserted the same row at the same time."""

    async def close(self) -> None:
        """Close all connections."""


def open_database(url: str | URL, *, pool_size: int = 10) -> Database:
    """Open a database by its URL; nothing is connected yet."""
    parsed = database_url(url)
    return Sqlite(parsed, BUSY_SECONDS) if parsed.get_backend_name() == "sqlite" else Postgres(parsed, pool_size)


def sqlite_engine(url: URL) -> Engine:
    """An engine whose transactions begin where SQLAlchemy says so, with the write lock if the option `write` is set."""
    return sqlite.beginning_engine(url, BUSY_SECONDS)


class Postgres(Upsert):
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

    look = read

    async def write(self, work: Work[T], *, short: bool = False) -> T:
        return await self._run(self._async.connect, work)

    async def _run(self, connect: Callable[[], AsyncConnection], work: Work[T]) -> T:
        try:
            async with connect() as connection, connection.begin():
                return await connection.run_sync(functools.partial(in_session, work))
        except (OperationalError, InterfaceError, PoolTimeout) as error:
            raise unavailable(error) from error
        except (DataError, UnicodeEncodeError) as error:
            raise BadValue(str(error)) from error
        except DBAPIError as error:
            if error.connection_invalidated:
                raise unavailable(error) from error
            raise

    async def close(self) -> None:
        await self._async.dispose()
