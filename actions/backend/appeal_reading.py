"""Looking at appeals: the scan, single questions and what-ifs, the queue. Nothing here changes anything."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.backend import appeal_queue, appeal_scan
from actions.backend.appeal_loading import load_appeal, load_appeals, load_appeals_of, load_seller, load_subject
from actions.backend.appeal_store import Account
from actions.backend.appeal_views import AppealPage, AppealSnapshot, Assumption, ScanItem
from actions.backend.clock import Clock
from actions.backend.database import Database
from actions.backend.events import CHANGE, as_event
from actions.backend.tables import EventRow
from actions.backend.views import Event
from actions.policy import Actor, AppealStatus, Limits, Role, Subject, SubjectKind

T = TypeVar("T")


class AppealReading:
    """A merchant sees only what is theirs; everything else does not exist for them (W-05)."""

    def __init__(self, database: Database, clock: Clock, limits: Limits, carrier_hosts: Collection[str]) -> None:
        self._database, self._clock, self._limits, self._carrier_hosts = database, clock, limits, carrier_hosts

    async def scan(self, seller_id: str, *, at: datetime | None = None) -> list[ScanItem]:
        """Everything the merchant could appeal, as it stands now or at the aware instant `at`.

        What can be done comes first, the fewest days left before the others. appeal_scan says what belongs here.
        """

        def work(session: Session, now: datetime) -> list[ScanItem]:
            account = load_seller(session, seller_id)
            return self._items(account, appeal_scan.everything(account, now, self._limits), now)

        return await self._read(at, work)

    async def check(
        self,
        actor: Actor,
        type: str,
        subject: Subject,
        *,
        at: datetime | None = None,
        assume: Collection[Assumption] = (),
    ) -> ScanItem | None:
        """How one subject stands as this type, now or at `at`, with what is assumed; None if it is not theirs."""

        def work(session: Session, now: datetime) -> ScanItem | None:
            account = load_subject(session, actor.id, subject, lock=False)
            if not account.knows(subject):
                return None
            return appeal_scan.item(account, (type, subject), now, self._limits, assume)

        return await self._look(at, work) if actor.role is Role.SELLER else None

    async def candidates(
        self,
        actor: Actor,
        *,
        infraction_id: str | None = None,
        order_id: str | None = None,
        type: str | None = None,
        at: datetime | None = None,
    ) -> list[ScanItem]:
        """What a merchant can mean by these words, ranked like the scan; nothing for what is not theirs.

        An infraction means its own type (or the type named); an order every type that makes sense on it (or the one
        named); a type alone everything the scan has of it.
        """
        if actor.role is not Role.SELLER:
            return []
        if infraction_id is None and order_id is None:
            return [entry for entry in await self.scan(actor.id, at=at) if type in (None, entry.type)]
        in_infraction = infraction_id is not None
        subject = Subject(
            SubjectKind.INFRACTION if in_infraction else SubjectKind.ORDER, infraction_id or order_id or ""
        )

        def work(session: Session, now: datetime) -> list[ScanItem]:
            account = load_subject(session, actor.id, subject, lock=False)
            if not account.knows(subject):
                return []
            if in_infraction:
                found = [(type or account.infractions[subject.id].type, subject)]
            else:
                found = appeal_scan.on_order(account, subject.id, type)
            return self._items(account, found, now)

        return await self._look(at, work)

    async def get(self, appeal_id: str) -> AppealSnapshot | None:
        """The appeal, whoever asks: the caller looks at whose it is."""

        def work(session: Session, now: datetime) -> AppealSnapshot | None:
            found = load_appeal(session, appeal_id, lock=False)
            return found[0].snapshot(found[1], now, self._limits) if found else None

        return await self._look(None, work)

    async def of_seller(self, seller_id: str, status: AppealStatus | None = None) -> list[AppealSnapshot]:
        """The merchant's appeals, the newest first."""

        def work(session: Session, now: datetime) -> list[AppealSnapshot]:
            account = load_appeals_of(session, seller_id)
            found = [account.snapshot(row, now, self._limits) for row in account.appeals]
            return [appeal for appeal in reversed(found) if status in (None, appeal.status)]

        return await self._read(None, work)

    async def queue(
        self,
        status: AppealStatus | None = None,
        seller: str | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> AppealPage:
        """Appeals for the review, the most urgent first: what runs, by the end of its window, then drafts, then ended.

        `after` is an earlier page's `next` (BadValue for anything else). A page may be shorter than `limit` although
        more follow.
        """

        def work(session: Session, now: datetime) -> AppealPage:
            rows, following = appeal_queue.page(session, status, seller, after, limit)
            accounts = load_appeals(session, rows)
            found = [accounts[row.seller_id].snapshot(row, now, self._limits) for row in rows]
            return AppealPage(tuple(appeal for appeal in found if status in (None, appeal.status)), following)

        return await self._read(None, work)

    async def events(self, appeal_id: str) -> list[Event]:
        """The audit trail of the appeal, oldest first."""
        query = select(EventRow).where(EventRow.appeal_id == appeal_id, EventRow.kind == CHANGE).order_by(EventRow.seq)
        return await self._database.read(lambda session: [as_event(row) for row in session.scalars(query)])

    def _items(self, account: Account, found: list[appeal_scan.Candidate], now: datetime) -> list[ScanItem]:
        return appeal_scan.ranked(appeal_scan.item(account, entry, now, self._limits) for entry in found)

    async def _look(self, at: datetime | None, work: Callable[[Session, datetime], T]) -> T:
        return await self._database.look(lambda session: work(session, at or self._clock.read(session)))

    async def _read(self, at: datetime | None, work: Callable[[Session, datetime], T]) -> T:
        """The same for what may be long."""
        return await self._database.read(lambda session: work(session, at or self._clock.read(session)))
