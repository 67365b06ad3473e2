"""The business clock: real time, or outside production a frozen instant kept in the database.

It drives rules and dates only. Commands read it inside their own transaction, after they hold the order's lock.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from actions.backend.database import Database
from actions.backend.errors import ClockUnavailable
from actions.backend.prepared import Prepared
from actions.backend.tables import ClockRow
from actions.policy.instants import utc

_ROW = 1
_FROZEN = Prepared(select(ClockRow.instant).where(ClockRow.id == _ROW))


class Clock:
    """`real_now` is the machine's clock; leases, retries and a proposal's second expiry always use that."""

    def __init__(self, database: Database, *, production: bool, real_now: Callable[[], datetime]) -> None:
        self._database, self._production, self.real_now = database, production, real_now

    def read(self, session: Session) -> datetime:
        """The business time, read inside the transaction of `session`."""
        if self._production:
            return self.real_now()
        return self._frozen(session) or self.real_now()

    async def now(self) -> datetime:
        """The business time."""
        return self.real_now() if self._production else await self._database.look(self.read)

    async def frozen(self) -> datetime | None:
        """The instant the test clock stands at, None when it is not set. ClockUnavailable in production."""
        self._check()
        return await self._database.read(self._frozen)

    async def set(self, instant: datetime) -> None:
        """Freeze the business time at an aware instant, whether earlier or later. ClockUnavailable in production."""
        self._check()
        at = utc(instant)

        def work(session: Session) -> None:
            session.merge(ClockRow(id=_ROW, instant=at))

        await self._database.write(work)

    async def reset(self) -> None:
        """Let the business time be real time again. ClockUnavailable in production."""
        self._check()
        await self._database.write(lambda session: session.execute(delete(ClockRow)) and None)

    def _frozen(self, session: Session) -> datetime | None:
        frozen: datetime | None = _FROZEN.scalar(session)
        return frozen

    def _check(self) -> None:
        if self._production:
            raise ClockUnavailable("there is no test clock in production")
