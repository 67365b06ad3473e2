"""What is kept how long (docs/privacy.md). Every minute a few rows of each kind go, each batch in a short transaction.

It runs on real time: what people have a right to does not depend on a test clock. Any number of processes may do it;
whoever comes second finds nothing.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from itertools import cycle

import structlog
from sqlalchemy import delete, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from actions.backend import forgetting, retention_texts
from actions.backend.appeal_tables import AppealProposalRow, AppealRow, EvidenceRow
from actions.backend.chat_tables import ConversationRow, MessageRow
from actions.backend.clock import Clock
from actions.backend.columns import new_id
from actions.backend.database import Database
from actions.backend.erasure import Erasures
from actions.backend.errors import BackendError
from actions.backend.evidence import FOLDERS, EvidenceStore
from actions.backend.ops_tables import RefusalRow
from actions.backend.retention_settings import DEFAULT_PERIODS, Periods
from actions.backend.review_tables import UnderstoodRow
from actions.backend.rights_tables import ForgottenRow
from actions.backend.tables import IdempotencyRow, NoticeRow, ProposalRow

log = structlog.get_logger(__name__)

EVERY = 60.0  # seconds
_AT_ONCE = 500  # rows in one transaction
_SECONDS = 2.0  # of work each time, so that nothing else that is due waits; there is always one transaction a kind
_CONVERSATIONS = 20
_AGAIN = timedelta(minutes=10)
"""How long Rasa is told again to forget a conversation: longer than any turn that still ran."""


class Retention:
    """Removes what nobody needs any more."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        evidence: EvidenceStore,
        erasures: Erasures,
        periods: Periods = DEFAULT_PERIODS,
    ) -> None:
        self._database, self._clock, self._evidence, self._erasures = database, clock, evidence, erasures
        self._periods = periods
        self._folders = cycle(FOLDERS)
        self._last: float | None = None
        self._ends = 0.0

    async def sweep(self) -> Counter[str]:
        """As `run`, unless this process did it within the last minute."""
        if self._last is not None and time.monotonic() - self._last < EVERY:
            return Counter()
        self._last = time.monotonic()
        return await self.run()

    async def run(self, folders: int = 1) -> Counter[str]:
        """A few rows of each kind; how many went. `folders`: of how many of the 256 of the image storage.

        What goes wrong with one kind is said in the log and does not keep the others.
        """
        now, kept, counts = self._clock.real_now(), self._periods, Counter[str]()
        self._ends = time.monotonic() + _SECONDS
        tasks: dict[str, Callable[[], Awaitable[int]]] = {
            "erasures": partial(self._erasures.resume, within=_SECONDS),
            "conversations": partial(self._conversations, now),
            "engine": partial(self._engine, now),
            "case_texts": partial(self._rounds, partial(retention_texts.cases, before=now - kept.case_texts)),
            "event_texts": partial(self._rounds, partial(retention_texts.feed, before=now - kept.case_texts)),
            "evidence": partial(self._of_appeals, now - kept.evidence),
            "unattached": partial(self._unattached, now - kept.unattached, folders),
            "outbox": self._older(NoticeRow.id, NoticeRow.delivered_at, now - kept.outbox),
            "repeats": self._older(IdempotencyRow.value, IdempotencyRow.recorded_at, now - kept.repeats),
            "proposals": self._older(ProposalRow.id, ProposalRow.real_expires_at, now - kept.repeats),
            "appeal_proposals": self._older(
                AppealProposalRow.id, AppealProposalRow.real_expires_at, now - kept.repeats
            ),
            "understood": self._older(UnderstoodRow.id, UnderstoodRow.at, now - kept.review),
            "refusals": self._older(RefusalRow.id, RefusalRow.at, now - kept.review),
        }
        for name, task in tasks.items():
            try:
                counts[name] += await task()
            except BackendError as error:  # a part that is away; next minute
                log.warning("retention.failed", kind=name, error=type(error).__name__)
            except Exception:
                log.exception("retention.failed", kind=name)
        if found := {name: count for name, count in counts.items() if count}:
            log.info("retention.removed", **found)
        return counts

    async def _rounds(self, work: Callable[[Session], int]) -> int:
        """As many short transactions as there are rows and time for; how many rows went."""
        done = 0
        while count := await self._database.write(work):
            done += count
            if time.monotonic() > self._ends:
                break
        return done

    def _older(
        self,
        key: InstrumentedAttribute[str] | InstrumentedAttribute[int],
        at: InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None],
        before: datetime,
    ) -> Callable[[], Awaitable[int]]:
        """Rows whose instant is before another one."""
        chosen = select(key).where(at < before).limit(_AT_ONCE)
        gone = delete(key.class_).where(key.in_(chosen), at < before).returning(key)
        options = {"synchronize_session": False}
        return partial(
            self._rounds, lambda session: len(session.execute(gone, execution_options=options).scalars().all())
        )

    async def _conversations(self, now: datetime) -> int:
        """Those in which nobody has said anything for long, and nothing is owed or under way."""
        before = now - self._periods.conversation
        newest = (
            select(MessageRow.at)
            .where(MessageRow.conversation_id == ConversationRow.id, MessageRow.seq == ConversationRow.last_seq)
            .scalar_subquery()
        )
        silent = (
            (ConversationRow.used_at < before)
            & ((newest < before) | newest.is_(None))
            & ConversationRow.handover_id.is_(None)
            & (ConversationRow.pending == 0)
            & (ConversationRow.lease_until.is_(None) | (ConversationRow.lease_until <= now))
        )
        query = select(ConversationRow.id).where(silent).order_by(ConversationRow.used_at).limit(_CONVERSATIONS)
        ids = await self._database.read(lambda session: list(session.scalars(query)))
        owner = new_id("retention")

        def hold(id_: str, session: Session) -> bool:
            still = session.scalar(
                select(ConversationRow.id).where(ConversationRow.id == id_, silent).with_for_update(of=ConversationRow)
            )
            return still is not None and forgetting.hold(session, id_, owner, now)

        gone = []
        for id_ in ids:
            if not await self._database.write(partial(hold, id_)):
                continue
            while await self._database.write(partial(forgetting.clear, conversation_id=id_)):
                pass
            if await self._database.write(partial(forgetting.remove, conversation_id=id_, now=now)):
                gone.append(id_)
        return len(gone)

    async def _engine(self, now: datetime) -> int:
        """Let the engine forget what is gone here; again for a while, as a turn may still have been under way."""
        memory = self._erasures.memory
        if memory is None:
            return 0
        query = select(ForgottenRow.conversation_id).order_by(ForgottenRow.at).limit(_AT_ONCE)
        ids = await self._database.read(lambda session: list(session.scalars(query)))
        if ids:
            await memory.forget(ids)
        gone = delete(ForgottenRow).where(ForgottenRow.conversation_id.in_(ids), ForgottenRow.at < now - _AGAIN)
        counted = gone.returning(ForgottenRow.conversation_id)
        return await self._database.write(lambda session: len(session.execute(counted).scalars().all())) if ids else 0

    async def _of_appeals(self, before: datetime) -> int:
        """Evidence of appeals that ended long ago: links and images."""
        old = select(AppealRow.id).where(AppealRow.ended_at < before)
        chosen = select(EvidenceRow.id).where(EvidenceRow.appeal_id.in_(old)).limit(_AT_ONCE)
        gone = delete(EvidenceRow).where(EvidenceRow.id.in_(chosen)).returning(EvidenceRow.digest)
        options = {"synchronize_session": False}
        digests = await self._database.write(
            lambda session: list(session.execute(gone, execution_options=options).scalars())
        )
        await self._evidence.discard([digest for digest in digests if digest])
        return len(digests)

    async def _unattached(self, before: datetime, folders: int) -> int:
        return sum([await self._evidence.discard_unattached(next(self._folders), before) for _ in range(folders)])
