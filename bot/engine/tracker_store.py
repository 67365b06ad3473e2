"""Rasa's tracker store, asynchronous and bounded: what a message costs does not grow with the conversation.

Rasa's own SQL store blocks the event loop, counts all events of the session and reads them all, on each message. This
one keeps a row for each turn, with the events it added and the state (slots, active loop) after it. Reading takes the
last few turns of the session and puts the state before them in front, as slot events; saving appends one row.

It also keeps the turn ledger: the replies to a message are written in the transaction that saves the conversation, so
a message is either answered and remembered, or neither. A turn that failed is not saved (see `bot.engine.turn`).
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

import msgspec
import sqlalchemy as sa
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core import events as rasa_events
from rasa.shared.core.domain import Domain
from rasa.shared.core.slots import Slot
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.backend.prepared import Prepared
from bot.engine.database import ConversationDatabase, ledger, turns
from bot.engine.encoding import to_json
from bot.engine.events import event_class
from bot.engine.turn import Reply, Turn, TurnFailedError, current_turn

#: How many turns of the session Rasa sees before the new one: two, so that one can be taken back. All rules are about
#: one message, and what matters longer is in slots; a policy that looks further back (memoization, stories) needs more.
TURNS_READ = 2

_CURSOR = "lotse_cursor"

# Made once: building a statement costs as much as running it, and so does SQLAlchemy's way to run it.
_CONVERSATION: sa.BindParameter[str] = sa.bindparam("conversation")
_MESSAGE: sa.BindParameter[str] = sa.bindparam("message")
_NEWEST = Prepared(
    sa.select(turns.c.number, turns.c.session, turns.c.events, turns.c.state)
    .where(turns.c.conversation_id == _CONVERSATION)
    .order_by(turns.c.number.desc())
    .limit(sa.bindparam("most", type_=sa.Integer))
)
_ALL = (
    sa.select(turns.c.number, turns.c.session, turns.c.events)
    .where(turns.c.conversation_id == _CONVERSATION)
    .order_by(turns.c.number)
)
_REPLIES = Prepared(
    sa.select(ledger.c.replies).where(ledger.c.conversation_id == _CONVERSATION, ledger.c.message_id == _MESSAGE)
)
_ADD_TURN = Prepared(sa.insert(turns), turns.c.keys())
_ADD_REPLIES = Prepared(sa.insert(ledger), ledger.c.keys())


@dataclass(slots=True)
class _Cursor:
    """How much of a tracker is stored already: its first `seen` events, in rows up to `number` of `session`."""

    number: int = 0
    session: int = 0
    seen: int = 0


class LotseTrackerStore(TrackerStore):
    """See the module. `url` names an SQLAlchemy database with an asynchronous driver."""

    def __init__(
        self,
        domain: Domain | None = None,
        event_broker: EventBroker | None = None,
        url: str = "sqlite+aiosqlite:///var/conversations.db",
        turns_read: int = TURNS_READ,
        **kwargs: Any,
    ) -> None:
        super().__init__(domain, event_broker, **kwargs)
        self._turns_read = turns_read
        self._database = ConversationDatabase(url)

    # -- Rasa's contract ---------------------------------------------------------------------------------------------

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """The end of the latest session."""
        turn = current_turn.get()
        if turn is not None and turn.conversation_id == sender_id and turn.stored is not None:
            newest_first, turn.stored = turn.stored, None  # `recall` has just read it
        else:
            newest_first = await self._database.look(lambda session: self._newest(session, sender_id))
        if not newest_first:
            return None
        last = newest_first[0]
        session = [row for row in newest_first if row.session == last.session]
        state = msgspec.json.decode(session[-1].state) if len(session) > self._turns_read else {}
        stored = [event for row in reversed(session[: self._turns_read]) for event in msgspec.json.decode(row.events)]
        return self._tracker(sender_id, stored, state, last.number, last.session)

    async def retrieve_full_tracker(self, conversation_id: str) -> DialogueStateTracker | None:
        """Everything, across sessions."""
        rows = await self._select(_ALL, conversation=conversation_id)
        if not rows:
            return None
        stored = [event for row in rows for event in msgspec.json.decode(row.events)]
        return self._tracker(conversation_id, stored, {}, rows[-1].number, rows[-1].session)

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Append what is new. Within a turn: only when it is over and nothing failed, and with its replies."""
        turn = current_turn.get()
        cursor: _Cursor | None = getattr(tracker, _CURSOR, None)
        if turn is not None and not turn.is_in(islice(tracker.events, cursor.seen if cursor else 0, None)):
            return  # Rasa saves new conversations before it looks at the message; that can wait.
        if cursor is None:
            cursor = _Cursor() if turn is not None and turn.is_first else await self._locate(tracker.sender_id)
        added = list(islice(tracker.events, cursor.seen, None))
        if turn is not None:
            turn.check(tracker)
        if self.event_broker is not None:
            await self._stream_new_events(self.event_broker, added, tracker.sender_id)
        rows = list(_rows(tracker, added, cursor))
        answered = [_ledger_row(turn)] if turn is not None else []
        if rows or answered:
            try:
                await self._database.write(partial(_append, rows=rows, answered=answered), short=True)
            except IntegrityError as error:
                if turn is None:
                    raise
                raise TurnFailedError("another process has gone on with this conversation") from error
        if rows:
            cursor = _Cursor(rows[-1]["number"], rows[-1]["session"], len(tracker.events))
        setattr(tracker, _CURSOR, cursor)
        if turn is not None:
            turn.saved = True

    async def exists(self, conversation_id: str) -> bool:
        return bool(await self._database.look(lambda session: self._newest(session, conversation_id)))

    async def keys(self) -> Iterable[str]:
        return [row.conversation_id for row in await self._select(sa.select(turns.c.conversation_id).distinct())]

    # -- Beyond Rasa's contract --------------------------------------------------------------------------------------

    async def replies(self, conversation_id: str, message_id: str) -> list[Reply] | None:
        """What was answered to this message, or None if it has not been handled."""
        asked = {"conversation": conversation_id, "message": message_id}
        replies = await self._database.look(lambda session: _REPLIES.scalar(session, asked))
        return None if replies is None else msgspec.json.decode(replies, type=list[Reply])

    async def recall(self, turn: Turn) -> list[Reply] | None:
        """Like `replies` for the message of `turn`; if there are none, also reads what `retrieve` will be asked for.

        The caller holds the conversation's lock, so that nothing changes between the two.
        """

        def work(session: Session) -> str | None:
            asked = {"conversation": turn.conversation_id, "message": turn.message_id}
            replies: str | None = _REPLIES.scalar(session, asked)
            if replies is None:
                turn.stored = self._newest(session, turn.conversation_id)
                turn.is_first = not turn.stored
            return replies

        replies = await self._database.look(work)
        return None if replies is None else msgspec.json.decode(replies, type=list[Reply])

    async def delete(self, conversation_id: str) -> None:
        """Forget a conversation and its replies."""
        await self._delete(
            sa.delete(turns).where(turns.c.conversation_id == conversation_id),
            sa.delete(ledger).where(ledger.c.conversation_id == conversation_id),
        )

    async def delete_silent_since(self, instant: float) -> None:
        """Forget conversations without a turn since `instant` (Unix time), and what the ledger knows from before."""
        silent = sa.select(turns.c.conversation_id).group_by(turns.c.conversation_id)
        silent = silent.having(sa.func.max(turns.c.at) < instant)
        await self._delete(
            sa.delete(turns).where(turns.c.conversation_id.in_(silent)),
            sa.delete(ledger).where(ledger.c.at < instant),
        )

    async def ping(self) -> None:
        """Raise if the database does not answer."""
        await self._select(sa.select(sa.literal(1)))

    async def close(self) -> None:
        await self._database.close()

    # -- Inside ------------------------------------------------------------------------------------------------------

    async def _select(self, statement: sa.Select[Any], **values: Any) -> list[sa.Row[Any]]:
        return await self._database.read(lambda session: list(session.execute(statement, values)))

    def _newest(self, session: Session, conversation_id: str) -> Sequence[Any]:
        """The rows that `retrieve` needs: one more than it shows, for the state before them."""
        asked = {"conversation": conversation_id, "most": self._turns_read + 1}
        return _NEWEST.rows(session, asked)

    async def _delete(self, *statements: sa.Delete) -> None:
        def work(session: Session) -> None:
            for statement in statements:
                session.connection().execute(statement)

        await self._database.write(work)

    def _tracker(
        self, sender_id: str, stored: list[dict[str, Any]], state: dict[str, Any], number: int, session: int
    ) -> DialogueStateTracker:
        events = [event_class(event["event"])._from_parameters(event) for event in stored]
        before = list(_recalled(state, self.domain, events[0].timestamp if events else None))
        tracker = DialogueStateTracker(sender_id, (), self.max_event_history)
        tracker.slots = {slot.name: _fresh(slot) for slot in self.domain.slots}
        for event in (*before, *events):
            tracker.update(event)
        setattr(tracker, _CURSOR, _Cursor(number, session, len(tracker.events)))
        return tracker

    async def _locate(self, sender_id: str) -> _Cursor:
        """For a tracker that was not read from here: like Rasa's own store, take it for the latest session."""
        rows = await self._select(
            sa.select(sa.func.max(turns.c.number).label("number"), turns.c.session, sa.func.sum(turns.c.event_count))
            .where(turns.c.conversation_id == sender_id)
            .group_by(turns.c.session)
            .order_by(turns.c.session.desc())
            .limit(1)
        )
        return _Cursor(*rows[0]) if rows else _Cursor()


def _fresh(slot: Slot) -> Slot:
    """A slot of the domain for one conversation, without its value; a tenth of what `copy.copy` costs."""
    made: Slot = object.__new__(type(slot))
    made.__dict__.update(slot.__dict__)
    made.reset()
    return made


def _append(session: Session, rows: list[dict[str, Any]], answered: list[dict[str, Any]]) -> None:
    for statement, values in ((_ADD_TURN, rows), (_ADD_REPLIES, answered)):
        if values:
            statement.run(session, *values)


def _rows(tracker: DialogueStateTracker, added: list[Any], cursor: _Cursor) -> Iterator[dict[str, Any]]:
    """One row for what was added; one more for each session that began in it."""
    parts: list[list[Any]] = [[]]
    for event in added:
        if isinstance(event, rasa_events.SessionStarted):
            parts.append([])
        parts[-1].append(event)
    number, session, now = cursor.number, cursor.session, time.time()
    for index, part in enumerate(parts):
        session += index > 0
        if part:
            number += 1
            yield {
                "conversation_id": tracker.sender_id,
                "number": number,
                "session": session,
                "at": now,
                "event_count": len(part),
                "events": to_json([event.as_dict() for event in part]).decode(),
                # Before a later part a session begins, which forgets all: only the state at the end is ever read.
                "state": to_json(_state(tracker)).decode() if index == len(parts) - 1 else "{}",
            }


def _ledger_row(turn: Turn) -> dict[str, Any]:
    return {
        "conversation_id": turn.conversation_id,
        "message_id": turn.message_id,
        "at": time.time(),
        "replies": to_json(turn.replies).decode(),
    }


def _state(tracker: DialogueStateTracker) -> dict[str, Any]:
    """What a later turn must know even when it no longer sees the events that led to it."""
    changed = {name: slot.value for name, slot in tracker.slots.items() if slot.value != slot.initial_value}
    return {"slots": changed, "loop": tracker.active_loop_name, "paused": tracker.is_paused()}


def _recalled(state: dict[str, Any], domain: Domain, timestamp: float | None) -> Iterator[Any]:
    """The same as events, for slots that the domain still has."""
    known = {slot.name for slot in domain.slots}
    for name, value in state.get("slots", {}).items():
        if name in known:
            yield rasa_events.SlotSet(name, value, timestamp=timestamp)
    if state.get("loop"):
        yield rasa_events.ActiveLoop(state["loop"], timestamp=timestamp)
    if state.get("paused"):
        yield rasa_events.ConversationPaused(timestamp=timestamp)
