"""Bringing a database to the newest schema. Any number of processes may start this at once."""

from __future__ import annotations

import sys
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, text

from actions.backend.database import BUSY_SECONDS, database_url, sqlite_engine

_SCRIPTS = Path(__file__).parent / "migrations"
_LOCK = 0x4C6F747365  # any number of our own


def config(connection: Connection | None = None) -> Config:
    """Alembic's configuration; its scripts lie beside this file."""
    made = Config()
    made.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    made.attributes["connection"] = connection
    return made


def engine(url: str) -> Engine:
    """A synchronous engine whose transactions hold the database's write lock where it has one."""
    parsed = database_url(url)
    if parsed.get_backend_name() == "sqlite":
        return sqlite_engine(parsed).execution_options(write=True)
    return create_engine(parsed, connect_args={"connect_timeout": int(BUSY_SECONDS)})


def upgrade(url: str, revision: str = "head") -> None:
    """Migrate the database of this URL in one transaction; a second process waits and finds nothing to do."""
    opened = engine(url)
    try:
        with opened.connect() as connection, connection.begin():
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            command.upgrade(config(connection), revision)
    finally:
        opened.dispose()


def downgrade(url: str, revision: str) -> None:
    """Take migrations back down to a revision; "base" drops everything."""
    opened = engine(url)
    try:
        with opened.connect() as connection, connection.begin():
            command.downgrade(config(connection), revision)
    finally:
        opened.dispose()


def current(url: str) -> str | None:
    """The revision the database is at, None when it is empty."""
    opened = engine(url)
    try:
        with opened.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    finally:
        opened.dispose()


def head() -> str:
    """The newest revision."""
    newest = ScriptDirectory.from_config(config()).get_current_head()
    assert newest is not None
    return newest


if __name__ == "__main__":
    from actions.backend.settings import Settings

    upgrade(sys.argv[1] if len(sys.argv) > 1 else Settings.from_env().database_url)
