"""Messages that were hardly or not understood, kept for `make review`: without personal data, and for a short time.

A turn only notes what happened; it is redacted and written together with others a moment later, by the process that
answered, so that no turn waits. A crash loses a second of them and nothing else.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from actions.backend.chat_tables import ConversationRow
from actions.backend.clock import Clock
from actions.backend.database import Database
from actions.backend.later import Later
from actions.backend.people import names
from actions.backend.redaction import redact
from actions.backend.review_tables import UnderstoodRow
from actions.backend.tables import OrderRow, table
from actions.policy import Actor

_table = table(UnderstoodRow)

_FOLLOWED = 2_000  # conversations whose next message this process waits for
_GUESSES = 3
_ORDERS = 50  # of a person, the newest, whose other parties' names are known


class Status(StrEnum):
    """What became of a message: not understood, asked what was meant, or acted upon although unsure."""

    FALLBACK = "fallback"
    QUESTION = "question"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Heard:
    """A message as it was understood; `ranking` the likeliest first. `actor` None: written without an identity."""

    conversation_id: str
    message_id: str
    actor: Actor | None
    text: str
    intent: str
    confidence: float
    ranking: Sequence[tuple[str, float]] = ()
    language: str | None = None
    pressed: bool = False


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """A message for review: its redacted text, how it was understood, and what the person pressed or wrote next."""

    id: int
    at: datetime
    role: str | None
    language: str | None
    text: str
    intent: str
    confidence: float
    ranking: tuple[tuple[str, float], ...]
    status: Status
    next_kind: str | None
    next_intent: str | None
    next_text: str | None


@dataclass(slots=True)
class _Noted:
    at: datetime
    heard: Heard
    status: Status | None
    follows: bool = field(default=False)


class Understanding:
    """Noting, and reading what was noted. `below`: confidence under which a message that was acted upon is kept."""

    def __init__(self, database: Database, clock: Clock, below: float = 0.0, order_pattern: str | None = None) -> None:
        self._database, self._clock, self._below, self._order_pattern = database, clock, below, order_pattern
        self._later: Later[_Noted] = Later("understanding", self._write)
        self._followed: OrderedDict[str, None] = OrderedDict()

    def note(self, heard: Heard, status: Status | None, *, by_intent: bool = True, after_miss: bool = False) -> None:
        """A turn was answered. `status` None: as far as the dialogue can tell it was understood.

        `by_intent`: the message was acted upon for what it means, and not taken for words, a number or a day that had
        been asked for. `after_miss`: the message before was kept, in whichever process; otherwise this process
        remembers its own.
        """
        if by_intent and status is None and heard.confidence < self._below:
            status = Status.UNSURE
        if heard.pressed or not heard.text:
            status = None
        follows = after_miss or heard.conversation_id in self._followed
        self._followed.pop(heard.conversation_id, None)
        if status is None and not follows:
            return
        if status is not None:
            self._followed[heard.conversation_id] = None
            if len(self._followed) > _FOLLOWED:
                self._followed.popitem(last=False)
        self._later.add([_Noted(self._clock.real_now(), heard, status, follows)])

    async def page(self, after: int = 0, limit: int = 50) -> list[ReviewItem]:
        """Messages for review, the newest first; `after`: those behind the one of this id, 0 from the newest."""
        query = select(UnderstoodRow).order_by(UnderstoodRow.id.desc()).limit(limit)
        if after:
            query = query.where(UnderstoodRow.id < after)
        return await self._database.read(lambda session: [_item(row) for row in session.scalars(query)])

    async def flush(self) -> None:
        """Write what was gathered."""
        await self._later.flush()

    async def close(self) -> None:
        """Write what is left."""
        await self._later.close()

    async def _write(self, noted: Sequence[_Noted]) -> None:
        await self._database.write(lambda session: self._put(session, noted))

    def _put(self, session: Session, noted: Sequence[_Noted]) -> None:
        known = _names(session, {one.heard.actor for one in noted if one.heard.actor is not None})
        ids = {one.heard.conversation_id for one in noted}
        there = select(ConversationRow.id).where(ConversationRow.id.in_(ids))
        alive = set(session.scalars(there.with_for_update(read=True, key_share=True)))  # none is deleted meanwhile
        insert: Any = postgres_insert if session.get_bind().dialect.name == "postgresql" else sqlite_insert
        for one in noted:
            heard = one.heard
            if heard.conversation_id not in alive:
                continue  # deleted meanwhile, or one without a person
            text = redact(heard.text, known.get(heard.actor, ()), self._order_pattern) if not heard.pressed else None
            if one.follows:
                self._follow(session, heard, text)
            if one.status is not None:
                new = insert(_table).values(_values(one, text or "")).on_conflict_do_nothing()
                session.execute(new)

    @staticmethod
    def _follow(session: Session, heard: Heard, text: str | None) -> None:
        """What came next, into the newest message of the conversation, once."""
        mine = (_table.c.conversation_id == heard.conversation_id) & (_table.c.message_id != heard.message_id)
        newest = select(func.max(_table.c.id)).where(mine).scalar_subquery()
        values = {"next_kind": "pressed" if heard.pressed else "typed", "next_intent": heard.intent, "next_text": text}
        known = select(_table.c.id).where(_table.c.message_id == heard.message_id)
        if session.execute(known).first() is None:  # a resent message follows nothing
            session.execute(update(_table).where(_table.c.id == newest, _table.c.next_kind.is_(None)).values(values))


def _names(session: Session, actors: set[Actor]) -> dict[Actor | None, set[str]]:
    """Ids and names of people and of the other parties of their newest orders."""
    found: dict[Actor | None, set[str]] = {}
    for actor in actors:
        mine = or_(OrderRow.customer_id == actor.id, OrderRow.seller_id == actor.id)
        newest = select(OrderRow.customer_id, OrderRow.seller_id).where(mine).order_by(OrderRow.updated_at.desc())
        people = {(actor.role.value, actor.id)}
        for customer_id, seller_id in session.execute(newest.limit(_ORDERS)):
            people |= {("customer", customer_id), ("seller", seller_id)}
        found[actor] = {person_id for _, person_id in people} | set(names(session, list(people)).values())
    return found


def _values(one: _Noted, text: str) -> dict[str, Any]:
    heard = one.heard
    ranking = [{"intent": name, "confidence": round(sure, 4)} for name, sure in heard.ranking[:_GUESSES]]
    return {
        "at": one.at,
        "conversation_id": heard.conversation_id,
        "message_id": heard.message_id,
        "role": heard.actor.role.value if heard.actor else None,
        "language": heard.language,
        "text": text,
        "intent": heard.intent,
        "confidence": round(heard.confidence, 4),
        "ranking": ranking,
        "status": one.status,
    }


def _item(row: UnderstoodRow) -> ReviewItem:
    return ReviewItem(
        id=row.id,
        at=row.at,
        role=row.role,
        language=row.language,
        text=row.text,
        intent=row.intent,
        confidence=row.confidence,
        ranking=tuple((guess["intent"], guess["confidence"]) for guess in row.ranking),
        status=Status(row.status),
        next_kind=row.next_kind,
        next_intent=row.next_intent,
        next_text=row.next_text,
    )
