"""The event feed. Every change writes its audit row here, every delivered notice its text.

Numbers come from a counter row that is taken as the last lock of a transaction and held until it commits: whoever has
read up to n has seen everything up to n, and no number is ever missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from actions.backend.columns import BigNumber
from actions.backend.database import Database
from actions.backend.prepared import Prepared
from actions.backend.tables import CounterRow, EventRow, table
from actions.backend.views import Event
from actions.policy import POLICY_VERSION, Actor

CHANGE, NOTICE, HANDOVER, FEEDBACK, ERASURE = "change", "notice", "handover", "feedback", "erasure"
_COUNTER = "events"
# Made once: to build a statement costs more than to run it.
_counters = table(CounterRow)
_events = table(EventRow)
_INSERT = Prepared(insert(_events), _events.columns.keys())
_TAKE = Prepared(
    update(_counters)
    .where(_counters.c.name == bindparam("counter"))
    .values(value=_counters.c.value + bindparam("count", type_=BigNumber))
    .returning(_counters.c.value)
)


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event before it has a number; `at` is the business time."""

    kind: str
    at: datetime
    order_id: str | None
    data: dict[str, Any]
    appeal_id: str | None = None


def change(
    at: datetime,
    order_id: str | None,
    *,
    command: str,
    actor: Actor,
    origin: str,
    rules: Sequence[str],
    before: dict[str, Any] | None,
    after: dict[str, Any],
    key: str | None = None,
    appeal_id: str | None = None,
    **about: Any,
) -> NewEvent:
    """The audit row of a change; `about` are further fields of its data."""
    data = {
        "command": command,
        "actor": {"role": actor.role.value, "id": actor.id},
        "origin": origin,
        "rules": list(rules),
        "policy_version": POLICY_VERSION,
        "before": before,
        "after": after,
        "key": key,
        **about,
    }
    return NewEvent(CHANGE, at, order_id, data, appeal_id)


def append(session: Session, events: Sequence[NewEvent], recorded_at: datetime) -> None:
    """Number and write events. Must be the last thing a transaction does: all others wait for its end from here on."""
    if not events:
        return
    last = next_number(session, _COUNTER, len(events))
    rows = [
        {
            "seq": last - len(events) + number,
            "at": new.at,
            "recorded_at": recorded_at,
            "kind": new.kind,
            "order_id": new.order_id,
            "appeal_id": new.appeal_id,
            "data": new.data,
        }
        for number, new in enumerate(events, start=1)
    ]
    _INSERT.run(session, *rows)


def next_number(session: Session, name: str, count: int = 1) -> int:
    """The last of `count` new numbers of a counter, which is locked until the transaction ends."""
    wanted = {"counter": name, "count": count}
    last = _TAKE.scalar(session, wanted)
    if last is None:  # the very first number of this database; two at once meet at the primary key
        new = postgres_insert if session.get_bind().dialect.name == "postgresql" else sqlite_insert
        session.execute(new(_counters).values(name=name, value=0).on_conflict_do_nothing())
        last = _TAKE.scalar(session, wanted)
    return int(last)


def as_event(row: EventRow) -> Event:
    """The row as the value handed out."""
    return Event(row.seq, row.at, row.kind, row.order_id, row.data)


class Events:
    """Reading the feed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def after(self, seq: int, limit: int = 100) -> list[Event]:
        """The events with numbers greater than `seq`, in order, at most `limit`."""
        query = select(EventRow).where(EventRow.seq > seq).order_by(EventRow.seq).limit(limit)
        return await self._database.read(lambda session: [as_event(row) for row in session.scalars(query)])
