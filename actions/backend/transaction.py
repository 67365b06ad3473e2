"""What a transaction is on either database: a function with a session, and the errors that callers know."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.backend import metrics
from actions.backend.errors import DatabaseUnavailable

T = TypeVar("T")
Work = Callable[[Session], T]


class Transaction(Session):
    """The session of one transaction. `raw` is SQLite's own connection in it, for `actions.backend.prepared`."""

    raw: sqlite3.Connection | None = None


def in_session(work: Work[T], connection: Connection, raw: sqlite3.Connection | None = None) -> T:
    """Run `work` in a session of the connection's transaction."""
    with Transaction(connection, autoflush=False, expire_on_commit=False) as session:
        session.raw = raw
        result = work(session)
        session.flush()
        return result


def unavailable(error: Exception) -> DatabaseUnavailable:
    """Count an error of the database and make it the one that callers know."""
    metrics.DATABASE_ERRORS.inc()
    return DatabaseUnavailable(str(error.__cause__ or error))


class Upsert:
    """`upsert`, by `write`."""

    async def write(self, work: Work[T]) -> T:
        raise NotImplementedError

    async def upsert(self, work: Work[T]) -> T:
        try:
            return await self.write(work)
        except IntegrityError:
            return await self.write(work)
