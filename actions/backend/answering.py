"""Answering a person's message once, inside the transaction that knows the answer; the lease goes on or ends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import String, bindparam, func, select, update
from sqlalchemy.orm import Session

from actions.backend import leases, messages
from actions.backend.chat_tables import MessageRow
from actions.backend.chat_views import Author, Completed, MessageState, Reply, StoredMessage
from actions.backend.prepared import Prepared
from actions.backend.tables import table

_messages = table(MessageRow)
# Made once: to build a statement costs more than to run it, and this one runs every turn.
_ANSWER = Prepared(
    update(_messages)
    .where(
        _messages.c.conversation_id == bindparam("conversation"),
        _messages.c.seq == bindparam("number"),
        _messages.c.state == MessageState.PENDING.value,
    )
    .values(
        state=MessageState.ANSWERED.value,
        handover_id=func.coalesce(bindparam("handover", type_=String()), _messages.c.handover_id),
    )
    .returning(_messages.c.seq)
)
_REPLIES = Prepared(
    select(_messages)
    .where(
        _messages.c.conversation_id == bindparam("conversation"),
        _messages.c.seq > bindparam("number"),
        _messages.c.in_reply_to == bindparam("client"),
    )
    .order_by(_messages.c.seq)
)


def answer(
    session: Session,
    message: StoredMessage,
    replies: Sequence[Reply],
    owner: str,
    seconds: float,
    now: datetime,
    *,
    handover_id: str | None = None,
    handed: bool = False,
) -> Completed:
    """Store the answer; whoever comes second gets the stored one. `handover_id`: the message and its answer are its.

    `handed`: whoever sent the message waits for the answer and is about to get it.
    """
    asked = {"conversation": message.conversation_id, "number": message.seq, "handover": handover_id}
    first = bool(_ANSWER.rows(session, asked))
    new = replies if first else ()
    lease = leases.pass_on(
        *(session, message.conversation_id, owner, seconds, now, len(new)),
        answered=first,
        handed=message.seq if handed and first else 0,
    )
    rows = [
        messages.row(
            message.conversation_id,
            seq,
            Author.ASSISTANT,
            reply.text,
            now,
            in_reply_to=message.client_id,
            buttons=messages.tokens(seq, reply.buttons),
            custom=dict(reply.custom),
            handover_id=handover_id,
        )
        for seq, reply in enumerate(new, start=lease.seq - len(new) + 1)
    ]
    written = messages.write(session, rows) if first else replies_to(session, message)
    following = leases.first(session, message.conversation_id) if lease.held else None
    return Completed(tuple(written), first, following, handed=handed and lease.delivered == lease.seq)


def replies_to(session: Session, message: StoredMessage) -> list[StoredMessage]:
    """What the assistant said to a person's message so far."""
    asked = {"conversation": message.conversation_id, "number": message.seq, "client": message.client_id}
    return messages.messages(_REPLIES.rows(session, asked))
