"""Handovers while and after they are open: what the person writes goes to the desk, and the desk answers here.

Each change is one transaction with its event. Locks are taken in one order: handover, message, conversation, events.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.backend import answering, events, handover_rows, messages
from actions.backend.chat_tables import ConversationRow, MessageRow
from actions.backend.chat_views import Author, Completed, Paused, Reply, StoredMessage
from actions.backend.conversations import LEASE_SECONDS
from actions.backend.errors import HandoverClosed
from actions.backend.handover_offers import HandoverOffers
from actions.backend.handover_tables import HandoverRow
from actions.backend.handover_views import (
    Desk,
    Ending,
    Handover,
    HandoverPage,
    HandoverStatus,
    Said,
)
from actions.backend.idempotency import KeyUse, first_result, keep
from actions.backend.results import IdempotencyKey
from actions.backend.tables import table

_messages = table(MessageRow)
_conversations = table(ConversationRow)
_ORIGIN = "desk"


class Handovers(HandoverOffers):
    """Handovers of all conversations. What was never said yes to is nobody's business but the person's."""

    async def get(self, handover_id: str) -> Handover | None:
        """A handover that was said yes to."""

        def work(session: Session) -> Handover | None:
            row = session.get(HandoverRow, handover_id)
            return handover_rows.view(row) if row is not None and row.number is not None else None

        return await self._database.read(work)

    async def open_in(self, conversation_id: str) -> Handover | None:
        """The handover that is open in this conversation."""

        def work(session: Session) -> Handover | None:
            row = handover_rows.open_in(session, conversation_id)
            return handover_rows.view(row) if row is not None else None

        return await self._database.read(work)

    async def page(self, statuses: Collection[HandoverStatus] = (), after: int = 0, limit: int = 50) -> HandoverPage:
        """Handovers with numbers greater than `after` in the order of their requests, of these statuses or all."""
        query = select(HandoverRow).where(HandoverRow.number > after).order_by(HandoverRow.number).limit(limit)
        if statuses:
            query = query.where(HandoverRow.status.in_([status.value for status in statuses]))

        def work(session: Session) -> HandoverPage:
            found = handover_rows.views(session.scalars(query).all())
            return HandoverPage(found, (found[-1].number or after) if found else after)

        return await self._database.read(work)

    async def agreed(self, handover: Handover) -> list[StoredMessage]:
        """The messages from before that the person agreed to hand over."""
        given = handover.material["messages"]
        if not given:
            return []
        mine = (_messages.c.conversation_id == handover.conversation_id) & (_messages.c.seq >= given["first_seq"])
        query = select(_messages).where(mine, _messages.c.seq <= given["last_seq"]).order_by(_messages.c.seq)
        return await self._database.read(lambda session: messages.messages(session.execute(query)))

    async def talk(self, handover: Handover, after: int = 0, limit: int = 200) -> list[StoredMessage]:
        """What the person and the desk have written to each other, after a message number."""
        mine = (_messages.c.handover_id == handover.id) & (_messages.c.seq > after)
        query = select(_messages).where(mine).order_by(_messages.c.seq).limit(limit)
        return await self._database.read(lambda session: messages.messages(session.execute(query)))

    async def take(self, message: StoredMessage, *, owner: str, seconds: float = LEASE_SECONDS) -> Completed | None:
        """A typed message while a handover is open: for the desk, and answered without words. None: for the assistant.

        The message that said yes, and older ones, are the assistant's even when they are handled a second time.
        """
        now = self._clock.real_now()

        def work(session: Session) -> Completed | None:
            row = self._open_after(session, message)
            if row is None:
                return None
            done = answering.answer(session, message, (), owner, seconds, now, handover_id=row.id)
            if done.first:
                at = self._clock.read(session)
                events.append(session, [handover_rows.event(row, "message", at, message_seq=message.seq)], now)
            return done

        return await self._database.write(work)

    async def leave(
        self, message: StoredMessage, reply: Reply, *, owner: str, seconds: float = LEASE_SECONDS
    ) -> Completed | None:
        """The person goes back to the assistant, which says `reply`. None when no handover is open."""
        now = self._clock.real_now()

        def work(session: Session) -> Completed | None:
            row = self._open_after(session, message)
            if row is None:
                return None
            done = answering.answer(session, message, (reply,), owner, seconds, now, handover_id=row.id)
            if done.first:
                handover_rows.end(session, row, Ending.PERSON, now)
                told = handover_rows.event(row, "closed", self._clock.read(session), by=Ending.PERSON.value)
                events.append(session, [told], now)
            return done

        return await self._database.write(work)

    async def reply(self, handover_id: str, text: str, agent_name: str, *, key: IdempotencyKey) -> Said:
        """The desk writes to the person. LookupError for no such handover, HandoverClosed after its end.

        The same key again returns what it said; IdempotencyConflict for other content.
        """
        now = self._clock.real_now()
        use = KeyUse(key, _ORIGIN, (text, agent_name))

        def work(session: Session) -> Said:
            row = self._known(session, handover_id)
            if (seq := first_result(session, use)) is not None:
                known = (_messages.c.conversation_id == row.conversation_id) & (_messages.c.seq == seq)
                (message,) = messages.messages(session.execute(select(_messages).where(known)))
                return Said(message, handover_rows.view(row), replayed=True)
            if row.status not in handover_rows.OPEN:
                raise HandoverClosed("this handover has ended")
            row.status, row.agent_name, row.heard_at = HandoverStatus.ACTIVE.value, agent_name, now
            row.answered_at = row.answered_at or now
            said = Reply(text, custom={"agent": {"name": agent_name}})
            message = handover_rows.write(session, row, Author.AGENT, said, now)
            keep(session, use, message.seq, now)
            session.flush()
            at = self._clock.read(session)
            events.append(session, [handover_rows.event(row, "replied", at, message_seq=message.seq)], now)
            return Said(message, handover_rows.view(row), replayed=False)

        return await self._database.upsert(work)

    async def close(
        self, handover_id: str, by: Ending, reply: Reply, *, heard_at: datetime | None = None
    ) -> tuple[Handover, StoredMessage | None]:
        """End a handover; the assistant says `reply`. None instead of a message when it had ended before.

        `heard_at`: end it only if the desk has given no sign since. LookupError for no such handover.
        """
        now = self._clock.real_now()

        def work(session: Session) -> tuple[Handover, StoredMessage | None]:
            row = self._known(session, handover_id)
            if row.status not in handover_rows.OPEN or heard_at not in (None, row.heard_at):
                return handover_rows.view(row), None
            handover_rows.end(session, row, by, now)
            message = handover_rows.write(session, row, Author.ASSISTANT, reply, now)
            told = handover_rows.event(row, "closed", self._clock.read(session), by=by.value)
            events.append(session, [told], now)
            return handover_rows.view(row), message

        return await self._database.write(work)

    async def silent(self, desk: Desk | None, limit: int = 50) -> list[Handover]:
        """Open handovers whose desk has given no sign for too long; all of them when there is no desk any more."""
        query = select(HandoverRow).where(HandoverRow.status.in_(handover_rows.OPEN))
        if desk is not None:
            query = query.where(HandoverRow.heard_at < self._clock.real_now() - desk.silence)
        query = query.order_by(HandoverRow.heard_at).limit(limit)
        return await self._database.read(lambda session: list(handover_rows.views(session.scalars(query).all())))

    async def paused(self, conversation_id: str) -> Paused | None:
        """What a client shows while the assistant pauses in this conversation; None when it does not."""
        handover = await self.open_in(conversation_id)
        return Paused(handover.id, handover.status.value, handover.agent_name) if handover else None

    @staticmethod
    def _open_after(session: Session, message: StoredMessage) -> HandoverRow | None:
        row = handover_rows.open_in(session, message.conversation_id, lock=True)
        return row if row is not None and message.seq > (row.started_seq or 0) else None

    @staticmethod
    def _known(session: Session, handover_id: str) -> HandoverRow:
        row = handover_rows.locked(session, handover_id)
        if row is None or row.number is None:
            raise LookupError(f"no handover {handover_id}")
        return row
