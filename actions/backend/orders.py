"""Orders: what the marketplace pushes, and reading them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from actions.backend.changes import Changes, audited
from actions.backend.clock import Clock
from actions.backend.database import Database
from actions.backend.errors import OrderCancelled
from actions.backend.events import CHANGE, as_event
from actions.backend.order_store import Stored, load, with_disputes
from actions.backend.prepared import Prepared
from actions.backend.pseudonyms import is_pseudonym
from actions.backend.tables import EventRow, OrderRow, table
from actions.backend.views import Event, OrderPush, OrderSnapshot, PutResult, plain
from actions.policy import (
    CLOSED_STATES,
    PLATFORM,
    Actor,
    CloseDispute,
    Limits,
    OrderState,
    Responsibility,
    Role,
    push_effects,
)
from actions.policy.instants import utc, utc_or_none

_RULE_FIELDS = (
    *("customer_id", "seller_id", "state", "expected_delivery_at", "delivered_at"),
    *("released_at", "confirmed_fulfilled_at", "cancelled_by", "tracking", "refunds"),
)
"""A change of these makes what was shown to somebody stale."""

_LAST = datetime.max.replace(tzinfo=UTC)
_MOVED = Responsibility.PLATFORM.value


_orders = table(OrderRow)
_OPEN = [_orders.c.state != state.value for state in CLOSED_STATES]
# By whether the person is the customer, and whether closed orders count, too. Made once: to build a statement costs as
# much as to run it.
_OF_PERSON = {
    (customer, closed): Prepared(select(_orders).where(column == bindparam("person"), *([] if closed else _OPEN)))
    for customer, column in ((True, _orders.c.customer_id), (False, _orders.c.seller_id))
    for closed in (True, False)
}


def _columns(push: OrderPush) -> dict[str, object]:
    return {
        "customer_id": push.customer_id,
        "seller_id": push.seller_id,
        "title": push.title,
        "state": push.state.value,
        "updated_at": utc(push.updated_at),
        "expected_delivery_at": utc_or_none(push.expected_delivery_at),
        "delivered_at": utc_or_none(push.delivered_at),
        "released_at": utc_or_none(push.released_at),
        "confirmed_fulfilled_at": utc_or_none(push.confirmed_fulfilled_at),
        "cancelled_by": push.cancelled_by,
        "tracking": plain(push.tracking),
        "refunds": plain(list(push.refunds)),
    }


def with_moved(refunds: list[dict[str, Any]], moved: Sequence[str]) -> list[dict[str, Any]]:
    """The refunds as they are after approved appeals: those moved are the platform's (W-13)."""
    return [{**refund, "responsibility": _MOVED} if refund.get("id") in moved else refund for refund in refunds]


class Orders:
    """The marketplace is the master of an order; disputes, the agreed date and our cancellations are ours."""

    def __init__(self, database: Database, clock: Clock, limits: Limits) -> None:
        self._database, self._clock, self._limits = database, clock, limits

    async def put(self, push: OrderPush) -> PutResult:
        """Store what the marketplace says. A push older than what is stored changes nothing (`applied` False).

        A state that closes the order closes its open dispute in the same transaction and tells both sides (M-03).
        OrderCancelled for any other state than cancelled when Lotse cancelled the order: to open it again is not the
        marketplace's to say. `agreed_delivery_at` stays.
        """
        return await self._database.upsert(lambda session: self._put(session, push))

    async def get(self, order_id: str) -> OrderSnapshot | None:
        """The order with its disputes, None when there is none."""

        def work(session: Session) -> OrderSnapshot | None:
            stored = load(session, order_id, lock=False)
            return self._seen(session, stored) if stored else None

        return await self._database.look(work)

    async def of_person(self, actor: Actor, include_closed: bool = False) -> list[OrderSnapshot]:
        """The orders in which somebody takes part in their role, the soonest delivery first."""
        query = _OF_PERSON[actor.role is Role.CUSTOMER, include_closed]

        def work(session: Session) -> list[OrderSnapshot]:
            if actor.role is Role.PLATFORM:
                return []
            now = self._clock.read(session)
            stored = with_disputes(session, query.kept(session, {"person": actor.id}))
            found = [item.snapshot(now, self._limits) for item in stored]
            return [order for order in found if include_closed or not order.closed]

        found = await self._database.look(work)
        return sorted(found, key=lambda order: (order.effective_delivery_at or _LAST, order.id))

    async def events(self, order_id: str) -> list[Event]:
        """The audit trail of the order, oldest first."""
        query = select(EventRow).where(EventRow.order_id == order_id, EventRow.kind == CHANGE).order_by(EventRow.seq)
        return await self._database.read(lambda session: [as_event(row) for row in session.scalars(query)])

    def _seen(self, session: Session, stored: Stored) -> OrderSnapshot:
        return stored.snapshot(self._clock.read(session), self._limits)

    def _put(self, session: Session, push: OrderPush) -> PutResult:
        stored = load(session, push.id, lock=True)
        now = self._clock.read(session)
        if stored is None:
            return self._create(session, push, now)
        columns = _columns(push) | {"refunds": with_moved(plain(list(push.refunds)), stored.order.moved_refunds)}
        for party in ("customer_id", "seller_id"):  # who was deleted does not come back with an old order
            if is_pseudonym(getattr(stored.order, party)):
                columns[party] = getattr(stored.order, party)
        new = {name: value for name, value in columns.items() if getattr(stored.order, name) != value}
        if utc(push.updated_at) < stored.order.updated_at:
            return PutResult(False, stored.snapshot(now, self._limits))
        if not new:
            return PutResult(True, stored.snapshot(now, self._limits))
        changes = Changes(session, stored, now, self._clock.real_now(), self._limits)
        changes.expire()
        if stored.order.cancelled_by_us and push.state is not OrderState.CANCELLED:
            raise OrderCancelled(f"{push.id} was cancelled in the resolution centre")
        open_dispute = stored.open_dispute
        before = audited(stored.order, [open_dispute] if open_dispute else [])
        closing = push_effects(stored.facts(), push.state, now)
        for name, value in new.items():
            setattr(stored.order, name, value)
        done = [(effect, changes.close(effect)) for effect in closing if isinstance(effect, CloseDispute)]
        if done or any(name in new for name in _RULE_FIELDS):
            stored.order.version += 1
        after = audited(stored.order, [open_dispute] if open_dispute else [])
        if new.keys() - {"updated_at"}:
            changes.audit(before, after, ("M-03",) if done else (), "put_order", PLATFORM, origin="push")
        changes.notify(done, None, PLATFORM, "push")
        changes.finish()
        return PutResult(True, stored.snapshot(now, self._limits))

    def _create(self, session: Session, push: OrderPush, now: datetime) -> PutResult:
        row = OrderRow(id=push.id, version=1, agreed_delivery_at=None, cancelled_by_us=False, **_columns(push))
        session.add(row)
        stored = Stored(row, [])
        changes = Changes(session, stored, now, self._clock.real_now(), self._limits)
        changes.audit(None, audited(row, []), (), "put_order", PLATFORM, origin="push")
        changes.finish()
        return PutResult(True, stored.snapshot(now, self._limits))
