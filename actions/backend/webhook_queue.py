"""The work of sending: who works for which receiver, what comes next, what became of it.

The feed itself is the queue: a receiver has a position in it, so a command writes nothing for webhooks. A worker holds
a receiver's lease, sends what is next, and notes it in one transaction together with the new position. A worker that
dies in between leaves the position where it was: the next one sends the same again, under the same id.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session

from actions.backend import webhook_schedule as schedule
from actions.backend.clock import Clock
from actions.backend.database import Database
from actions.backend.events import as_event
from actions.backend.prepared import Prepared
from actions.backend.tables import EventRow, table
from actions.backend.views import Event
from actions.backend.webhook_notes import Notes
from actions.backend.webhook_rows import valid_secrets
from actions.backend.webhook_tables import DeliveryRow, WebhookRow
from actions.backend.webhook_types import wanted
from actions.backend.webhook_views import Batch, DeliveryStatus, Noted, Try

_SCAN = 200
_KEPT = timedelta(days=30)
_PRUNED = 500
_webhooks = table(WebhookRow)
_ENABLED = Prepared(select(_webhooks.c.id).where(_webhooks.c.enabled).limit(1))


class WebhookQueue:
    """Any number of processes may work on it at once; `owner` names one of them."""

    def __init__(self, database: Database, clock: Clock, chance: schedule.Random = random.random) -> None:
        self._database, self._clock = database, clock
        self._notes = Notes(clock, chance)

    async def claim(self, owner: str, seconds: float, held: Collection[str] = ()) -> list[str]:
        """Take the leases of all receivers that have something to do and that nobody works for. `held` are left out."""
        if not await self._database.look(_ENABLED.rows):  # asked twice a second, whether or not anybody listens
            return []
        found = [name for name in await self._database.read(self._ready) if name not in held]
        if not found:
            return []
        now = self._clock.real_now()
        taken = update(_webhooks).where(_webhooks.c.id.in_(found), self._free(now))
        taken = taken.values(lease_owner=owner, lease_until=now + timedelta(seconds=seconds))
        return await self._database.write(
            lambda session: list(session.execute(taken.returning(_webhooks.c.id)).scalars())
        )

    async def renew(self, owner: str, held: Collection[str], seconds: float) -> set[str]:
        """Extend the owner's leases; those that are still theirs."""
        mine = and_(_webhooks.c.id.in_(held), _webhooks.c.lease_owner == owner)
        until = self._clock.real_now() + timedelta(seconds=seconds)
        renewed = update(_webhooks).where(mine).values(lease_until=until).returning(_webhooks.c.id)
        return set(await self._database.write(lambda session: session.execute(renewed).scalars().all()))

    async def release(self, owner: str, webhook_id: str) -> None:
        """End the owner's lease."""
        mine = and_(_webhooks.c.id == webhook_id, _webhooks.c.lease_owner == owner)
        free = update(_webhooks).where(mine).values(lease_owner=None, lease_until=None)
        await self._database.write(lambda session: session.execute(free) and None)

    async def next(self, owner: str, webhook_id: str, limit: int) -> Batch | None:
        """What to send next: what is due again, then what is new. None: nothing now, or the lease is lost.

        A receiver that is down gets one event at a time, after each rest.
        """

        def work(session: Session) -> Batch | None:
            now = self._clock.real_now()
            row = session.get(WebhookRow, webhook_id)
            if row is None or not row.enabled or row.lease_owner != owner or (row.rest_until and row.rest_until > now):
                return None
            room = 1 if row.failures >= schedule.BREAK_AFTER else limit
            due = _due(session, row, now, room)
            new, end = _new(session, row, room - len(due)) if len(due) < room else ([], row.position)
            if not due and end == row.position:
                return None
            secrets = tuple(secret for secret, _ in valid_secrets(row, now))
            return Batch(row.id, row.url, secrets, (*due, *new), row.position, end, now)

        return await self._database.read(work)

    async def note(self, owner: str, batch: Batch, tries: Sequence[Try]) -> Noted | None:
        """Write down what became of a batch, and move the position. None: the lease was lost, nothing is written."""
        return await self._database.upsert(lambda session: self._notes.write(session, owner, batch, tries))

    async def prune(self) -> int:
        """Forget deliveries that were settled 30 days ago, some hundred at a time; how many."""
        old = DeliveryRow.settled_at < self._clock.real_now() - _KEPT
        some = select(DeliveryRow.webhook_id, DeliveryRow.seq).where(old).limit(_PRUNED)

        def work(session: Session) -> int:
            found = session.execute(some).all()
            for webhook_id, seq in found:
                gone = and_(DeliveryRow.webhook_id == webhook_id, DeliveryRow.seq == seq)
                session.execute(delete(DeliveryRow).where(gone))
            return len(found)

        if not await self._database.read(lambda session: session.execute(some.limit(1)).first()):
            return 0
        return await self._database.write(work)

    def _ready(self, session: Session) -> list[str]:
        now = self._clock.real_now()
        newest = select(func.max(EventRow.seq)).scalar_subquery()
        resting = and_(WebhookRow.rest_until.is_not(None), WebhookRow.rest_until > now)
        due = exists().where(DeliveryRow.webhook_id == WebhookRow.id, *_is_due(now))
        work = or_(WebhookRow.position < newest, due)
        query = select(WebhookRow.id).where(WebhookRow.enabled, ~resting, self._free(now), work)
        return list(session.scalars(query))

    @staticmethod
    def _free(now: datetime) -> ColumnElement[bool]:
        return or_(_webhooks.c.lease_until.is_(None), _webhooks.c.lease_until <= now)


def _is_due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    # What lies beyond the position is reached by it anyway (after a replay from an earlier event).
    waiting = DeliveryRow.status == DeliveryStatus.WAITING.value
    return waiting, DeliveryRow.next_at <= now, DeliveryRow.seq <= WebhookRow.position


def _due(session: Session, row: WebhookRow, now: datetime, limit: int) -> list[Event]:
    query = (
        select(EventRow)
        .join(DeliveryRow, DeliveryRow.seq == EventRow.seq)
        .join(WebhookRow, WebhookRow.id == DeliveryRow.webhook_id)
        .where(DeliveryRow.webhook_id == row.id, *_is_due(now))
    )
    # The longest waiting first, so that an event that always fails does not keep the place; sent in the feed's order.
    rows = session.scalars(query.order_by(DeliveryRow.next_at, EventRow.seq).limit(limit))
    return sorted((as_event(found) for found in rows), key=lambda event: event.seq)


def _new(session: Session, row: WebhookRow, limit: int) -> tuple[list[Event], int]:
    """At most so many wanted events after the position, and the last number that was looked at for them."""
    chosen: list[Event] = []
    end = row.position
    query = select(EventRow).where(EventRow.seq > row.position).order_by(EventRow.seq).limit(_SCAN)
    for found in session.scalars(query):
        event = as_event(found)
        if wanted(event, row.types):
            if len(chosen) == limit:
                break
            chosen.append(event)
        end = event.seq
    return chosen, end
