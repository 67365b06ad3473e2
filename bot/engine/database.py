"""Where Rasa's conversations and the turn ledger lie: two tables, in SQLite or PostgreSQL."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

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


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """Readers never wait for the writer, and a writer waits for another one instead of failing."""
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=5000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


class ConversationDatabase:
    """The engine, opened on first use in the running event loop, and the tables, made if they are missing."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url)
        self._engine: AsyncEngine | None = None
        self._opening = asyncio.Lock()

    async def engine(self) -> AsyncEngine:
        if self._engine is None:
            async with self._opening:
                if self._engine is None:
                    self._engine = await self._open()
        return self._engine

    async def _open(self) -> AsyncEngine:
        if self._url.get_backend_name() == "sqlite":
            if self._url.database and self._url.database != ":memory:":
                await asyncio.to_thread(Path(self._url.database).parent.mkdir, parents=True, exist_ok=True)
            engine = create_async_engine(self._url, hide_parameters=True)  # errors are logged, words are not
            sa.event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        else:
            engine = create_async_engine(self._url, pool_pre_ping=True, hide_parameters=True)
        try:
            async with engine.begin() as connection:
                await connection.run_sync(metadata.create_all)
        except (IntegrityError, OperationalError, ProgrammingError):
            # Another process made the tables at the same moment; if not, this fails again and says why.
            async with engine.begin() as connection:
                await connection.run_sync(metadata.create_all)
        return engine

    async def read(self, statement: sa.Executable) -> list[Any]:
        async with (await self.engine()).connect() as connection:
            return list((await connection.execute(statement)).all())

    async def write(self, *statements: tuple[sa.Executable, list[dict[str, Any]] | None]) -> None:
        """All of `statements`, or none."""
        async with (await self.engine()).begin() as connection:
            for statement, values in statements:
                await _execute(connection, statement, values)

    async def close(self) -> None:
        if self._engine is not None:
            await self._engine.dispose()
            self._engine = None


async def _execute(connection: AsyncConnection, statement: Any, values: list[dict[str, Any]] | None) -> None:
    if values is None:
        await connection.execute(statement)
    elif values:
        await connection.execute(statement, values)
