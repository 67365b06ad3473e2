"""Forgetting a conversation: here, and through `Memory` in the dialogue engine, whose database is its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from actions.backend import leases
from actions.backend.appeal_tables import AppealProposalRow
from actions.backend.chat_tables import ConversationRow, MessageRow
from actions.backend.handover_tables import FeedbackRow, HandoverRow
from actions.backend.pseudonyms import Traces
from actions.backend.review_tables import UnderstoodRow
from actions.backend.rights_tables import ForgottenRow
from actions.backend.tables import ProposalRow

MESSAGES_AT_ONCE = 1000
LEASE_SECONDS = 60.0
_BESIDE = (UnderstoodRow, ProposalRow, AppealProposalRow, FeedbackRow, HandoverRow)


class Memory(Protocol):
    """What the dialogue engine keeps of conversations."""

    async def forget(self, conversation_ids: Collection[str]) -> None:
        """Remove everything about these conversations."""

    async def scrub(self, conversation_ids: Collection[str], traces: Traces) -> None:
        """Take a person's traces out of other people's conversations."""

    def pages(self, conversation_id: str) -> AsyncIterator[list[Mapping[str, Any]]]:
        """Everything about one conversation, page by page."""


def hold(session: Session, conversation_id: str, owner: str, now: datetime) -> bool:
    """Keep turns away from the conversation; False while one is under way. Held already counts, and is prolonged."""
    return leases.renew(session, conversation_id, owner, LEASE_SECONDS, now) or leases.take(
        session, conversation_id, owner, LEASE_SECONDS, now
    )


def clear(session: Session, conversation_id: str) -> int:
    """Remove the oldest messages, not more than a short transaction can; how many it were."""
    mine = MessageRow.conversation_id == conversation_id
    first = session.scalar(select(func.min(MessageRow.seq)).where(mine))
    if first is None:
        return 0
    gone = delete(MessageRow).where(mine, MessageRow.seq < first + MESSAGES_AT_ONCE).returning(MessageRow.seq)
    return len(session.execute(gone, execution_options={"synchronize_session": False}).all())


def remove(session: Session, conversation_id: str, now: datetime) -> bool:
    """Remove what is left, and note that the engine has to forget it, too. False if it was gone.

    Handovers are locked first, as everywhere; with the conversation's row locked nobody adds anything to it.
    """
    session.execute(select(HandoverRow.id).where(HandoverRow.conversation_id == conversation_id).with_for_update())
    row = session.scalar(select(ConversationRow).where(ConversationRow.id == conversation_id).with_for_update())
    if row is None:
        return False
    for kind in (*_BESIDE, MessageRow):
        gone = delete(kind).where(kind.conversation_id == conversation_id)
        session.execute(gone, execution_options={"synchronize_session": False})
    session.delete(row)
    session.merge(ForgottenRow(conversation_id=conversation_id, at=now))
    return True
