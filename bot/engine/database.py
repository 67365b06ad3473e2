"""Where Rasa's conversations and the turn ledger lie: two tables, in SQLite or PostgreSQL."""

from __future__ import annotations

import asyncio

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlalchemy.orm import Session

from actions.backend.database import Database, T, Work, open_database
from actions.backend.errors import DatabaseUnavailable

metadata = sa.MetaData()

#: What one turn added to a conversation, and the state after it, so that reading can begin at any turn.
turns = sa.Table(
    "conversation_turn",
    metadata,
    sa.Column("conversation_id", sa.String(255), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("session", sa.Integer, nullable=False),
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("event_count", sa.Integer, nullable=False),
    sa.Column("events", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)

#: What was answered to a message, written in the transaction that saves the turn.
ledger = sa.Table(
    "turn_ledger",
    metadata,
    sa.Column("conversation_id", sa.String(255), primary_key=True),
    sa.Column("message_id", sa.String(255), primary_key=True),
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("replies", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)


class ConversationDatabase:
    """A database of `actions.backend.database` with these tables, opened and made if missing on first use.

    A whole transaction runs in one go beside the event loop; through SQLAlchemy's asynchronous engine each statement
    on SQLite costs several switches of threads, which was a fifth of a turn. Methods raise DatabaseUnavailable.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._database: Database | None = None
        self._opening = asyncio.Lock()

    async def read(self, work: Work[T]) -> T:
        """Run `work` on one consistent state."""
        return await (self._database or await self._open()).read(work)

    async def look(self, work: Work[T]) -> T:
        """Like `read`, for a few rows found by their key."""
        return await (self._database or await self._open()).look(work)

    async def write(self, work: Work[T], *, short: bool = False) -> T:
        """Run `work` in one transaction; `short` as in `actions.backend.database`."""
        return await (self._database or await self._open()).write(work, short=short)

    async def _open(self) -> Database:
        async with self._opening:
            if self._database is None:
                database = open_database(self._url)
                try:
                    await database.write(_make)
                except (IntegrityError, ProgrammingError, DatabaseUnavailable):
                    # Another process made the tables at the same moment; if not, this fails again and says why.
                    await database.write(_make)
                self._database = database
            return self._database

    async def close(self) -> None:
        """Close all connections; the next use opens them again."""
        if self._database is not None:
            await self._database.close()
            self._database = None


def _make(session: Session) -> None:
    metadata.create_all(session.connection())
