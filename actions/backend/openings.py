"""Whose conversation it is: found by the verified identity, or made for somebody who only gets notices so far."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.backend.chat_tables import ConversationRow
from actions.backend.chat_views import Conversation
from actions.backend.clock import Clock
from actions.backend.columns import new_id
from actions.backend.database import Database
from actions.policy import Role


def _conversation(row: ConversationRow) -> Conversation:
    return Conversation(row.id, row.iss, Role(row.role), row.sub, row.last_seq, row.delivered_seq, row.seen_seq)


class Openings:
    """Finding and making conversations."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock, self._real_now = database, clock, clock.real_now

    async def get(self, conversation_id: str) -> Conversation | None:
        """The conversation of this id."""

        def work(session: Session) -> Conversation | None:
            row = session.get(ConversationRow, conversation_id)
            return _conversation(row) if row else None

        return await self._database.read(work)

    async def open(self, iss: str, role: Role, sub: str) -> Conversation:
        """The conversation of a verified token (`iss` "" for a token without issuer), made if it is new.

        The first token that comes claims a conversation that only notices had made.
        """
        who = (ConversationRow.role == role.value) & (ConversationRow.sub == sub)

        def known(session: Session) -> Conversation | None:
            row = session.scalar(select(ConversationRow).where(who, ConversationRow.iss == iss))
            return _conversation(row) if row else None

        def claim(session: Session) -> Conversation:
            row = session.scalar(select(ConversationRow).where(who, ConversationRow.iss.is_(None)).with_for_update())
            if (found := known(session)) is not None:
                return found
            if row is None:
                row = self._new(iss, role, sub)
                session.add(row)
            row.iss = iss
            return _conversation(row)

        if (conversation := await self._database.read(known)) is not None:
            return conversation
        return await self._database.upsert(claim)

    async def for_notices(self, role: Role, sub: str) -> Conversation:
        """The conversation in which this person gets notices: the one used last, or a new one nobody has claimed."""
        who = (ConversationRow.role == role.value) & (ConversationRow.sub == sub)
        latest = select(ConversationRow).where(who).order_by(ConversationRow.used_at.desc()).limit(1)

        def known(session: Session) -> Conversation | None:
            row = session.scalar(latest)
            return _conversation(row) if row else None

        def make(session: Session) -> Conversation:
            if (found := known(session)) is not None:
                return found
            row = self._new(None, role, sub)
            session.add(row)
            return _conversation(row)

        if (conversation := await self._database.read(known)) is not None:
            return conversation
        return await self._database.upsert(make)

    def _new(self, iss: str | None, role: Role, sub: str) -> ConversationRow:
        return ConversationRow(
            id=new_id("C", 15),
            iss=iss,
            role=role.value,
            sub=sub,
            last_seq=0,
            delivered_seq=0,
            seen_seq=0,
            pending=0,
            lease_owner=None,
            lease_until=None,
            retry_at=None,
            used_at=self._real_now(),
        )
