"""Pages of the review queue: a cursor names the last appeal that was handed out."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, literal, or_, select
from sqlalchemy.orm import Session

from actions.backend.appeal_tables import AppealRow
from actions.backend.columns import Instant
from actions.backend.errors import BadValue
from actions.policy import AppealStatus

_NEVER = datetime(9999, 1, 1, tzinfo=UTC)
_rank: ColumnElement[int] = case(
    {AppealStatus.SUBMITTED.value: 0, AppealStatus.DRAFT.value: 1}, value=AppealRow.status, else_=2
)
_end: ColumnElement[datetime] = func.coalesce(AppealRow.closes_at, literal(_NEVER, Instant()), type_=Instant())


def page(
    session: Session, status: AppealStatus | None, seller: str | None, after: str | None, limit: int
) -> tuple[list[AppealRow], str | None]:
    """Rows that may have this status at some instant, and the cursor that goes on, None at the end."""
    query = select(AppealRow, _rank, _end).order_by(_rank, _end, AppealRow.id).limit(limit + 1)
    if status is not None:
        stored = {status.value} | ({AppealStatus.SUBMITTED.value} if status is AppealStatus.LAPSED else set())
        query = query.where(AppealRow.status.in_(stored))
    if seller is not None:
        query = query.where(AppealRow.seller_id == seller)
    if after is not None:
        rank, end, appeal_id = _read(after)
        later = and_(_end >= end, or_(_end > end, AppealRow.id > appeal_id))
        query = query.where(_rank >= rank, or_(_rank > rank, later))
    found = session.execute(query).all()
    rows = [row for row, _, _ in found[:limit]]
    if len(found) <= limit:
        return rows, None
    last, last_rank, last_end = found[limit - 1]
    return rows, _cursor(last_rank, last_end, last.id)


def _cursor(rank: int, end: datetime, appeal_id: str) -> str:
    return urlsafe_b64encode(json.dumps([rank, end.isoformat(), appeal_id]).encode()).decode().rstrip("=")


def _read(cursor: str) -> tuple[int, datetime, str]:
    try:
        values: Any = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        rank, end, appeal_id = values
        instant = datetime.fromisoformat(end)
    except (ValueError, TypeError) as error:
        raise BadValue("this cursor was not handed out") from error
    if not isinstance(rank, int) or not isinstance(appeal_id, str) or instant.utcoffset() is None:
        raise BadValue("this cursor was not handed out")
    return rank, instant, appeal_id
