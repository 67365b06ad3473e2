"""Orders and disputes between tables, the policy's facts, and snapshots."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

from sqlalchemy import bindparam, insert, select
from sqlalchemy.orm import Session

from actions.backend.prepared import Kept, Prepared, save
from actions.backend.tables import DisputeRow, OrderRow, table
from actions.backend.views import DisputeSnapshot, OrderSnapshot
from actions.policy import (
    CancelOrder,
    CloseDispute,
    DisputeKind,
    DisputeStatus,
    Limits,
    OrderFacts,
    OrderState,
    Role,
    expiry_effects,
)


@dataclass(slots=True)
class Stored:
    """An order with its disputes, oldest first, as the tables have them in this transaction.

    Rows that were read are `Kept` (only an order that is new is mapped): `save` writes what was changed.
    """

    order: OrderRow
    disputes: list[DisputeRow]

    @property
    def open_dispute(self) -> DisputeRow | None:
        return next((row for row in self.disputes if row.status == DisputeStatus.OPEN), None)

    def save(self, session: Session) -> None:
        """Write what was changed."""
        session.flush()
        save(session, _orders, self.order)
        save(session, _disputes, *self.disputes)

    def dispute(self, dispute_id: str) -> DisputeRow:
        return next(row for row in self.disputes if row.id == dispute_id)

    def facts(self) -> OrderFacts:
        """The facts as stored; expiry is judged by whoever decides."""
        return self._as_stored().facts

    def snapshot(self, now: datetime, limits: Limits) -> OrderSnapshot:
        """The order as people see it at `now`: what the clock has done is visible before a sweeper wrote it (M-13)."""
        stored = self._as_stored()
        if self.open_dispute is None:
            return stored
        for effect in expiry_effects(stored.facts, now, limits):
            stored = _seen(stored, effect)
        return stored

    def _as_stored(self) -> OrderSnapshot:
        order = self.order
        return OrderSnapshot(
            id=order.id,
            customer_id=order.customer_id,
            seller_id=order.seller_id,
            title=order.title,
            state=OrderState(order.state),
            version=order.version,
            updated_at=order.updated_at,
            expected_delivery_at=order.expected_delivery_at,
            agreed_delivery_at=order.agreed_delivery_at,
            delivered_at=order.delivered_at,
            released_at=order.released_at,
            confirmed_fulfilled_at=order.confirmed_fulfilled_at,
            cancelled_by=order.cancelled_by,
            tracking=order.tracking,
            refunds=tuple(order.refunds),
            disputes=tuple(_dispute_snapshot(row) for row in self.disputes),
        )


def _seen(order: OrderSnapshot, effect: object) -> OrderSnapshot:
    if isinstance(effect, CancelOrder):
        return replace(order, state=OrderState.CANCELLED)
    if isinstance(effect, CloseDispute):
        disputes = tuple(
            replace(dispute, status=effect.status, closed_at=dispute.due_at)
            if dispute.id == effect.dispute_id
            else dispute
            for dispute in order.disputes
        )
        return replace(order, disputes=disputes)
    raise TypeError(f"time alone does not do this: {effect!r}")


def _dispute_snapshot(row: DisputeRow) -> DisputeSnapshot:
    return DisputeSnapshot(
        id=row.id,
        order_id=row.order_id,
        kind=DisputeKind(row.kind),
        filed_by=Role(row.filed_by),
        status=DisputeStatus(row.status),
        opened_at=row.opened_at,
        due_at=row.due_at,
        closed_at=row.closed_at,
        text=row.text,
        reason=row.reason,
        answer=row.answer,
        new_delivery_at=row.new_delivery_at,
    )


# Made once: to build a statement costs as much as to run it, and these run several times a turn.
_orders, _disputes = table(OrderRow), table(DisputeRow)
_ORDER = Prepared(select(_orders).where(_orders.c.id == bindparam("order")))
_LOCKED = Prepared(select(_orders).where(_orders.c.id == bindparam("order")).with_for_update())
_DISPUTES = Prepared(select(_disputes).where(_disputes.c.order_id == bindparam("order")).order_by(_disputes.c.number))
_DISPUTES_OF = (
    select(_disputes).where(_disputes.c.order_id.in_(bindparam("orders", expanding=True))).order_by(_disputes.c.number)
)
_NEW_DISPUTE = Prepared(insert(_disputes), _disputes.columns.keys())
_FEW = 8  # orders whose disputes are sooner asked for one by one


def load(session: Session, order_id: str, *, lock: bool) -> Stored | None:
    """The order and its disputes, None when there is none. With `lock` nobody else changes it before this ends."""
    found = (_LOCKED if lock else _ORDER).kept(session, {"order": order_id})
    # Everything that changes disputes holds the order's lock, so they need none of their own.
    return Stored(found[0], _DISPUTES.kept(session, {"order": order_id})) if found else None


def with_disputes(session: Session, orders: Iterable[OrderRow]) -> list[Stored]:
    """The orders with their disputes, in the order given."""
    found = {order.id: Stored(order, []) for order in orders}
    if len(found) <= _FEW:
        for order_id, stored in found.items():
            stored.disputes = _DISPUTES.kept(session, {"order": order_id})
    else:
        for row in session.execute(_DISPUTES_OF, {"orders": list(found)}):
            found[row.order_id].disputes.append(cast(DisputeRow, Kept(row._asdict())))
    return list(found.values())


def new_dispute(session: Session, **values: Any) -> DisputeRow:
    """Insert a dispute of an order that is locked."""
    row = Kept({**dict.fromkeys(_disputes.columns.keys()), **values})
    _NEW_DISPUTE.run(session, row.values())
    return cast(DisputeRow, row)
