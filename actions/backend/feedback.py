"""Whether it helped (M-40): asked once a person and settled case, answered with a thumb; words only if asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, case, func, insert, select
from sqlalchemy.orm import Session

from actions.backend import events
from actions.backend.chat_tables import ConversationRow
from actions.backend.clock import Clock
from actions.backend.columns import new_id
from actions.backend.database import Database
from actions.backend.handover_tables import FeedbackRow
from actions.backend.handover_views import Feedback, FeedbackPage, Rating, Settled, SettledCase, Tally
from actions.backend.prepared import Prepared
from actions.backend.tables import table
from actions.policy import Actor, Role

_table = table(FeedbackRow)
_ASKED = Prepared(
    select(_table.c.id, _table.c.asked_by, _table.c.rating).where(
        *(_table.c.actor_role == bindparam("as"), _table.c.actor_id == bindparam("person")),
        *(_table.c.case_kind == bindparam("kind"), _table.c.case_id == bindparam("case")),
    )
)
_NEW = Prepared(insert(_table), _table.columns.keys())
_conversations = table(ConversationRow)
_KEPT = Prepared(select(_conversations.c.id).where(_conversations.c.id == bindparam("conversation")))


@dataclass(frozen=True, slots=True)
class Said:
    """The message that settles a case: whose, and the real time."""

    conversation_id: str
    actor: Actor
    message_id: str
    at: datetime


def ask(session: Session, said: Said, settled: SettledCase) -> str | None:
    """The id of the question, if this message is the one whose answer asks it; None if it was asked before.

    Also None in a conversation that no gateway keeps (`rasa shell`), with which it could not be deleted. The case is
    settled all the same.
    """
    actor = said.actor
    case = {"as": actor.role.value, "person": actor.id, "kind": settled.kind, "case": settled.id}
    if (known := _ASKED.first(session, case)) is not None:
        return known.id if known.asked_by == said.message_id and known.rating is None else None
    if _KEPT.first(session, {"conversation": said.conversation_id}) is None:
        return None
    row = {
        **dict.fromkeys(_table.columns.keys()),
        "id": new_id("B"),
        "conversation_id": said.conversation_id,
        "actor_role": actor.role.value,
        "actor_id": actor.id,
        "case_kind": settled.kind,
        "case_id": settled.id,
        "order_id": settled.order_id,
        "outcome": settled.outcome.value,
        "asked_by": said.message_id,
        "asked_at": said.at,
    }
    _NEW.run(session, row)
    return str(row["id"])


class FeedbackStore:
    """Questions and their answers. Somebody else's question does not exist."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def rate(self, feedback_id: str, actor: Actor, rating: Rating) -> Feedback | None:
        """Keep the thumb; a later one replaces it. None for an unknown question or another person's."""

        def work(session: Session) -> Feedback | None:
            row = self._find(session, feedback_id, actor)
            if row is None:
                return None
            if row.rating == rating:
                return _view(row)
            now = self._clock.real_now()
            row.number = row.number or events.next_number(session, "feedback")
            row.rating, row.rated_at = rating.value, now
            session.flush()
            events.append(session, [self._event(session, row, "given")], now)
            return _view(row)

        return await self._database.upsert(work)

    async def comment(self, feedback_id: str, actor: Actor, text: str) -> bool:
        """Keep the words that were asked for after the thumb, once; the same again is no second comment."""

        def work(session: Session) -> bool:
            row = self._find(session, feedback_id, actor)
            if row is None or row.rating is None or row.comment not in (None, text):
                return False
            if row.comment is None:
                now = self._clock.real_now()
                row.comment, row.commented_at = text, now
                session.flush()
                events.append(session, [self._event(session, row, "commented")], now)
            return True

        return await self._database.write(work)

    async def page(
        self, after: int = 0, limit: int = 50, *, outcome: Settled | None = None, role: Role | None = None
    ) -> FeedbackPage:
        """Ratings with numbers greater than `after`, and how many there are of each, of one outcome or role or all."""
        only = []
        if outcome is not None:
            only.append(FeedbackRow.outcome == outcome.value)
        if role is not None:
            only.append(FeedbackRow.actor_role == role.value)
        query = select(FeedbackRow).where(FeedbackRow.number > after, *only).order_by(FeedbackRow.number).limit(limit)
        counts = select(
            FeedbackRow.outcome,
            func.count(),
            *(func.sum(case((FeedbackRow.rating == rating.value, 1), else_=0)) for rating in Rating),
            func.count(FeedbackRow.comment),
        )

        def work(session: Session) -> FeedbackPage:
            rows = session.scalars(query).all()
            grouped = session.execute(counts.where(*only).group_by(FeedbackRow.outcome)).all()
            tallies = {Settled(name): Tally(*(int(count) for count in found)) for name, *found in grouped}
            following = (rows[-1].number or after) if rows else after
            return FeedbackPage(tuple(_view(row) for row in rows), following, _sum(tallies), tallies)

        return await self._database.read(work)

    @staticmethod
    def _find(session: Session, feedback_id: str, actor: Actor) -> FeedbackRow | None:
        query = select(FeedbackRow).where(FeedbackRow.id == feedback_id).with_for_update()
        row = session.scalar(query)
        mine = row is not None and (row.actor_role, row.actor_id) == (actor.role.value, actor.id)
        return row if mine else None

    def _event(self, session: Session, row: FeedbackRow, kind: str) -> events.NewEvent:
        """References and the thumb; the words are fetched, not told."""
        data = {
            "type": f"feedback.{kind}",
            "feedback_id": row.id,
            "conversation_id": row.conversation_id,
            "case": {"kind": row.case_kind, "id": row.case_id, "order_id": row.order_id},
            "outcome": row.outcome,
            "rating": row.rating,
        }
        return events.NewEvent(events.FEEDBACK, self._clock.read(session), None, data)


def _view(row: FeedbackRow) -> Feedback:
    if row.number is None or row.rating is None or row.rated_at is None:
        raise ValueError("a question without an answer is no feedback")
    return Feedback(
        id=row.id,
        number=row.number,
        conversation_id=row.conversation_id,
        role=Role(row.actor_role),
        person_id=row.actor_id,
        case=SettledCase(row.case_kind, row.case_id, Settled(row.outcome), row.order_id),
        asked_at=row.asked_at,
        rating=Rating(row.rating),
        rated_at=row.rated_at,
        comment=row.comment,
        commented_at=row.commented_at,
    )


def _sum(tallies: Mapping[Settled, Tally]) -> Tally:
    found = list(tallies.values())
    return Tally(*(sum(getattr(tally, name) for tally in found) for name in ("asked", "up", "down", "comments")))
