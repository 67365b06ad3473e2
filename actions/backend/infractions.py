"""Infractions: what the marketplace pushes, and reading them. Whether one is reversed is ours alone (W-21)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.backend import events
from actions.backend.appeal_changes import audited_infraction
from actions.backend.appeal_rows import infraction_snapshot
from actions.backend.appeal_tables import InfractionRow
from actions.backend.appeal_views import InfractionPush, InfractionSnapshot, InfractionStatus, PutInfraction
from actions.backend.clock import Clock
from actions.backend.database import Database
from actions.backend.pseudonyms import is_pseudonym
from actions.policy import PLATFORM
from actions.policy.instants import utc, utc_or_none


def _columns(push: InfractionPush) -> dict[str, object]:
    return {
        "seller_id": push.seller_id,
        "type": push.type,
        "issued_at": utc_or_none(push.issued_at),
        "notified_at": utc_or_none(push.notified_at),
        "order_id": push.order_id,
        "listing": push.listing,
        "title": push.title,
        "updated_at": utc(push.updated_at),
    }


class Infractions:
    """The marketplace is the master of an infraction; its reversal is Lotse's."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def put(self, push: InfractionPush) -> PutInfraction:
        """Store what the marketplace says. A push older than what is stored changes nothing (`applied` False)."""
        return await self._database.upsert(lambda session: self._put(session, push))

    async def get(self, infraction_id: str) -> InfractionSnapshot | None:
        """The infraction, None when there is none."""

        def work(session: Session) -> InfractionSnapshot | None:
            row = session.get(InfractionRow, infraction_id)
            return infraction_snapshot(row) if row else None

        return await self._database.read(work)

    async def of_seller(self, seller_id: str) -> list[InfractionSnapshot]:
        """A merchant's infractions, by their ids."""
        query = select(InfractionRow).where(InfractionRow.seller_id == seller_id).order_by(InfractionRow.id)
        return await self._database.read(lambda session: [infraction_snapshot(row) for row in session.scalars(query)])

    def _put(self, session: Session, push: InfractionPush) -> PutInfraction:
        row = session.scalar(select(InfractionRow).where(InfractionRow.id == push.id).with_for_update())
        columns = _columns(push)
        before: dict[str, Any] | None = None
        if row is None:
            row = InfractionRow(
                id=push.id, status=InfractionStatus.ACTIVE.value, reversed_at=None, reversed_by=None, **columns
            )
            session.add(row)
        else:
            if utc(push.updated_at) < row.updated_at:
                return PutInfraction(False, infraction_snapshot(row))
            if is_pseudonym(row.seller_id):  # who was deleted does not come back with an old penalty
                columns |= {"seller_id": row.seller_id, "title": row.title, "listing": row.listing}
            new = {name: value for name, value in columns.items() if getattr(row, name) != value}
            before = audited_infraction(row)
            for name, value in new.items():
                setattr(row, name, value)
            if not new.keys() - {"updated_at"}:
                return PutInfraction(True, infraction_snapshot(row))
        change = events.change(
            self._clock.read(session),
            row.order_id,
            command="put_infraction",
            actor=PLATFORM,
            origin="push",
            rules=(),
            before=before,
            after=audited_infraction(row),
            subject={"kind": "infraction", "id": row.id},
        )
        session.flush()
        events.append(session, [change], self._clock.real_now())
        return PutInfraction(True, infraction_snapshot(row))
