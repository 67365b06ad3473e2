"""How things stand, for whoever is on call: what waits, for how long, and what is open by its deadline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from actions.backend.appeal_tables import AppealRow
from actions.backend.chat_tables import ConversationRow, MessageRow
from actions.backend.chat_views import MessageState
from actions.backend.clock import Clock
from actions.backend.database import Database
from actions.backend.tables import DisputeRow, NoticeRow
from actions.policy import AppealStatus, DisputeStatus


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many wait, since when the oldest does, and for how long by now; `failing` of them failed at least once."""

    waiting: int = 0
    failing: int = 0
    oldest_at: datetime | None = None
    age: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Standing:
    """One look at the database.

    `overdue_since`: the oldest instant (business clock) that passed and that the sweeper has not written down yet.
    `open_disputes` by kind.
    """

    at: datetime
    outbox: Backlog
    messages: Backlog
    overdue_since: datetime | None
    open_disputes: Mapping[str, int]
    open_appeals: int


@dataclass(frozen=True, slots=True)
class OpenDispute:
    """An open dispute and its last instant (business clock), if it has one."""

    id: str
    order_id: str
    kind: str
    filed_by: str
    opened_at: datetime
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class OpenAppeal:
    """A filed appeal that is not decided, and the first instant at which it can no longer be approved."""

    id: str
    subject_id: str
    type: str
    filed_at: datetime | None
    closes_at: datetime | None


@dataclass(frozen=True, slots=True)
class OpenWork:
    """What somebody has to answer or decide, the nearest deadline first, what has none last."""

    now: datetime
    disputes: Sequence[OpenDispute]
    appeals: Sequence[OpenAppeal]


_OPEN = DisputeRow.status == DisputeStatus.OPEN.value
_FILED = AppealRow.status == AppealStatus.SUBMITTED.value


class Overview:
    """Reads only, and only what indexes answer."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def standing(self) -> Standing:
        """Numbers for metrics and for the operator's page."""

        def work(session: Session) -> Standing:
            now = self._clock.read(session)
            kinds = select(DisputeRow.kind, func.count()).where(_OPEN).group_by(DisputeRow.kind)
            overdue = session.scalar(select(func.min(DisputeRow.due_at)).where(_OPEN, DisputeRow.due_at < now))
            return Standing(
                at=now,
                outbox=self._outbox(session, now),
                messages=self._messages(session),
                overdue_since=overdue,
                open_disputes={row[0]: row[1] for row in session.execute(kinds)},
                open_appeals=session.scalar(select(func.count()).select_from(AppealRow).where(_FILED)) or 0,
            )

        return await self._database.read(work)

    async def open_work(self, limit: int = 50) -> OpenWork:
        """The most urgent open disputes and filed appeals, so many of each at most."""

        def work(session: Session) -> OpenWork:
            disputes = select(DisputeRow).where(_OPEN).order_by(*_soonest(DisputeRow.due_at), DisputeRow.opened_at)
            appeals = select(AppealRow).where(_FILED).order_by(*_soonest(AppealRow.closes_at), AppealRow.filed_at)
            return OpenWork(
                self._clock.read(session),
                [
                    OpenDispute(row.id, row.order_id, row.kind, row.filed_by, row.opened_at, row.due_at)
                    for row in session.scalars(disputes.limit(limit))
                ],
                [
                    OpenAppeal(row.id, row.subject_id, row.type, row.filed_at, row.closes_at)
                    for row in session.scalars(appeals.limit(limit))
                ],
            )

        return await self._database.read(work)

    def _outbox(self, session: Session, now: datetime) -> Backlog:
        failing = func.count().filter(NoticeRow.attempts > 0)
        query = select(func.count(), failing, func.min(NoticeRow.created_at)).where(NoticeRow.delivered_at.is_(None))
        return _backlog(tuple(session.execute(query).one()), now)

    def _messages(self, session: Session) -> Backlog:
        busy = select(ConversationRow.id).where(ConversationRow.pending > 0)
        failing = func.count().filter(MessageRow.attempts > 0)
        query = select(func.count(), failing, func.min(MessageRow.at)).where(
            MessageRow.conversation_id.in_(busy), MessageRow.state == MessageState.PENDING.value
        )
        return _backlog(tuple(session.execute(query).one()), self._clock.real_now())


def _backlog(found: Sequence[Any], now: datetime) -> Backlog:
    waiting, failing, oldest = found
    return Backlog(waiting, failing, oldest, max(now - oldest, timedelta()) if oldest else timedelta())


def _soonest(
    column: InstrumentedAttribute[datetime | None],
) -> tuple[ColumnElement[bool], ColumnElement[datetime | None]]:
    """Order by an instant, those without one last, in both databases."""
    return column.is_(None), column.expression
