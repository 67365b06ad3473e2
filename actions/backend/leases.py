"""The row of a conversation: message numbers, unanswered messages, and the lease, each moved by one statement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    String,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from actions.backend import messages
from actions.backend.chat_tables import ConversationRow, MessageRow
from actions.backend.chat_views import MessageState, StoredMessage
from actions.backend.columns import Instant
from actions.backend.errors import NoConversation
from actions.backend.prepared import Prepared
from actions.backend.tables import table

_table = table(ConversationRow)
_messages = table(MessageRow)
# Written out, not bound: else SQLite does not see that the partial index of unanswered messages fits.
_PENDING = _messages.c.state == literal_column(f"'{MessageState.PENDING.value}'")


@dataclass(frozen=True, slots=True)
class Lease:
    """The conversation after a statement: last number, unanswered messages, whether the caller holds the lease now.

    `delivered`: up to where everything was handed to the person.
    """

    seq: int
    pending: int
    held: bool
    delivered: int


def is_free(now: datetime) -> ColumnElement[bool]:
    """Nobody holds the lease."""
    return or_(_table.c.lease_until.is_(None), _table.c.lease_until <= now)


def _until(now: datetime, seconds: float) -> datetime:
    return now + timedelta(seconds=seconds)


# Made once, with names for what differs: to build a statement costs more than to run it, and these run every turn.
_ID, _BY = bindparam("conversation", type_=String()), bindparam("by", type_=String())
_OF_ROW = _table.c.id == _ID
_AT, _TILL = bindparam("at_", type_=Instant()), bindparam("till", type_=Instant())
_SEEN, _COUNT, _DONE = (bindparam(name, type_=Integer()) for name in ("seen", "count", "done"))
_HANDED = bindparam("handed", type_=Integer())
_MOVED = (_table.c.last_seq, _table.c.pending, _table.c.lease_owner, _table.c.delivered_seq)
_FREE = or_(_table.c.lease_until.is_(None), _table.c.lease_until <= _AT)
_MINE = _table.c.lease_owner == _BY
_TAKE_WITH_MESSAGE = Prepared(
    update(_table)
    .where(_OF_ROW)
    .values(
        last_seq=_table.c.last_seq + 1,
        pending=_table.c.pending + 1,
        used_at=_AT,
        seen_seq=case(
            (_table.c.seen_seq < _SEEN, case((_table.c.last_seq < _SEEN, _table.c.last_seq), else_=_SEEN)),
            else_=_table.c.seen_seq,
        ),
        lease_owner=case((_FREE, _BY), else_=_table.c.lease_owner),
        lease_until=case((_FREE, _TILL), else_=_table.c.lease_until),
    )
    .returning(*_MOVED)
)
_TAKE = Prepared(update(_table).where(_OF_ROW, _FREE).values(lease_owner=_BY, lease_until=_TILL).returning(_table.c.id))
_LEFT = _table.c.pending - _DONE
_ENDS = and_(_MINE, _LEFT <= 0)
_PASS_ON = Prepared(
    update(_table)
    .where(_OF_ROW)
    .values(
        last_seq=_table.c.last_seq + _COUNT,
        pending=_LEFT,
        retry_at=case((_DONE == 1, null()), else_=_table.c.retry_at),
        lease_owner=case((_ENDS, null()), else_=_table.c.lease_owner),
        lease_until=case((_ENDS, null()), (_MINE, _TILL), else_=_table.c.lease_until),
        # All before the message was handed out and nothing came after it: then its answer is handed out without a gap.
        delivered_seq=case(
            (
                and_(_HANDED > 0, _table.c.delivered_seq >= _HANDED - 1, _table.c.last_seq == _HANDED),
                _table.c.last_seq + _COUNT,
            ),
            else_=_table.c.delivered_seq,
        ),
    )
    .returning(*_MOVED)
)
_NEXT_SEQ = Prepared(update(_table).where(_OF_ROW).values(last_seq=_table.c.last_seq + 1).returning(_table.c.last_seq))
_RENEW = Prepared(update(_table).where(_OF_ROW, _MINE).values(lease_until=_TILL).returning(_table.c.id))
_LEFT_OVER = Prepared(
    select(_table.c.id)
    .where(_table.c.pending > 0, or_(_table.c.retry_at.is_(None), _table.c.retry_at <= _AT), _FREE)
    .limit(1)
)
_FIRST = Prepared(
    select(_messages).where(_messages.c.conversation_id == _ID, _PENDING).order_by(_messages.c.seq).limit(1)
)


def _move(session: Session, moved: Prepared, owner: str, values: dict[str, Any]) -> Lease:
    row = moved.first(session, {**values, "by": owner})
    if row is None:
        raise NoConversation(values["conversation"])
    seq, pending, holder, delivered = row
    return Lease(seq, pending, holder == owner, delivered)


def take_with_message(
    session: Session, conversation_id: str, owner: str, seconds: float, now: datetime, last_seen_seq: int
) -> Lease:
    """Count a new message of the person and take the lease if it is free. LookupError for no such conversation."""
    values = {"conversation": conversation_id, "seen": last_seen_seq, "at_": now, "till": _until(now, seconds)}
    return _move(session, _TAKE_WITH_MESSAGE, owner, values)


def take(session: Session, conversation_id: str, owner: str, seconds: float, now: datetime) -> bool:
    """Take the lease if it is free."""
    values = {"conversation": conversation_id, "by": owner, "at_": now, "till": _until(now, seconds)}
    return bool(_TAKE.rows(session, values))


def pass_on(
    session: Session,
    conversation_id: str,
    owner: str,
    seconds: float,
    now: datetime,
    count: int,
    *,
    answered: bool,
    handed: int = 0,
) -> Lease:
    """Number `count` replies and count the answer; the lease goes on while there is more to do.

    `handed`: the number of the message if whoever sent it waits for the answer and is about to get it.
    """
    values = {
        "conversation": conversation_id,
        "till": _until(now, seconds),
        "count": count,
        "done": int(answered),
        "handed": handed,
    }
    return _move(session, _PASS_ON, owner, values)


def next_seq(session: Session, conversation_id: str) -> int:
    """The next message number; the conversation is locked from here on. LookupError for no such conversation."""
    seq = _NEXT_SEQ.scalar(session, {"conversation": conversation_id})
    if seq is None:
        raise NoConversation(conversation_id)
    return int(seq)


def renew(session: Session, conversation_id: str, owner: str, seconds: float, now: datetime) -> bool:
    """Extend the owner's lease; False when it is no longer theirs."""
    values = {"conversation": conversation_id, "by": owner, "till": _until(now, seconds)}
    return bool(_RENEW.rows(session, values))


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


def release_former(session: Session, place: str, mine: str) -> int:
    """End the leases of owners that begin with `place`, but not with `mine`; how many there were."""
    former = and_(
        _table.c.lease_owner.startswith(place, autoescape=True), ~_table.c.lease_owner.startswith(mine, autoescape=True)
    )
    freed = update(_table).where(_table.c.pending > 0, former).values(lease_owner=None, lease_until=None, retry_at=None)
    return len(session.execute(freed.returning(_table.c.id)).all())


def first(session: Session, conversation_id: str) -> StoredMessage | None:
    """The oldest unanswered message."""
    found = messages.messages(_FIRST.rows(session, {"conversation": conversation_id}))
    return found[0] if found else None


def work_left(session: Session, now: datetime) -> bool:
    """Whether `claim_pending` would find something."""
    return bool(_LEFT_OVER.rows(session, {"at_": now}))


def claim_pending(session: Session, owner: str, seconds: float, limit: int, now: datetime) -> list[StoredMessage]:
    """Take the free leases of conversations with unanswered messages; the oldest message of each."""
    ready = or_(_table.c.retry_at.is_(None), _table.c.retry_at <= now)
    waiting = select(_table.c.id).where(_table.c.pending > 0, ready, is_free(now)).order_by(_table.c.used_at)
    chosen = waiting.limit(limit).with_for_update(skip_locked=True)
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
