"""Deleting a person (docs/privacy.md): in small transactions, so that nobody waits; what was begun is always finished.

The deletion is a row. It begins with a pseudonym, goes on from wherever it stopped, in whichever process, and ends by
forgetting whom the pseudonym stands for. Each step can be done again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from actions.backend import erasure_appeals, erasure_orders, erasure_rest, forgetting
from actions.backend.appeal_tables import AppealRow
from actions.backend.appeals import Appeals
from actions.backend.chat_tables import ConversationRow
from actions.backend.clock import Clock
from actions.backend.columns import new_id
from actions.backend.database import Database
from actions.backend.erasure_views import CaseOpen, ErasureStatus, Job
from actions.backend.evidence import EvidenceStore
from actions.backend.forgetting import Memory
from actions.backend.pseudonyms import new_pseudonym
from actions.backend.results import IdempotencyKey
from actions.backend.rights_tables import ErasureRow
from actions.backend.tables import OrderRow
from actions.policy import Actor, AppealStatus, Role, WithdrawAppeal

log = structlog.get_logger(__name__)
Check = Callable[[], None]

_AT_ONCE = 50
_LOOK_AGAIN = 0.1
_ABANDONED = timedelta(seconds=60)
"""After this time without a step another process goes on with a deletion."""


class _LaterError(Exception):
    """The time that was given is over; the sweeper goes on."""


class Erasures:
    """Deletions. `memory` is the dialogue engine's, set by a process that knows it; without it nothing is deleted."""

    def __init__(self, database: Database, clock: Clock, appeals: Appeals, evidence: EvidenceStore) -> None:
        self._database, self._clock, self._appeals, self._evidence = database, clock, appeals, evidence
        self.memory: Memory | None = None

    async def erase(self, role: Role, person_id: str, *, force: bool = False, within: float = 8.0) -> ErasureStatus:
        """Delete a person; RUNNING when it takes longer than `within` seconds: it then goes on by itself.

        CaseOpen lists open disputes, appeals and handovers, unless `force`: then appeals are withdrawn, handovers end,
        and disputes go on without the person. Again at any time: there is nothing left to do, or to be finished.
        """
        self._known_memory  # noqa: B018 - or not at all
        job = await self._database.upsert(partial(self._begin, role.value, person_id, force))
        if job is None:
            return ErasureStatus.NOTHING
        return await self._run(job, within)

    async def resume(self, within: float = 8.0) -> int:
        """Go on with deletions that nobody works on; how many this call finished."""
        if self.memory is None:
            return 0
        jobs = await self._database.write(self._claim)
        return sum([await self._run(job, within) is ErasureStatus.DONE for job in jobs])

    def _begin(self, role: str, person_id: str, force: bool, session: Session) -> Job | None:
        if (job := erasure_rest.running(session, role, person_id)) is not None:
            return job
        cases = erasure_rest.open_cases(session, role, person_id, self._clock.read(session))
        if cases and not force:
            raise CaseOpen(cases)
        if not erasure_rest.known(session, role, person_id):
            return None
        now = self._clock.real_now()
        row = ErasureRow(
            id=new_id("E"), role=role, person_id=person_id, pseudonym=new_pseudonym(), started_at=now, tried_at=now
        )
        session.add(row)
        return Job(row.id, role, person_id, row.pseudonym)

    def _claim(self, session: Session) -> list[Job]:
        now = self._clock.real_now()
        left = (ErasureRow.finished_at.is_(None)) & (ErasureRow.tried_at < now - _ABANDONED)
        chosen = select(ErasureRow.id).where(left).limit(_AT_ONCE).with_for_update(skip_locked=True)
        taken = update(ErasureRow).where(ErasureRow.id.in_(chosen)).values(tried_at=now).returning(ErasureRow)
        found = session.scalars(taken, execution_options={"synchronize_session": False}).all()
        return [Job(row.id, row.role, row.person_id or "", row.pseudonym) for row in found]

    async def _run(self, job: Job, within: float) -> ErasureStatus:
        ends = time.monotonic() + within

        def check() -> None:
            if time.monotonic() > ends:
                raise _LaterError

        try:
            for step in (self._withdraw, self._conversations, self._orders, self._penalties, self._rest):
                await step(job, check)
        except _LaterError:
            log.info("erasure.later", erasure_id=job.id)
            return ErasureStatus.RUNNING
        log.info("erasure.done", erasure_id=job.id)
        return ErasureStatus.DONE

    async def _withdraw(self, job: Job, check: Check) -> None:
        """Open appeals cannot be judged without their grounds."""
        if job.role != Role.SELLER:
            return
        is_open = AppealRow.status.in_((AppealStatus.DRAFT.value, AppealStatus.SUBMITTED.value))
        mine = select(AppealRow.id).where(AppealRow.seller_id == job.person_id, is_open)
        for appeal_id in await self._ids(mine):
            check()
            command = WithdrawAppeal()
            key = IdempotencyKey(job.id, command.name, appeal_id)
            await self._appeals.execute(appeal_id, command, Actor(Role.SELLER, job.person_id), key=key, origin="api")

    async def _conversations(self, job: Job, check: Check) -> None:
        """Each once no turn is under way in it; in the engine's memory afterwards, and later again (retention)."""
        mine = select(ConversationRow.id).where(ConversationRow.role == job.role, ConversationRow.sub == job.person_id)
        while ids := await self._ids(mine.limit(_AT_ONCE)):
            for id_ in ids:
                while not await self._database.write(partial(self._hold, id_, f"erasure {job.id}")):
                    check()
                    await asyncio.sleep(_LOOK_AGAIN)
                while await self._database.write(partial(forgetting.clear, conversation_id=id_)):
                    check()
                now = self._clock.real_now()
                await self._database.write(partial(forgetting.remove, conversation_id=id_, now=now))
            await self._known_memory.forget(ids)

    def _hold(self, conversation_id: str, owner: str, session: Session) -> bool:
        gone = session.get(ConversationRow, conversation_id) is None
        return gone or forgetting.hold(session, conversation_id, owner, self._clock.real_now())

    async def _orders(self, job: Job, check: Check) -> None:
        """The other side's part of the engine's memory first, as afterwards nobody knows the words; and once more."""
        mine = select(OrderRow.id).where(erasure_orders.column(job.role) == job.person_id).limit(_AT_ONCE)
        while ids := await self._ids(mine):
            for id_ in ids:
                check()
                case = await self._database.read(partial(erasure_orders.case_of, job=job, order_id=id_))
                await self._known_memory.scrub(case.conversation_ids, case.traces)
                await self._database.write(partial(erasure_orders.erase, job=job, order_id=id_))
                await self._known_memory.scrub(case.conversation_ids, case.traces)

    async def _penalties(self, job: Job, check: Check) -> None:
        if job.role != Role.SELLER:
            return
        while ids := await self._database.read(partial(erasure_appeals.appeals, job=job, limit=_AT_ONCE)):
            for id_ in ids:
                check()
                digests = await self._database.write(partial(erasure_appeals.erase_appeal, job=job, appeal_id=id_))
                await self._evidence.discard(digests)
        while ids := await self._database.read(partial(erasure_appeals.infractions, job=job, limit=_AT_ONCE)):
            for id_ in ids:
                check()
                await self._database.write(partial(erasure_appeals.erase_infraction, job=job, infraction_id=id_))

    async def _rest(self, job: Job, check: Check) -> None:
        after: int | None = 0
        while after is not None:
            check()
            after = await self._database.write(partial(erasure_rest.loose_events, job=job, after=after))
        await self._database.write(partial(erasure_rest.leftovers, job=job))
        await self._conversations(job, check)  # a notice may have made one anew
        await self._database.write(partial(erasure_rest.finish, job=job, clock=self._clock))

    async def _ids(self, query: Select[Any]) -> list[str]:
        return await self._database.read(lambda session: list(session.scalars(query)))

    @property
    def _known_memory(self) -> Memory:
        if self.memory is None:
            raise RuntimeError("this process does not know the dialogue engine's memory")
        return self.memory
