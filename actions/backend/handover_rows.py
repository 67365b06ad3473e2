"""Rows of handovers: as values, locked, ended, and as events. Whoever locks one does so before anything else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from actions.backend import leases, messages
from actions.backend.chat_tables import ConversationRow
from actions.backend.chat_views import Author, Reply, StoredMessage
from actions.backend.events import HANDOVER, NewEvent
from actions.backend.handover_tables import HandoverRow
from actions.backend.handover_views import Ending, Handover, HandoverStatus, Scope
from actions.backend.tables import table
from actions.policy import Role

_conversations = table(ConversationRow)
OPEN = (HandoverStatus.WAITING.value, HandoverStatus.ACTIVE.value)


def view(row: HandoverRow) -> Handover:
    """The row as the value handed out."""
    return Handover(
        id=row.id,
        number=row.number,
        conversation_id=row.conversation_id,
        role=Role(row.actor_role),
        person_id=row.actor_id,
        status=HandoverStatus(row.status),
        scope=Scope(row.scope),
        locale=row.locale,
        sentence=row.sentence,
        material=row.material,
        offered_at=row.offered_at,
        expires_at=row.expires_at,
        requested_at=row.requested_at,
        answered_at=row.answered_at,
        heard_at=row.heard_at,
        agent_name=row.agent_name,
        closed_at=row.closed_at,
        closed_by=Ending(row.closed_by) if row.closed_by else None,
    )


def open_in(session: Session, conversation_id: str, *, lock: bool = False) -> HandoverRow | None:
    """The handover that is open in a conversation."""
    query = select(HandoverRow).where(HandoverRow.conversation_id == conversation_id, HandoverRow.status.in_(OPEN))
    return session.scalar(query.with_for_update() if lock else query)


def locked(session: Session, handover_id: str) -> HandoverRow | None:
    """The handover of this id."""
    return session.scalar(select(HandoverRow).where(HandoverRow.id == handover_id).with_for_update())


def pause(session: Session, conversation_id: str, handover_id: str | None) -> None:
    """Note in the conversation which handover is open; None when the assistant resumes."""
    about = update(_conversations).where(_conversations.c.id == conversation_id).values(handover_id=handover_id)
    session.execute(about)


def end(session: Session, row: HandoverRow, by: Ending, now: datetime) -> None:
    """The assistant resumes."""
    row.status, row.closed_at, row.closed_by = HandoverStatus.CLOSED.value, now, by.value
    session.flush()
    pause(session, row.conversation_id, None)


def write(session: Session, row: HandoverRow, author: Author, reply: Reply, now: datetime) -> StoredMessage:
    """Say something in the conversation that answers no message of the person."""
    seq = leases.next_seq(session, row.conversation_id)
    said = messages.row(
        *(row.conversation_id, seq, author, reply.text, now),
        buttons=messages.tokens(seq, reply.buttons),
        custom=dict(reply.custom),
        handover_id=row.id,
    )
    return messages.write(session, [said])[0]


def event(row: HandoverRow, kind: str, at: datetime, **about: Any) -> NewEvent:
    """What the feed says of it: references, never words. `kind`: requested, message, replied or closed."""
    data = {
        "type": f"handover.{kind}",
        "handover_id": row.id,
        "conversation_id": row.conversation_id,
        "status": row.status,
        "scope": row.scope,
        **about,
    }
    return NewEvent(HANDOVER, at, None, data)


def views(rows: Sequence[HandoverRow]) -> tuple[Handover, ...]:
    """All of them."""
    return tuple(view(row) for row in rows)
