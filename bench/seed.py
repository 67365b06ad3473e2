"""What the plays need, written straight into the database of a side, and what came of it, read from there."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from actions.backend import migrate
from actions.backend.appeal_tables import InfractionRow
from actions.backend.database import database_url, sqlite_engine
from actions.backend.tables import Base, OrderRow, table
from bench.dialogues import Play

_AT_ONCE = 10_000  # rows in one statement
_DISPUTES = "SELECT kind || ' ' || status FROM disputes WHERE order_id = ? ORDER BY number"

Row = dict[str, Any]


def prepare(database: Path, plays: Iterable[Play], *, other_orders: int = 0) -> None:
    """Migrate the database and fill in the plays' orders and infractions, and orders of people who never come."""
    migrate.upgrade(f"sqlite:///{database}")
    now = datetime.now(UTC)
    orders: list[Row] = []
    infractions: list[Row] = []
    for played in plays:
        orders += order_rows(played, now)
        infractions += infraction_rows(played, now)
    fill(database, OrderRow, orders)
    fill(database, InfractionRow, infractions)
    fill(database, OrderRow, strangers(other_orders, now))


def order_rows(played: Play, now: datetime) -> Iterator[Row]:
    """The orders of one play; a closed one was released, and confirmed in time."""
    for key, wanted in played.dialogue.orders.items():
        due = now + timedelta(hours=wanted["due"])
        closed = "state" in wanted
        yield order_row(
            played.ids[key],
            played.people["customer"].id,
            played.people["seller"].id,
            wanted["title"],
            due,
            now,
            state=wanted.get("state", "active"),
            released_at=due - timedelta(days=9) if closed else None,
            confirmed_fulfilled_at=due - timedelta(days=5) if wanted.get("state") == "completed" else None,
            cancelled_by="customer" if wanted.get("state") == "cancelled" else None,
        )


def infraction_rows(played: Play, now: datetime) -> Iterator[Row]:
    """The infractions of one play."""
    for key, wanted in played.dialogue.infractions.items():
        issued = now - timedelta(days=wanted["issued"])
        yield {
            "id": played.ids[key],
            "seller_id": played.people["seller"].id,
            "type": wanted["type"],
            "issued_at": issued,
            "notified_at": issued,
            "order_id": played.ids[wanted["order"]] if "order" in wanted else None,
            "listing": None,
            "title": wanted["title"],
            "updated_at": now,
            "status": "active",
            "reversed_at": None,
            "reversed_by": None,
        }


def strangers(count: int, now: datetime) -> Iterator[Row]:
    """Orders of people who never come: 20 an account, half of them completed."""
    for number in range(count):
        state = "completed" if number % 2 else "active"
        person = number // 20
        due = now + timedelta(hours=number % 2000 - 1000)
        yield order_row(
            f"FO-{500_000_000 + number}", f"c-{person}", f"s-{person}", f"Auftrag {number}", due, now, state
        )


def order_row(
    order_id: str, customer_id: str, seller_id: str, title: str, due: datetime, now: datetime, state: str, **more: Any
) -> Row:
    """A row of the table of orders, every column named."""
    return {
        "id": order_id,
        "customer_id": customer_id,
        "seller_id": seller_id,
        "title": title,
        "state": state,
        "version": 1,
        "updated_at": now,
        "expected_delivery_at": due,
        "agreed_delivery_at": None,
        "delivered_at": due if state == "completed" else None,
        "released_at": None,
        "confirmed_fulfilled_at": None,
        "cancelled_by": None,
        "cancelled_by_us": False,
        "tracking": None,
        "refunds": [],
        "moved_refunds": [],
        **more,
    }


def fill(database: Path, row: type[Base], rows: Iterable[Row]) -> int:
    """Insert rows, many at a time; how many there were."""
    engine = sqlite_engine(database_url(f"sqlite:///{database}")).execution_options(write=True)
    left, count = iter(rows), 0
    try:
        while part := list(islice(left, _AT_ONCE)):
            with engine.begin() as connection:
                connection.execute(insert(table(row)), part)
            count += len(part)
    finally:
        engine.dispose()
    return count


def failures(database: Path, plays: Sequence[Play]) -> dict[str, str]:
    """What stands in the database other than it should, by the dialogue's name and number; empty when all is well."""
    wrong: dict[str, str] = {}
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        for played in plays:
            for key, wanted in played.dialogue.then.items():
                found = _found(connection, played.ids[key], wanted)
                if found != dict(wanted):
                    wrong[f"{played.dialogue.name} #{played.number}"] = f"{key}: {found} instead of {dict(wanted)}"
    return wrong


def _found(connection: sqlite3.Connection, subject: str, wanted: Mapping[str, Any]) -> Row:
    if "appeal" in wanted:
        row = connection.execute(
            "SELECT status FROM appeals WHERE infraction_id = ? AND status <> 'draft'", (subject,)
        ).fetchone()
        return {"appeal": row[0] if row else None}
    state = connection.execute("SELECT state FROM orders WHERE id = ?", (subject,)).fetchone()
    disputes = [row[0] for row in connection.execute(_DISPUTES, (subject,))]
    return {"state": state[0] if state else None, "disputes": disputes}


def writes(database: Path) -> dict[str, int]:
    """How many changes the audit trail has, by kind."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return dict(Counter(row[0] for row in connection.execute("SELECT kind FROM events")))
