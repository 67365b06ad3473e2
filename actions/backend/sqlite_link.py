"""One connection to SQLite and the transactions on it, and what its errors mean to callers."""

from __future__ import annotations

import sqlite3
import time
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from actions.backend.errors import BadValue
from actions.backend.transaction import T, Transaction, Work, unavailable

# Another process holds the write lock for a commit or two. SQLite itself would sleep 1, 2, 5, 10, 15 … 100 ms.
POLL = 0.001


class Busy(OperationalError):
    """Somebody else has the lock: nothing was done."""


class _Ours:
    """Around a transaction: SQLite's errors become the ones that callers know. A class: a generator costs more."""

    def __enter__(self) -> None:
        return

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if error is not None and (known := as_ours(error)) is not error:
            raise known from error


OURS = _Ours()


def as_ours(error: BaseException) -> BaseException:
    """The error that callers know for one of SQLite's; any other as it is."""
    if isinstance(error, OperationalError | PoolTimeout):
        return unavailable(error)
    return BadValue(str(error)) if isinstance(error, UnicodeEncodeError) else error


class Link:
    """A connection for one thread at a time, opened when it is needed."""

    def __init__(self, engine: Engine, begin: str, busy_seconds: float, *, patient: bool = True) -> None:
        """`patient`: SQLite waits for locks; otherwise `begin` is tried again and again, and nothing else waits."""
        self._engine, self._begin, self._busy_seconds, self._patient = engine, begin, busy_seconds, patient
        self._connection: Connection | None = None
        self._raw: Any = None

    def run(self, work: Work[T], *, wait: bool = True) -> T:
        """One transaction. `wait`: for a lock, as long as allowed."""
        try:
            session = self.begin(self._busy_seconds if wait else 0.0)
            try:
                result = work(session)
                session.commit_raw()
                return result
            finally:
                session.end_raw()
        except Busy:
            raise
        except OperationalError:
            self.close()
            raise

    def begin(self, seconds: float = 0.0) -> Transaction:
        """Begin a transaction. `Busy` when somebody else has had the lock for so long."""
        connection = self._connection or self._open()
        self._enter(seconds)
        return Transaction(connection, self._raw)

    def _open(self) -> Connection:
        self._connection = self._engine.connect()
        self._raw = self._connection.connection.dbapi_connection
        if not self._patient:
            self._connection.exec_driver_sql("PRAGMA busy_timeout=0")
            self._connection.rollback()
        return self._connection

    def _enter(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while True:
            try:
                self._raw.execute(self._begin)
                return
            except sqlite3.Error as error:
                busy = getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
                if self._patient or not busy or time.monotonic() >= until:
                    kind = Busy if busy else OperationalError
                    raise kind(self._begin, None, error, hide_parameters=True) from error
            time.sleep(POLL)

    def close(self) -> None:
        """Close; the next transaction opens it again."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()  # else the pool would hand out the same one again, to whoever comes
            connection.close()
