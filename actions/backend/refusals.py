"""Recent refusals, for whoever wants to know which rules people run into.

A refused command changes nothing, and so there is no transaction to write in. Reasons are therefore gathered in memory
and written together a moment later, by the process that refused: a crash loses a second of statistics and nothing else,
and no turn waits for it. The metrics count every refusal; this table has the newest ones with their order or appeal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from actions.backend import metrics
from actions.backend.clock import Clock
from actions.backend.database import Database
from actions.backend.later import Later
from actions.backend.ops_tables import RefusalRow
from actions.backend.tables import table
from actions.policy import Refused, Undetermined, Verdict

KEPT = timedelta(days=30)
MOST_KEPT = 20_000
_HIDDEN = frozenset({"no_access"})  # whatever was named there is no order of ours, or none of this person's


@dataclass(frozen=True, slots=True)
class RuleRefusals:
    """How often a rule stood in the way of a command since some instant, and the newest case."""

    rule: str
    code: str
    command: str
    count: int
    last_at: datetime
    last_subject: str | None


class Refusals:
    """The newest 20,000 reasons of the last 30 days."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._later: Later[dict[str, Any]] = Later("refusals", self._write)

    def note(self, command: str, verdict: Verdict, *, origin: str, subject: str | None) -> None:
        """A command was refused or could not be judged (anything else is ignored). `origin` is chat or api."""
        if isinstance(verdict, Undetermined):
            metrics.UNDETERMINED.labels(command, origin).inc()
        if not isinstance(verdict, Refused):
            return
        about = {"at": self._clock.real_now(), "origin": origin, "command": command, "subject_id": subject}
        for reason in verdict.reasons:
            metrics.REFUSALS.labels(command, reason.rule, reason.code, origin).inc()
        shown = [reason for reason in verdict.reasons if reason.code not in _HIDDEN]
        self._later.add({**about, "rule": reason.rule, "code": reason.code} for reason in shown)

    async def recent(self, since: datetime, limit: int = 50) -> Sequence[RuleRefusals]:
        """By rule, code and command since an instant (real time), the most frequent first."""
        row = RefusalRow
        newest = func.max(row.id)
        query = select(row.rule, row.code, row.command, func.count(), newest).where(row.at >= since)
        query = query.group_by(row.rule, row.code, row.command).order_by(func.count().desc(), newest.desc())

        def work(session: Session) -> list[RuleRefusals]:
            groups = session.execute(query.limit(limit)).all()
            last = {
                one.id: one for one in session.scalars(select(row).where(row.id.in_([group[4] for group in groups])))
            }
            return [RuleRefusals(*group[:4], last[group[4]].at, last[group[4]].subject_id) for group in groups]

        return await self._database.read(work)

    async def flush(self) -> None:
        """Write what was gathered."""
        await self._later.flush()

    async def close(self) -> None:
        """Write what is left."""
        await self._later.close()

    async def _write(self, rows: Sequence[dict[str, Any]]) -> None:
        """Write the rows, and forget what is too old or too much."""
        now = self._clock.real_now()

        def work(session: Session) -> None:
            session.execute(insert(table(RefusalRow)), list(rows))
            newest = select(func.max(RefusalRow.id)).scalar_subquery()
            session.execute(delete(RefusalRow).where(RefusalRow.id <= newest - MOST_KEPT))
            session.execute(delete(RefusalRow).where(RefusalRow.at < now - KEPT))

        await self._database.write(work)
