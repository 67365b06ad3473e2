"""Taking the words out of what is long over, cases and the feed: who did what, when and by which rule stays."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from actions.backend.appeal_tables import AppealRow
from actions.backend.tables import CounterRow, DisputeRow, EventRow, OrderRow, table
from actions.policy import OrderState

_AT_ONCE = 200
_CURSOR = "event texts removed"
_CLOSED = (OrderState.COMPLETED.value, OrderState.CANCELLED.value)
_WORDS = frozenset(
    {
        *("text", "answer", "request_text", "ground", "decision_reason", "said", "comment"),
        *("customer_name", "seller_name", "by_name", "tracking_number", "url"),
    }
)


def cases(session: Session, before: datetime) -> int:
    """Disputes and appeals that ended before an instant, of orders that are closed and silent since; how many."""
    written = or_(DisputeRow.text != "", DisputeRow.answer.is_not(None))
    over = OrderRow.state.in_(_CLOSED) & (OrderRow.updated_at < before)
    disputes = select(DisputeRow.id).join(OrderRow).where(DisputeRow.closed_at < before, written, over).limit(_AT_ONCE)
    appeals = select(AppealRow.id).where(
        AppealRow.ended_at < before, or_(AppealRow.ground != "", AppealRow.decision_reason.is_not(None))
    )
    quietly: Any = {"synchronize_session": False}
    emptied = update(DisputeRow).where(DisputeRow.id.in_(disputes)).values(text="", answer=None)
    closed = session.execute(emptied.returning(DisputeRow.id), execution_options=quietly).all()
    blank = {"ground": "", "decision_reason": None, "tracking_number": None}
    emptied = update(AppealRow).where(AppealRow.id.in_(appeals.limit(_AT_ONCE))).values(blank)
    ended = session.execute(emptied.returning(AppealRow.id), execution_options=quietly).all()
    return len(closed) + len(ended)


def feed(session: Session, before: datetime) -> int:
    """The next events that were recorded before an instant; how many were looked at. Each is looked at once."""
    counters = table(CounterRow)
    here = counters.c.name == _CURSOR
    cursor = session.execute(select(counters.c.value).where(here).with_for_update()).scalar()
    query = select(EventRow).where(EventRow.seq > (cursor or 0), EventRow.recorded_at < before)
    rows = session.scalars(query.order_by(EventRow.seq).limit(_AT_ONCE)).all()
    for row in rows:
        if (data := _without_words(row.data)) != row.data:
            row.data = data
    if rows:
        session.flush()
        if cursor is None:
            session.merge(CounterRow(name=_CURSOR, value=rows[-1].seq))
        else:
            session.execute(update(counters).where(here).values(value=rows[-1].seq))
    return len(rows)


def _without_words(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_words(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    return {
        key: ("" if isinstance(item, str) and key not in _NAMES else None) if key in _WORDS else _without_words(item)
        for key, item in value.items()
    }


_NAMES = frozenset({"customer_name", "seller_name", "by_name", "tracking_number", "answer", "decision_reason", "url"})
