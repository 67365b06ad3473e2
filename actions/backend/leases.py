"""The row of a conversation: message numbers, unanswered messages, and the lease, each moved by one statement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select, update
from sqlalchemy.orm import Session

from actions.backend import messages
from actions.backend.chat_tables import ConversationRow, MessageRow
from actions.backend.chat_views import MessageState, StoredMessage
from actions.backend.tables import table

_table = table(ConversationRow)
_messages = table(MessageRow)
_PENDING = _messages.c.state == MessageState.PENDING.value


@dataclass(frozen=True, slots=True)
class Lease:
    """The conversation after a statement: last number, unanswered messages, whether the caller holds the lease now."""

    seq: int
    pending: int
    held: bool


def _free(now: datetime) -> ColumnElement[bool]:
    return or_(_table.c.lease_until.is_(None), _table.c.lease_until <= now)


def _until(now: datetime, seconds: float) -> datetime:
    return now + timedelta(seconds=seconds)


def _move(session: Session, conversation_id: str, owner: str, values: dict[str, Any]) -> Lease:
    columns = (_table.c.last_seq, _table.c.pending, _table.c.lease_owner)
    moved = update(_table).where(_table.c.id == conversation_id).values(values).returning(*columns)
    row = session.execute(moved).one_or_none()
    if row is None:
        raise LookupError(f"no conversation {conversation_id}")
    seq, pending, holder = row
    return Lease(seq, pending, holder == owner)


def take_with_message(
    session: Session, conversation_id: str, owner: str, seconds: float, now: datetime, last_seen_seq: int
) -> Lease:
    """Count a new message of the person and take the lease if it is free. LookupError for no such conversation."""
    free = _free(now)
    seen = case((_table.c.last_seq < last_seen_seq, _table.c.last_seq), else_=last_seen_seq)
    values = {
        "last_seq": _table.c.last_seq + 1,
        "pending": _table.c.pending + 1,
        "used_at": now,
        "seen_seq": case((_table.c.seen_seq < last_seen_seq, seen), else_=_table.c.seen_seq),
        "lease_owner": case((free, owner), else_=_table.c.lease_owner),
        "lease_until": case((free, _until(now, seconds)), else_=_table.c.lease_until),
    }
    return _move(session, conversation_id, owner, values)


def take(session: Session, conversation_id: str, owner: str, seconds: float, now: datetime) -> bool:
    """Take the lease if it is free."""
    taken = update(_table).where(_table.c.id == conversation_id, _free(now))
    values = {"lease_owner": owner, "lease_until": _until(now, seconds)}
    return bool(session.execute(taken.values(values).returning(_table.c.id)).all())


def pass_on(
    session: Session, conversation_id: str, owner: str, seconds: float, now: datetime, count: int, *, answered: bool
) -> Lease:
    """Number `count` replies and count the answer; the lease goes on while there is more to do."""
    left = _table.c.pending - int(answered)
    mine = _table.c.lease_owner == owner
    values = {
        "last_seq": _table.c.last_seq + count,
        "pending": left,
        "retry_at": None if answered else _table.c.retry_at,
        "lease_owner": case((and_(mine, left <= 0), None), else_=_table.c.lease_owner),
        "lease_until": case((and_(mine, left <= 0), None), (mine, _until(now, seconds)), else_=_table.c.lease_until),
    }
    return _move(session, conversation_id, owner, values)


def next_seq(session: Session, conversation_id: str) -> int:
    """The next message number; the conversation is locked from here on."""
    moved = update(_table).where(_table.c.id == conversation_id).values(last_seq=_table.c.last_seq + 1)
    return int(session.execute(moved.returning(_table.c.last_seq)).scalar_one())


def renew(session: Session, conversation_id: str, owner: str, seconds: float, now: datetime) -> bool:
    """Extend the owner's lease; False when it is no longer theirs."""
    mine = and_(_table.c.id == conversation_id, _table.c.lease_owner == owner)
    extended = update(_table).where(mine).values(lease_until=_until(now, seconds)).returning(_table.c.id)
    return bool(session.execute(extended).all())


def release(session: Session, conversation_id: str, owner: str, retry_in: float, now: datetime) -> None:
    """End the owner's lease; a failed try counts on the oldest unanswered message."""
    mine = and_(_table.c.id == conversation_id, _table.c.lease_owner == owner)
    values: dict[str, Any] = {"lease_owner": None, "lease_until": None}
    if retry_in > 0:
        values["retry_at"] = _until(now, retry_in)
    if not session.execute(update(_table).where(mine).values(values).returning(_table.c.id)).all() or retry_in <= 0:
        return
    pending = and_(_messages.c.conversation_id == conversation_id, _PENDING)
    oldest = select(func.min(_messages.c.seq)).where(pending).scalar_subquery()
    tried = update(_messages).where(pending, _messages.c.seq == oldest).values(attempts=_messages.c.attempts + 1)
    session.execute(tried)


def first(session: Session, conversation_id: str) -> StoredMessage | None:
    """The oldest unanswered message."""
    query = select(_messages).where(_messages.c.conversation_id == conversation_id, _PENDING)
    found = messages.messages(session.execute(query.order_by(_messages.c.seq).limit(1)))
    return found[0] if found else None


def claim_pending(session: Session, owner: str, seconds: float, limit: int, now: datetime) -> list[StoredMessage]:
    """Take the free leases of conversations with unanswered messages; the oldest message of each."""
    ready = or_(_table.c.retry_at.is_(None), _table.c.retry_at <= now)
    waiting = select(_table.c.id).where(_table.c.pending > 0, ready, _free(now)).order_by(_table.c.used_at).limit(limit)
    chosen = waiting.with_for_update(skip_locked=True)
    values = {"lease_owner": owner, "lease_until": _until(now, seconds)}
    taken = update(_table).where(_table.c.id.in_(chosen)).values(values).returning(_table.c.id)
    ids = session.execute(taken).scalars().all()
    if not ids:
        return []
    query = select(_messages).where(_messages.c.conversation_id.in_(ids), _PENDING)
    found: dict[str, StoredMessage] = {}
    for message in messages.messages(session.execute(query.order_by(_messages.c.conversation_id, _messages.c.seq))):
        found.setdefault(message.conversation_id, message)
    return sorted(found.values(), key=lambda message: message.at)
