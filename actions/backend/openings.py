"""Whose conversation it is: found by the verified identity, or made for somebody who only gets notices so far."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, String, and_, bindparam, func, insert, or_, select, update
from sqlalchemy.orm import Session

from actions.backend import messages, people
from actions.backend.chat_tables import ConversationRow, MessageRow
from actions.backend.chat_views import Conversation, Head, Notice, Paused, Recipient, Shown
from actions.backend.clock import Clock
from actions.backend.columns import new_id
from actions.backend.database import Database
from actions.backend.handover_tables import HandoverRow
from actions.backend.notices import AWAITING_ANSWER
from actions.backend.prepared import Prepared
from actions.backend.tables import DisputeRow, table
from actions.policy import DisputeKind, DisputeStatus, Role

_table = table(ConversationRow)
_messages = table(MessageRow)
_handovers = table(HandoverRow)
_AT_ONCE = 500  # ids in one statement


# Made once: to build a statement costs more than to run it, and these run every turn, or for every notice.
_WHO = and_(_table.c.role == bindparam("as"), _table.c.sub == bindparam("person"))
_OF_TOKEN = Prepared(select(_table).where(_WHO, _table.c.iss == bindparam("issuer")))
_LATEST = Prepared(select(_table).where(_WHO).order_by(_table.c.used_at.desc()).limit(1))
_UNCLAIMED = Prepared(select(_table.c.id).where(_WHO, _table.c.iss.is_(None)).with_for_update())
_CLAIM = Prepared(update(_table).where(_table.c.id == bindparam("conversation")).values(iss=bindparam("issuer")))
_NEW = Prepared(insert(_table), _table.columns.keys())
_MINE = _messages.c.conversation_id == bindparam("conversation")
_ASKED = select(_messages.c.client_id).where(_MINE, _messages.c.seq == bindparam("number")).scalar_subquery()
_SHOWN = Prepared(select(_messages.c.seq, _messages.c.waiting).where(_MINE, _messages.c.in_reply_to == _ASKED))
_APPEAL: BindParameter[str] = bindparam("appeal", type_=String())
_ABOUT = Prepared(
    update(_table)
    .where(_table.c.id == bindparam("conversation"), _table.c.appeal_id.is_distinct_from(_APPEAL))
    .values(appeal_id=_APPEAL)
)
_disputes = table(DisputeRow)
_ASKING = Prepared(
    select(
        *(_messages.c.seq, _messages.c.code, _messages.c.text),
        *(_disputes.c.id, _disputes.c.order_id, _disputes.c.kind, _disputes.c.due_at),
    )
    .join(_disputes, _disputes.c.id == _messages.c.dispute_id)
    .where(
        _MINE,
        _messages.c.seq <= bindparam("upto"),
        or_(*(_messages.c.code == code for code in AWAITING_ANSWER)),
        _disputes.c.status == DisputeStatus.OPEN.value,
    )
    .order_by(_messages.c.seq)
)
_OF_ID = Prepared(select(_table).where(_table.c.id == bindparam("conversation")))


def _conversation(row: Any) -> Conversation:
    return Conversation(row.id, row.iss, Role(row.role), row.sub, row.last_seq, row.delivered_seq, row.seen_seq)


def of_token(session: Session, iss: str, role: Role, sub: str) -> Conversation | None:
    """The conversation of a verified token, None if it is new."""
    row = _OF_TOKEN.first(session, {"as": role.value, "person": sub, "issuer": iss})
    return _conversation(row) if row else None


def _used_last(session: Session, role: Role, sub: str) -> Conversation | None:
    row = _LATEST.first(session, {"as": role.value, "person": sub})
    return _conversation(row) if row else None


def _alone(session: Session, role: Role, sub: str) -> None:
    """Let nobody else make a conversation of this person until the end of the transaction.

    A first token and a first notice may come at the same instant: each would make one, and the notice would lie in the
    one that nobody reads. Whoever writes to SQLite is alone already.
    """
    if session.get_bind().dialect.name == "postgresql":
        key = func.hashtextextended(f"conversation {role.value} {sub}", 0)
        session.execute(select(func.pg_advisory_xact_lock(key)))


def of_notices(session: Session, role: Role, sub: str, now: datetime) -> Conversation:
    """The conversation in which this person gets notices: the one used last, or a new one nobody has claimed."""
    if (found := _used_last(session, role, sub)) is not None:
        return found
    _alone(session, role, sub)
    return _used_last(session, role, sub) or _insert(session, None, role, sub, now)


def _insert(session: Session, iss: str | None, role: Role, sub: str, now: datetime) -> Conversation:
    new: dict[str, Any] = dict.fromkeys(_table.columns.keys())
    new |= {"id": new_id("C", 15), "iss": iss, "role": role.value, "sub": sub, "used_at": now}
    new |= {"last_seq": 0, "delivered_seq": 0, "seen_seq": 0, "pending": 0}
    _NEW.run(session, new)
    return Conversation(new["id"], iss, role, sub)


def keep_subject(session: Session, conversation_id: str, appeal_id: str | None) -> None:
    """Keep which appeal the conversation is about; nothing is written if it is known."""
    _ABOUT.run(session, {"conversation": conversation_id, "appeal": appeal_id})


class Openings:
    """Finding and making conversations."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock, self._real_now = database, clock, clock.real_now

    async def get(self, conversation_id: str) -> Conversation | None:
        """The conversation of this id."""

        def work(session: Session) -> Conversation | None:
            row = _OF_ID.first(session, {"conversation": conversation_id})
            return _conversation(row) if row else None

        return await self._database.look(work)

    async def open(self, iss: str, role: Role, sub: str) -> Conversation:
        """The conversation of a verified token (`iss` "" for a token without issuer), made if it is new.

        The first token that comes claims a conversation that only notices had made.
        """

        def known(session: Session) -> Conversation | None:
            return of_token(session, iss, role, sub)

        if (conversation := await self._database.look(known)) is not None:
            return conversation
        return await self._database.upsert(lambda session: self._claim(session, iss, role, sub))

    def _claim(self, session: Session, iss: str, role: Role, sub: str) -> Conversation:
        """The conversation of a verified token that may be new."""
        _alone(session, role, sub)
        row = _UNCLAIMED.first(session, {"as": role.value, "person": sub})
        if (found := of_token(session, iss, role, sub)) is not None:
            return found
        if row is None:
            return _insert(session, iss, role, sub, self._real_now())
        _CLAIM.run(session, {"conversation": row.id, "issuer": iss})
        return _conversation(_OF_ID.first(session, {"conversation": row.id}))

    async def for_notices(self, role: Role, sub: str) -> Conversation:
        """The conversation in which this person gets notices: the one used last, or a new one nobody has claimed."""

        def known(session: Session) -> Conversation | None:
            return _used_last(session, role, sub)

        if (conversation := await self._database.look(known)) is not None:
            return conversation
        now = self._real_now()
        return await self._database.upsert(lambda session: of_notices(session, role, sub, now))

    async def recipient(self, role: Role, sub: str) -> Recipient:
        """How somebody is spoken to who gets a notice."""

        def work(session: Session) -> Recipient:
            found = _used_last(session, role, sub)
            spoken = messages.spoken_locale(session, found.id) if found else None
            return Recipient(people.known(session, role, sub), spoken)

        return await self._database.look(work)

    async def heads(self, conversation_ids: Collection[str]) -> dict[str, Head]:
        """How far these conversations are, by id."""
        now, ids = self._real_now(), list(conversation_ids)

        def work(session: Session) -> dict[str, Head]:
            found: dict[str, Head] = {}
            columns = (_table.c.id, _table.c.last_seq, _table.c.seen_seq, _table.c.pending, _table.c.lease_until)
            paused = (_handovers.c.id, _handovers.c.status, _handovers.c.agent_name)
            both = _table.outerjoin(_handovers, _handovers.c.id == _table.c.handover_id)
            for start in range(0, len(ids), _AT_ONCE):
                query = (
                    select(*columns, *paused).select_from(both).where(_table.c.id.in_(ids[start : start + _AT_ONCE]))
                )
                for id_, last, seen, pending, until, *handover in session.execute(query):
                    working = pending > 0 and until is not None and until > now
                    found[id_] = Head(id_, last, seen, working, Paused(*handover) if handover[0] else None)
            return found

        return await self._database.look(work) if ids else {}

    async def mark_seen(self, conversation_id: str, seq: int) -> None:
        """The person has everything up to `seq` on a screen; going back changes nothing, nor does the future."""
        mine = (_table.c.id == conversation_id) & (_table.c.seen_seq < seq) & (_table.c.last_seq >= seq)
        later = update(_table).where(mine).values(seen_seq=seq)
        await self._database.write(lambda session: session.execute(later) and None)

    async def shown(self, conversation_id: str, seq: int) -> Shown | None:
        """The last reply to the person's message number `seq`, None while there is none or no such message."""
        asked = {"conversation": conversation_id, "number": seq}

        def work(session: Session) -> Shown | None:
            found = _SHOWN.rows(session, asked)
            replies = [number for number, waiting in found if not waiting]
            return Shown(max(replies), later=len(replies) < len(found)) if replies else None

        return await self._database.look(work)

    async def subject(self, conversation_id: str) -> str | None:
        """The appeal the conversation is about, to which an upload is attached; None when there is none."""
        query = select(_table.c.appeal_id).where(_table.c.id == conversation_id)
        return await self._database.read(lambda session: session.execute(query).scalar())

    async def open_notices(self, conversation_id: str, up_to_seq: int) -> list[Notice]:
        """The notices up to this number whose dispute is open and awaits this person's answer, oldest first."""
        asked = {"conversation": conversation_id, "upto": up_to_seq}

        def work(session: Session) -> list[Notice]:
            now = self._clock.read(session)
            return [
                Notice(row.seq, row.order_id, row.id, DisputeKind(row.kind), row.code or "", row.text, row.due_at)
                for row in _ASKING.rows(session, asked)
                if row.due_at is None or now <= row.due_at
            ]

        return await self._database.look(work)
