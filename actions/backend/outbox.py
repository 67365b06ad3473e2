"""The outbox: notices decided with their change, each delivered once, an order's notices in their order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Integer, Row, and_, bindparam, exists, false, or_, select, update
from sqlalchemy.orm import Session, aliased

from actions.backend import events, leases, messages
from actions.backend.chat_views import Author, OutboxRow, ReplyButton, StoredMessage
from actions.backend.clock import Clock
from actions.backend.columns import Instant
from actions.backend.database import Database
from actions.backend.tables import NoticeRow, table
from actions.policy import Role

# Made once: to build such a statement costs ten times as much as to run it, and this one runs after every turn.
_table = table(NoticeRow)
_earlier = _table.alias()
_AT = bindparam("at_", type_=Instant())
_SAME = and_(
    or_(_earlier.c.order_id == _table.c.order_id, _earlier.c.appeal_id == _table.c.appeal_id),
    _earlier.c.recipient_role == _table.c.recipient_role,
    _earlier.c.recipient_id == _table.c.recipient_id,
)
_RESTING = and_(_earlier.c.delivered_at.is_(None), _earlier.c.retry_at > _AT)
_PENDING = (
    select(_table)
    .where(
        _table.c.delivered_at.is_(None),
        or_(_table.c.retry_at.is_(None), _table.c.retry_at <= _AT),
        ~exists().where(_earlier.c.id < _table.c.id, _SAME, _RESTING),
    )
    .order_by(_table.c.id)
    .limit(bindparam("most", type_=Integer()))
)


def _view(row: Row[Any]) -> OutboxRow:
    return OutboxRow(
        id=row.id,
        recipient_role=Role(row.recipient_role),
        recipient_id=row.recipient_id,
        code=row.code,
        params=row.params,
        order_id=row.order_id,
        dispute_id=row.dispute_id,
        created_at=row.created_at,
        attempts=row.attempts,
        appeal_id=row.appeal_id,
    )


class Outbox:
    """Any number of dispatchers may work on it at once."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def pending(self, limit: int = 50) -> list[OutboxRow]:
        """Notices waiting for delivery, oldest first; those that failed rest until their next try, and so do followers.

        Followers would wait in any case (`deliver`), and many of them must not fill the list.
        """
        asked = {"at_": self._clock.real_now(), "most": limit}
        return await self._database.read(lambda session: [_view(row) for row in session.execute(_PENDING, asked)])

    async def deliver(
        self, row: OutboxRow, conversation_id: str, text: str, buttons: Sequence[ReplyButton], locale: str
    ) -> StoredMessage | None:
        """Put the notice into the conversation and the feed, in one transaction.

        None when it was delivered already, or when an earlier notice about the same to this person comes first.
        """
        now = self._clock.real_now()

        def work(session: Session) -> StoredMessage | None:
            if not self._take(session, row):
                return None
            seq = leases.next_seq(session, conversation_id)
            stored = messages.row(
                *(conversation_id, seq, Author.NOTICE, text, now),
                buttons=messages.tokens(seq, buttons),
                custom={
                    "locale": locale,
                    "order_id": row.order_id,
                    **({"appeal_id": row.appeal_id} if row.appeal_id else {}),
                },
                outbox_id=row.id,
                code=row.code,
                order_id=row.order_id,
                dispute_id=row.dispute_id,
            )
            (message,) = messages.write(session, [stored])
            data = {
                "recipient": {"role": row.recipient_role.value, "id": row.recipient_id},
                "code": row.code,
                "params": dict(row.params),
                "text": text,
                "locale": locale,
                "conversation_id": conversation_id,
                "message_seq": seq,
                "outbox_id": row.id,
            }
            at = self._clock.read(session)
            events.append(session, [events.NewEvent(events.NOTICE, at, row.order_id, data, row.appeal_id)], now)
            return message

        return await self._database.write(work)

    async def failed(self, row: OutboxRow, retry_in: float) -> None:
        """A try failed: the notice rests for so many seconds (real time)."""
        later = self._clock.real_now() + timedelta(seconds=retry_in)
        waiting = update(NoticeRow).where(NoticeRow.id == row.id, NoticeRow.delivered_at.is_(None))
        tried = waiting.values(attempts=NoticeRow.attempts + 1, retry_at=later)
        await self._database.write(lambda session: session.execute(tried) and None)

    def _take(self, session: Session, row: OutboxRow) -> bool:
        earlier = aliased(NoticeRow)
        about = ((earlier.order_id, row.order_id), (earlier.appeal_id, row.appeal_id))
        blocked = exists().where(
            and_(
                earlier.id < row.id,
                earlier.delivered_at.is_(None),
                or_(false(), *(column == value for column, value in about if value is not None)),
                earlier.recipient_role == row.recipient_role.value,
                earlier.recipient_id == row.recipient_id,
            )
        )
        # Another number of tries: it was changed after it was read, and is to be rendered anew.
        same = and_(NoticeRow.id == row.id, NoticeRow.attempts == row.attempts)
        mine = and_(same, NoticeRow.delivered_at.is_(None), ~blocked)
        taken = update(NoticeRow).where(mine).values(delivered_at=self._clock.real_now()).returning(NoticeRow.id)
        return bool(session.execute(taken, execution_options={"synchronize_session": False}).all())
