"""Rasa's tracker store, asynchronous and bounded: what a message costs does not grow with the conversation.

Rasa's own SQL store blocks the event loop, counts all events of the session and reads them all, on each message. This
one keeps a row for each turn, with the events it added and the state (slots, active loop) after it. Reading takes the
last few turns of the session and puts the state before them in front, as slot events; saving appends one row.

It also keeps the turn ledger: the replies to a message are written in the transaction that saves the conversation, so
a message is either answered and remembered, or neither. A turn that failed is not saved (see `bot.engine.turn`).
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any

import msgspec
import sqlalchemy as sa
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core import events as rasa_events
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker

from bot.engine.database import ConversationDatabase, ledger, turns
from bot.engine.encoding import to_json
from bot.engine.turn import Reply, Turn, current_turn

#: How many turns of the session Rasa sees. Rules look back one or two; what matters longer is in slots.
TURNS_READ = 3

_CURSOR = "lotse_cursor"


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
        newest_first = await self._database.read(
            sa.select(turns.c.number, turns.c.session, turns.c.events, turns.c.state)
            .where(turns.c.conversation_id == sender_id)
            .order_by(turns.c.number.desc())
            .limit(self._turns_read + 1)
        )
        if not newest_first:
            return None
        last = newest_first[0]
        session = [row for row in newest_first if row.session == last.session]
        state = msgspec.json.decode(session[-1].state) if len(session) > self._turns_read else {}
        stored = [event for row in reversed(session[: self._turns_read]) for event in msgspec.json.decode(row.events)]
        return self._tracker(sender_id, stored, state, last.number, last.session)

    async def retrieve_full_tracker(self, conversation_id: str) -> DialogueStateTracker | None:
        """Everything, across sessions."""
        rows = await self._database.read(
            sa.select(turns.c.number, turns.c.session, turns.c.events)
            .where(turns.c.conversation_id == conversation_id)
            .order_by(turns.c.number)
        )
        if not rows:
            return None
        stored = [event for row in rows for event in msgspec.json.decode(row.events)]
        return self._tracker(conversation_id, stored, {}, rows[-1].number, rows[-1].session)

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Append what is new. Within a turn: only when it is over and nothing failed, and with its replies."""
        cursor: _Cursor = getattr(tracker, _CURSOR, None) or await self._locate(tracker.sender_id)
        added = list(islice(tracker.events, cursor.seen, None))
        turn = current_turn.get()
        if turn is not None:
            if not turn.is_in(added):
                return  # Rasa saves new conversations before it looks at the message; that can wait.
            turn.check(tracker)
        if self.event_broker is not None:
            await self._stream_new_events(self.event_broker, added, tracker.sender_id)
        rows = list(_rows(tracker, added, cursor))
        answered = [_ledger_row(turn)] if turn is not None else []
        await self._database.write((sa.insert(turns), rows), (sa.insert(ledger), answered))
        if rows:
            cursor = _Cursor(rows[-1]["number"], rows[-1]["session"], len(tracker.events))
        setattr(tracker, _CURSOR, cursor)
        if turn is not None:
            turn.saved = True

    async def exists(self, conversation_id: str) -> bool:
        known = sa.select(turns.c.number).where(turns.c.conversation_id == conversation_id).limit(1)
        return bool(await self._database.read(known))

    async def keys(self) -> Iterable[str]:
        return [row.conversation_id for row in await self._database.read(sa.select(turns.c.conversation_id).distinct())]

    # -- Beyond Rasa's contract --------------------------------------------------------------------------------------

    async def replies(self, conversation_id: str, message_id: str) -> list[Reply] | None:
        """What was answered to this message, or None if it has not been handled."""
        rows = await self._database.read(
            sa.select(ledger.c.replies).where(
                ledger.c.conversation_id == conversation_id, ledger.c.message_id == message_id
            )
        )
        return msgspec.json.decode(rows[0].replies, type=list[Reply]) if rows else None

    async def delete(self, conversation_id: str) -> None:
        """Forget a conversation and its replies."""
        await self._database.write(
            (sa.delete(turns).where(turns.c.conversation_id == conversation_id), None),
            (sa.delete(ledger).where(ledger.c.conversation_id == conversation_id), None),
        )

    async def delete_silent_since(self, instant: float) -> None:
        """Forget conversations without a turn since `instant` (Unix time), and what the ledger knows from before."""
        silent = sa.select(turns.c.conversation_id).group_by(turns.c.conversation_id)
        silent = silent.having(sa.func.max(turns.c.at) < instant)
        await self._database.write(
            (sa.delete(turns).where(turns.c.conversation_id.in_(silent)), None),
            (sa.delete(ledger).where(ledger.c.at < instant), None),
        )

    async def ping(self) -> None:
        """Raise if the database does not answer."""
        await self._database.read(sa.select(sa.literal(1)))

    async def close(self) -> None:
        await self._database.close()

    # -- Inside ------------------------------------------------------------------------------------------------------

    def _tracker(
        self, sender_id: str, stored: list[dict[str, Any]], state: dict[str, Any], number: int, session: int
    ) -> DialogueStateTracker:
        events = [_event_class(event["event"])._from_parameters(event) for event in stored]
        before = list(_recalled(state, self.domain, events[0].timestamp if events else None))
        tracker = DialogueStateTracker.from_events(
            sender_id, before + events, self.domain.slots, self.max_event_history
        )
        setattr(tracker, _CURSOR, _Cursor(number, session, len(tracker.events)))
        return tracker

    async def _locate(self, sender_id: str) -> _Cursor:
        """For a tracker that was not read from here: like Rasa's own store, take it for the latest session."""
        rows = await self._database.read(
            sa.select(sa.func.max(turns.c.number).label("number"), turns.c.session, sa.func.sum(turns.c.event_count))
            .where(turns.c.conversation_id == sender_id)
            .group_by(turns.c.session)
            .order_by(turns.c.session.desc())
            .limit(1)
        )
        return _Cursor(*rows[0]) if rows else _Cursor()


@cache
def _event_class(type_name: str) -> type[rasa_events.Event]:
    """Rasa looks through all classes of events for each event that it reads: a quarter of a turn."""
    return rasa_events.Event.resolve_by_type(type_name)


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
