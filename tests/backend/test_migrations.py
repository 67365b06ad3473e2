"""Migrations lead to exactly the tables that the code describes, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from actions.backend import migrate
from actions.backend.tables import Base

pytestmark = pytest.mark.integration


def _tables(url: str) -> set[str]:
    engine = migrate.engine(url)
    try:
        with engine.connect() as connection:
            return set(inspect(connection).get_table_names())
    finally:
        engine.dispose()


def test_the_newest_revision_is_what_the_code_describes(url: str) -> None:
    assert migrate.current(url) == migrate.head()
    engine = migrate.engine(url)
    try:
        with engine.connect() as connection, connection.begin():
            command.check(migrate.config(connection))
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            assert compare_metadata(context, Base.metadata) == []
    finally:
        engine.dispose()


def test_down_to_nothing_and_up_again(new_url: Callable[[], str]) -> None:
    url = new_url()
    full = _tables(url)
    assert set(Base.metadata.tables) <= full
    migrate.downgrade(url, "base")
    assert _tables(url) == {"alembic_version"} and migrate.current(url) is None
    migrate.upgrade(url)
    assert _tables(url) == full and migrate.current(url) == migrate.head()


def test_many_processes_may_upgrade_at_once(new_url: Callable[[], str]) -> None:
    url = new_url()
    migrate.downgrade(url, "base")
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(migrate.upgrade, [url] * 4))
    assert migrate.current(url) == migrate.head()


def test_the_one_open_dispute_is_a_partial_unique_index(url: str) -> None:
    engine = migrate.engine(url)
    try:
        with engine.connect() as connection:
            indexes = {index["name"]: index for index in inspect(connection).get_indexes("disputes")}
    finally:
        engine.dispose()
    index = indexes["uq_disputes_one_open"]
    assert index["unique"] and index["column_names"] == ["order_id"]
    where = next(str(value) for name, value in index["dialect_options"].items() if name.endswith("_where"))
    assert "status" in where and "open" in where


def test_there_is_no_package_in_the_migrations() -> None:
    """The SDK of the action server imports every package below actions, and would run them."""
    from pathlib import Path

    folder = Path(migrate.__file__).parent / "migrations"
    assert (folder / "env.py").exists() and not list(folder.rglob("__init__.py"))
