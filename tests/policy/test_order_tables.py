"""The decision tables of the resolution centre, one test a row."""

from __future__ import annotations

from pathlib import Path

import pytest

from actions.policy import Allowed, decide

from .moments import NOW
from .order_tables import Row, rows, told

TABLES = sorted((Path(__file__).parent / "tables").glob("orders_*.yml"))
ROWS = [(table.stem, row) for table in TABLES for row in rows(table)]


@pytest.mark.unit
@pytest.mark.parametrize(
    "row",
    [pytest.param(row, id=f"{name}: {row.id}", marks=pytest.mark.rule(*row.rules)) for name, row in ROWS],
)
def test_row(row: Row) -> None:
    verdict = decide(row.facts, row.command, row.actor, NOW, row.limits)
    assert told(verdict, row.expected) == row.expected
    if isinstance(verdict, Allowed):
        assert verdict.rules


@pytest.mark.unit
def test_ids_are_unique() -> None:
    ids = [(name, row.id) for name, row in ROWS]
    assert len(ids) == len(set(ids)) > 100
