"""What a transaction is on either database: a function with a session, and the errors that callers know."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, RootTransaction
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from actions.backend import metrics
from actions.backend.errors import DatabaseUnavailable

T = TypeVar("T")
Work = Callable[[Session], T]


class NeedsSession(BaseException):
    """A work that shares its transaction with others needs SQLAlchemy's session, which it would have to end."""


class Transaction(Session):
    """The session of one transaction. `raw` is SQLite's own connection in it, for `actions.backend.prepared`.

    It becomes a session in earnest when something of SQLAlchemy's is asked of it, which most transactions never do;
    SQLAlchemy's transaction on SQLite begins only then, too.
    """

    def __init__(self, connection: Connection, raw: sqlite3.Connection | None = None) -> None:
        self.raw, self._given, self.begun = raw, connection, False
        self._outer: RootTransaction | None = None
        self.shared = False

    def __getattr__(self, name: str) -> Any:
        """Only what is missing is asked for here: all that a session has."""
        if self.begun:
            raise AttributeError(name)
        if self.shared:
            raise NeedsSession
        self.begun = True
        if self.raw is not None:
            self._outer = self._given.begin()
        super().__init__(self._given, autoflush=False, expire_on_commit=False)
        return getattr(self, name)

    def flush(self, objects: Sequence[Any] | None = None) -> None:
        """Write what is pending; where nothing of SQLAlchemy's was used, nothing is."""
        if self.begun:
            super().flush(objects)

    def get_bind(self, *_: Any, **__: Any) -> Connection:
        """The connection: to ask which database this is needs no session in earnest."""
        return self._given

    def commit_raw(self) -> None:
        """Commit what was begun on SQLite's connection. Errors are SQLAlchemy's."""
        if self._outer is not None:
            self.flush()
            if self._outer.is_active:  # the work may have taken everything back
                self._outer.commit()
            return
        self.step("COMMIT")

    def step(self, sql: str) -> None:
        """Execute a statement about the transaction itself on SQLite's connection. Errors are SQLAlchemy's."""
        assert self.raw is not None
        try:
            self.raw.execute(sql)
        except sqlite3.Error as error:
            raise DBAPIError.instance(sql, None, error, sqlite3.Error, hide_parameters=True) from error

    def end_raw(self) -> None:
        """Take back what was not committed on SQLite's connection."""
        assert self.raw is not None
        if self._outer is not None:
            self.close()
            self._outer.close()
        if self.raw.in_transaction:
            self.raw.execute("ROLLBACK")


def in_session(work: Work[T], connection: Connection) -> T:
    """Run `work` in a session of the connection's transaction."""
    session = Transaction(connection)
    try:
        result = work(session)
        if session.begun:
            session.flush()
        return result
    finally:
        if session.begun:
            session.close()


def unavailable(error: Exception) -> DatabaseUnavailable:
    """Count an error of the database and make it the one that callers know."""
    metrics.DATABASE_ERRORS.inc()
    return DatabaseUnavailable(str(error.__cause__ or error))


class Upsert:
    """`upsert`, by `write`."""

    async def write(self, work: Work[T], *, short: bool = False) -> T:
        raise NotImplementedError

    async def upsert(self, work: Work[T], *, short: bool = False) -> T:
        try:
            return await self.write(work, short=short)
        except IntegrityError:
            return await self.write(work, short=short)
