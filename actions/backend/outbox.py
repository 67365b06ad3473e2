"""The outbox: notices decided with their change, each delivered once, an order's notices in their order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Integer, String, and_, bindparam, exists, or_, select, update
from sqlalchemy.orm import Session

from actions.backend import events, leases, messages, openings
from actions.backend.chat_views import Author, OutboxRow, ReplyButton, StoredMessage
from actions.backend.clock import Clock
from actions.backend.columns import BigNumber, Instant
from actions.backend.database import Database
from actions.backend.prepared import Prepared
from actions.backend.tables import NoticeRow, table
from actions.policy import Role

# Made once: to build such a statement costs ten times as much as to run it, and these run after every turn.
_table = table(NoticeRow)
_earlier = _table.alias()
_AT = bindparam("at_", type_=Instant())
_SAME = and_(
    or_(_earlier.c.order_id == _table.c.order_id, _earlier.c.appeal_id == _table.c.appeal_id),
    _earlier.c.recipient_role == _table.c.recipient_role,
    _earlier.c.recipient_id == _table.c.recipient_id,
)
_RESTING = and_(_earlier.c.delivered_at.is_(None), _earlier.c.retry_at > _AT)
_PENDING = Prepared(
    select(_table)
    .where(
        _table.c.delivered_at.is_(None),
        or_(_table.c.retry_at.is_(None), _table.c.retry_at <= _AT),
        ~exists().where(_earlier.c.id < _table.c.id, _SAME, _RESTING),
    )
    .order_by(_table.c.id)
    .limit(bindparam("most", type_=Integer()))
)
_ID, _APPEAL = bindparam("number", type_=BigNumber), bindparam("appeal", type_=String())
_BEFORE = and_(
    _earlier.c.id < _ID,
    _earlier.c.delivered_at.is_(None),
    or_(_earlier.c.order_id == bindparam("order", type_=String()), _earlier.c.appeal_id == _APPEAL),
    _earlier.c.recipient_role == bindparam("as"),
    _earlier.c.recipient_id == bindparam("person"),
)
# Another number of tries: it was changed after it was read, and is to be rendered anew.
_SAME_TRY = and_(_table.c.id == _ID, _table.c.attempts == bindparam("tries"))
_TAKE = Prepared(
    update(_table)
    .where(_SAME_TRY, _table.c.delivered_at.is_(None), ~exists().where(_BEFORE))
    .values(delivered_at=_AT)
    .returning(_table.c.id)
)
_FEW = 8  # notices that take no longer than what else may share a commit


@dataclass(frozen=True, slots=True)
class Rendered:
    """A notice in the words in which it is delivered."""

    row: OutboxRow
    text: str
    buttons: Sequence[ReplyButton]
    locale: str


def _view(row: Any) -> OutboxRow:
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

        Followers would wait in any case (`deliver_all`), and many of them must not fill the list.
        """
        asked = {"at_": self._clock.real_now(), "most": limit}
        return await self._database.look(lambda session: [_view(row) for row in _PENDING.rows(session, asked)])

    async def deliver_all(self, notices: Sequence[Rendered]) -> list[StoredMessage]:
        """Put notices into conversations and the feed, in the order of their rows, in one transaction.

        Each goes into the conversation that the recipient used last, or into a new one that nobody has claimed. What
        was delivered already is left out, and what would overtake an earlier one about the same to the same person.
        """
        now = self._clock.real_now()

        def work(session: Session) -> list[StoredMessage]:
            # First all rows, then the conversations by their ids: two dispatchers never wait for each other.
            taken = [notice for notice in notices if _take(session, notice.row, now)]
            found: dict[tuple[Role, str], str] = {}
            for notice in taken:
                who = (notice.row.recipient_role, notice.row.recipient_id)
                if who not in found:
                    found[who] = openings.of_notices(session, *who, now).id
            placed = [(found[n.row.recipient_role, n.row.recipient_id], n) for n in taken]
            return self._write(session, sorted(placed, key=lambda item: item[0]), now)

        return await self._database.upsert(work, short=len(notices) <= _FEW)

    def _write(self, session: Session, placed: Sequence[tuple[str, Rendered]], now: datetime) -> list[StoredMessage]:
        """Messages and events of notices that were taken; those of one conversation in their order."""
        rows = []
        for conversation_id, notice in placed:
            row, seq = notice.row, leases.next_seq(session, conversation_id)
            about = {"appeal_id": row.appeal_id} if row.appeal_id else {}
            stored = messages.row(
                *(conversation_id, seq, Author.NOTICE, notice.text, now),
                buttons=messages.tokens(seq, notice.buttons),
                custom={"locale": notice.locale, "order_id": row.order_id, **about},
                outbox_id=row.id,
                code=row.code,
                order_id=row.order_id,
                dispute_id=row.dispute_id,
            )
            rows.append(stored)
        written = messages.write(session, rows)
        at = self._clock.read(session)
        new = [_event(notice, message, at) for (_, notice), message in zip(placed, written, strict=True)]
        events.append(session, new, now)
        return written

    async def failed(self, row: OutboxRow, retry_in: float) -> None:
        """A try failed: the notice rests for so many seconds (real time)."""
        later = self._clock.real_now() + timedelta(seconds=retry_in)
        waiting = update(NoticeRow).where(NoticeRow.id == row.id, NoticeRow.delivered_at.is_(None))
        tried = waiting.values(attempts=NoticeRow.attempts + 1, retry_at=later)
        await self._database.write(lambda session: session.execute(tried) and None)


def _take(session: Session, row: OutboxRow, now: datetime) -> bool:
    asked = {
        "number": row.id,
        "order": row.order_id,
        "appeal": row.appeal_id,
        "as": row.recipient_role.value,
        "person": row.recipient_id,
        "tries": row.attempts,
        "at_": now,
    }
    return bool(_TAKE.rows(session, asked))


def _event(notice: Rendered, message: StoredMessage, at: datetime) -> events.NewEvent:
    row = notice.row
    data = {
        "recipient": {"role": row.recipient_role.value, "id": row.recipient_id},
        "code": row.code,
        "params": dict(row.params),
        "text": notice.text,
        "locale": notice.locale,
        "conversation_id": message.conversation_id,
        "message_seq": message.seq,
        "outbox_id": row.id,
    }
    return events.NewEvent(events.NOTICE, at, row.order_id, data, row.appeal_id)
