"""The person's side of a handover: the sentence that names what is handed over, and the yes to it.

A handover is somebody's own wish and its own thing: nothing here is written by a dispute, and nothing of a dispute by
it (M-21).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from actions.backend import events, handover_rows
from actions.backend.chat_tables import MessageRow
from actions.backend.chat_views import Author
from actions.backend.clock import Clock
from actions.backend.columns import new_id
from actions.backend.database import Database
from actions.backend.handover_tables import HandoverRow
from actions.backend.handover_views import Handover, HandoverConfirmation, HandoverStatus, History, Material, Scope
from actions.backend.proposals import LIFETIME
from actions.backend.results import ConfirmStatus
from actions.backend.tables import table
from actions.policy import Actor

_messages = table(MessageRow)
LONGEST_HISTORY = 50  # messages


class HandoverOffers:
    """Offers belong to one person in one conversation; to anybody else they do not exist."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def history(self, conversation_id: str, up_to_seq: int) -> History | None:
        """The last messages up to this number, as many as can be handed over; None when there are none."""
        mine = (_messages.c.conversation_id == conversation_id) & (_messages.c.seq <= up_to_seq)
        mine &= _messages.c.seq > up_to_seq - LONGEST_HISTORY
        query = select(func.min(_messages.c.seq), func.count()).where(mine)

        def work(session: Session) -> History | None:
            first, count = session.execute(query).one()
            if not count:
                return None
            at = select(_messages.c.at).where(_messages.c.conversation_id == conversation_id, _messages.c.seq == first)
            return History(first, up_to_seq, count, session.execute(at).scalar_one())

        return await self._database.read(work)

    async def create(
        self, conversation_id: str, actor: Actor, material: Material, *, sentence: str, locale: str
    ) -> Handover:
        """Keep what is about to be shown; an earlier offer of this conversation no longer counts."""

        def work(session: Session) -> Handover:
            earlier = HandoverRow.conversation_id == conversation_id
            offered = update(HandoverRow).where(earlier, HandoverRow.status == HandoverStatus.OFFERED.value)
            session.execute(offered.values(status=HandoverStatus.DISCARDED.value))
            now = self._clock.real_now()
            scope = Scope.CONVERSATION if material.messages else Scope.SUMMARY
            row = HandoverRow(
                id=new_id("H"),
                number=None,
                conversation_id=conversation_id,
                actor_role=actor.role.value,
                actor_id=actor.id,
                status=HandoverStatus.OFFERED.value,
                scope=scope.value,
                locale=locale,
                sentence=sentence,
                material=material.to_json(),
                offered_at=now,
                expires_at=now + LIFETIME,
            )
            session.add(row)
            return handover_rows.view(row)

        return await self._database.write(work)

    async def discard(self, handover_id: str, conversation_id: str) -> bool:
        """The person said no. Whether there was something to discard."""
        mine = (HandoverRow.id == handover_id) & (HandoverRow.conversation_id == conversation_id)

        def work(session: Session) -> bool:
            offered = update(HandoverRow).where(mine, HandoverRow.status == HandoverStatus.OFFERED.value)
            discarded = offered.values(status=HandoverStatus.DISCARDED.value).returning(HandoverRow.id)
            return bool(session.execute(discarded).all())

        return await self._database.write(work)

    async def confirm(
        self, handover_id: str, conversation_id: str, actor: Actor, message_id: str, seq: int
    ) -> HandoverConfirmation:
        """Hand over exactly what was shown. `seq`: the number of the message that said yes.

        EXPIRED is also an offer that was discarded or replaced, ALREADY_DONE also when another handover is open.
        """

        def work(session: Session) -> HandoverConfirmation:
            row = handover_rows.locked(session, handover_id)
            mine = (conversation_id, actor.role.value, actor.id)
            if row is None or (row.conversation_id, row.actor_role, row.actor_id) != mine:
                return HandoverConfirmation(ConfirmStatus.UNKNOWN)
            now = self._clock.real_now()
            if row.confirmed_by is not None:
                again = row.confirmed_by == message_id
                status = ConfirmStatus.EXECUTED if again else ConfirmStatus.ALREADY_DONE
                return HandoverConfirmation(status, handover_rows.view(row))
            if (other := handover_rows.open_in(session, conversation_id)) is not None:
                return HandoverConfirmation(ConfirmStatus.ALREADY_DONE, handover_rows.view(other))
            if row.status != HandoverStatus.OFFERED or now > row.expires_at:
                return HandoverConfirmation(ConfirmStatus.EXPIRED, handover_rows.view(row))
            self._start(session, row, message_id, seq, now)
            return HandoverConfirmation(ConfirmStatus.EXECUTED, handover_rows.view(row))

        return await self._database.upsert(work)

    async def agent_spoke_since(self, conversation_id: str, seq: int) -> bool:
        """Whether the desk wrote after message number `seq`: a yes after that need not be to an older question."""
        later = (_messages.c.conversation_id == conversation_id) & (_messages.c.seq > seq)
        query = select(_messages.c.seq).where(later, _messages.c.author == Author.AGENT.value).limit(1)
        return await self._database.read(lambda session: session.execute(query).first() is not None)

    def _start(self, session: Session, row: HandoverRow, message_id: str, seq: int, now: datetime) -> None:
        row.status, row.confirmed_by, row.started_seq = HandoverStatus.WAITING.value, message_id, seq
        row.requested_at = row.heard_at = now
        row.number = events.next_number(session, "handovers")
        session.flush()
        handover_rows.pause(session, row.conversation_id, row.id)
        actor = {"role": row.actor_role, "id": row.actor_id}
        told = handover_rows.event(row, "requested", self._clock.read(session), actor=actor, locale=row.locale)
        events.append(session, [told], now)
