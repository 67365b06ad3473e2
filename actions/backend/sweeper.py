"""The sweeper makes visible what the clock has done: disputes past their due instant (M-12, M-18), appeals (Q15).

Expiry is judged on every read; this only writes it down and tells the parties. Any number of processes may sweep. What
nobody needs any more is removed after that, on real time (retention.py).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.backend.appeal_sweeper import AppealSweeper
from actions.backend.changes import Changes
from actions.backend.clock import Clock
from actions.backend.database import Database
from actions.backend.errors import DatabaseUnavailable
from actions.backend.order_store import load
from actions.backend.retention import Retention
from actions.backend.tables import DisputeRow
from actions.policy import DisputeStatus, Limits, OrderState

log = structlog.get_logger(__name__)

_BATCH = 100


@dataclass(frozen=True, slots=True)
class SweepCounts:
    """Disputes that this sweep wrote as expired, and orders that it cancelled by that (cancel_silence).

    `lapsed`: appeals whose window ended undecided; `warned`: appeals whose merchant it told that little time is left.
    """

    expired: int = 0
    cancelled: int = 0
    lapsed: int = 0
    warned: int = 0


class Sweeper:
    """Writes expired disputes and what the clock does to appeals, each in a transaction of its own."""

    def __init__(self, database: Database, clock: Clock, limits: Limits, retention: Retention) -> None:
        self._database, self._clock, self._limits, self._retention = database, clock, limits, retention
        self._appeals = AppealSweeper(database, clock, limits)

    async def sweep(self) -> SweepCounts:
        """Write down everything that is due by now; returns what this call did itself.

        Raises what went wrong with one order only after all others are done.
        """
        expired = cancelled = 0
        trouble: Exception | None = None
        seen: set[str] = set()
        while due := [order_id for order_id in await self._database.read(self._due) if order_id not in seen]:
            seen.update(due)
            for order_id in due:
                try:
                    done = await self._database.write(functools.partial(self._expire, order_id))
                except DatabaseUnavailable:
                    raise
                except Exception as error:  # one order's trouble is not the others'
                    log.exception("dispute not expired", order_id=order_id)
                    trouble = error
                    continue
                expired += done is not None
                cancelled += done is OrderState.CANCELLED
        if expired:
            log.info("disputes expired", expired=expired, cancelled=cancelled)
        lapsed, warned = await self._appeals.sweep()
        if lapsed or warned:
            log.info("appeals swept", lapsed=lapsed, warned=warned)
        await self._retention.sweep()
        if trouble is not None:
            raise trouble
        return SweepCounts(expired, cancelled, lapsed, warned)

    def _due(self, session: Session) -> list[str]:
        now = self._clock.read(session)
        due = (DisputeRow.status == DisputeStatus.OPEN.value) & (DisputeRow.due_at < now)
        return list(session.scalars(select(DisputeRow.order_id).where(due).order_by(DisputeRow.due_at).limit(_BATCH)))

    def _expire(self, order_id: str, session: Session) -> OrderState | None:
        """The order's state afterwards, None when somebody else was faster or the clock went back."""
        stored = load(session, order_id, lock=True)
        if stored is None or stored.open_dispute is None:
            return None
        changes = Changes(session, stored, self._clock.read(session), self._clock.real_now(), self._limits)
        if not changes.expire():
            return None
        changes.finish()
        return OrderState(stored.order.state)
