"""The outbox: notices decided with their change, each delivered once, an order's notices in their order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import and_, exists, false, or_, select, update
from sqlalchemy.orm import Session, aliased

from actions.backend import events, leases, messages
from actions.backend.chat_views import Author, OutboxRow, ReplyButton, StoredMessage
from actions.backend.clock import Clock
from actions.backend.database import Database
from actions.backend.tables import NoticeRow
from actions.policy import Role


def _view(row: NoticeRow) -> OutboxRow:
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
        now = self._clock.real_now()
        ready = or_(NoticeRow.retry_at.is_(None), NoticeRow.retry_at <= now)
        earlier = aliased(NoticeRow)
        about = or_(earlier.order_id == NoticeRow.order_id, earlier.appeal_id == NoticeRow.appeal_id)
        same = and_(
            about,
            earlier.recipient_role == NoticeRow.recipient_role,
            earlier.recipient_id == NoticeRow.recipient_id,
        )
        resting = and_(earlier.delivered_at.is_(None), earlier.retry_at > now)
        behind = exists().where(earlier.id < NoticeRow.id, same, resting)
        query = select(NoticeRow).where(NoticeRow.delivered_at.is_(None), ready, ~behind)
        query = query.order_by(NoticeRow.id).limit(limit)
        return await self._database.read(lambda session: [_view(row) for row in session.scalars(query)])

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
