"""What the clock does to appeals: warns before the end of their window, once, and closes them at it (W-03, Q15)."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import structlog
from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from actions.backend.appeal_changes import AppealChanges, is_stale
from actions.backend.appeal_loading import load_appeal
from actions.backend.appeal_tables import AppealRow
from actions.backend.clock import Clock
from actions.backend.database import Database
from actions.backend.errors import DatabaseUnavailable
from actions.policy import AppealStatus, Limits, urgent_from
from actions.policy.instants import after

_BATCH = 500
log = structlog.get_logger(__name__)
Step = Callable[[AppealChanges, AppealRow], bool]


class AppealSweeper:
    """Each appeal in a transaction of its own; any number of processes may sweep."""

    def __init__(self, database: Database, clock: Clock, limits: Limits) -> None:
        self._database, self._clock, self._limits = database, clock, limits

    async def sweep(self) -> tuple[int, int]:
        """How many appeals this call closed, and how many warnings it gave.

        Raises what went wrong with one appeal only after all others are done.
        """
        lapsed, warned = await self._database.read(self._due)
        trouble: list[Exception] = []
        closed = [await self._one(id_, _lapse, trouble) for id_ in lapsed]
        told = [await self._one(id_, self._warn, trouble) for id_ in warned]
        if trouble:
            raise trouble[-1]
        return sum(closed), sum(told)

    async def _one(self, appeal_id: str, step: Step, trouble: list[Exception]) -> bool:
        try:
            return await self._database.write(functools.partial(self._change, appeal_id, step))
        except DatabaseUnavailable:
            raise
        except Exception as error:  # one appeal's trouble is not the others'
            log.exception("appeal not swept", appeal_id=appeal_id)
            trouble.append(error)
            return False

    def _due(self, session: Session) -> tuple[list[str], list[str]]:
        now = self._clock.read(session)
        rows = list(self._closing(session, after(now, timedelta(days=self._limits.review_lead_days))))
        lapsed = [row.id for row in rows if is_stale(row, now, self._limits)]
        return lapsed, [row.id for row in rows if self._warns(row, now)]

    def _closing(self, session: Session, until: datetime) -> Iterator[AppealRow]:
        """Submitted appeals whose window ends by then; many may wait beyond it if the switch honours them."""
        query = select(AppealRow).where(AppealRow.status == AppealStatus.SUBMITTED.value, AppealRow.closes_at <= until)
        query = query.order_by(AppealRow.closes_at, AppealRow.id).limit(_BATCH)
        rows = session.scalars(query).all()
        while rows:
            yield from rows
            last = rows[-1]
            same = and_(AppealRow.closes_at == last.closes_at, AppealRow.id > last.id)
            rows = session.scalars(query.where(or_(AppealRow.closes_at > last.closes_at, same))).all()

    def _warns(self, row: AppealRow, now: datetime) -> bool:
        if row.warned_at is not None or row.closes_at is None or row.status != AppealStatus.SUBMITTED:
            return False
        return urgent_from(row.closes_at, self._limits) <= now < row.closes_at

    def _warn(self, changes: AppealChanges, row: AppealRow) -> bool:
        if not self._warns(row, changes.now):
            return False
        changes.warn(row)
        return True

    def _change(self, appeal_id: str, step: Step, session: Session) -> bool:
        """Do the step; False when somebody else was faster or the clock went back."""
        found = load_appeal(session, appeal_id, lock=True)
        if found is None:
            return False
        account, row = found
        changes = AppealChanges(session, account, self._clock.read(session), self._clock.real_now(), self._limits)
        if not step(changes, row):
            return False
        changes.finish()
        return True


def _lapse(changes: AppealChanges, row: AppealRow) -> bool:
    return changes.lapse(row)
