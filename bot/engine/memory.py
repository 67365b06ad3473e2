"""Rasa's conversations as a person's data: read, forgotten, and freed of somebody who is to be forgotten.

Needs nothing of Rasa, so that the gateway can do it while Rasa is down. Rasa only ever appends to its conversations:
what is changed or removed here is not in anybody's way.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from functools import partial
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session

from actions.backend.pseudonyms import Traces, matching
from bot.engine.database import ConversationDatabase, ledger, turns
from bot.engine.encoding import to_json

_PAGE = 50
_AT_ONCE = 500


class RasaMemory:
    """What Rasa keeps, in the database of `url`. Methods raise DatabaseUnavailable."""

    def __init__(self, url: str) -> None:
        self._database = ConversationDatabase(url)

    async def forget(self, conversation_ids: Collection[str]) -> None:
        """Remove everything about these conversations."""
        ids = sorted(conversation_ids)
        for start in range(0, len(ids), _AT_ONCE):
            await self._database.write(partial(_forget, ids=ids[start : start + _AT_ONCE]))

    async def scrub(self, conversation_ids: Collection[str], traces: Traces) -> None:
        """Take somebody's words and names out of other people's conversations, but for what these typed themselves."""
        for id_ in sorted(conversation_ids) if traces.probes else ():
            await self._database.write(partial(_scrub, conversation_id=id_, traces=traces))

    async def pages(self, conversation_id: str) -> AsyncIterator[list[Mapping[str, Any]]]:
        """The turns of a conversation with their events, in order, then the replies by message."""
        last = 0
        while rows := await self._database.read(partial(_turns, conversation_id=conversation_id, after=last)):
            yield rows
            last = int(rows[-1]["number"])
        after = ""
        while rows := await self._database.read(partial(_replies, conversation_id=conversation_id, after=after)):
            yield rows
            after = str(rows[-1]["message_id"])

    async def close(self) -> None:
        """Close all connections."""
        await self._database.close()


def _forget(session: Session, ids: list[str]) -> None:
    for kept in (turns, ledger):
        session.execute(sa.delete(kept).where(kept.c.conversation_id.in_(ids)))


def _turns(session: Session, conversation_id: str, after: int) -> list[Mapping[str, Any]]:
    mine = (turns.c.conversation_id == conversation_id) & (turns.c.number > after)
    query = sa.select(turns).where(mine).order_by(turns.c.number).limit(_PAGE)
    return [
        {**row, "events": msgspec.json.decode(row["events"]), "state": msgspec.json.decode(row["state"])}
        for row in session.execute(query).mappings()
    ]


def _replies(session: Session, conversation_id: str, after: str) -> list[Mapping[str, Any]]:
    mine = (ledger.c.conversation_id == conversation_id) & (ledger.c.message_id > after)
    query = sa.select(ledger).where(mine).order_by(ledger.c.message_id).limit(_PAGE)
    return [{**row, "replies": msgspec.json.decode(row["replies"])} for row in session.execute(query).mappings()]


def _scrub(session: Session, conversation_id: str, traces: Traces) -> None:
    mine = turns.c.conversation_id == conversation_id
    suspect = sa.or_(*matching((turns.c.events, turns.c.state), traces.probes))
    for row in session.execute(sa.select(turns).where(mine, suspect)).all():
        events = [
            event if event.get("event") == "user" else traces.json(event) for event in msgspec.json.decode(row.events)
        ]
        new = {"events": _text(events), "state": _text(traces.json(msgspec.json.decode(row.state)))}
        session.execute(sa.update(turns).where(mine, turns.c.number == row.number).values(new))
    answered = ledger.c.conversation_id == conversation_id
    suspect = sa.or_(*matching((ledger.c.replies,), traces.probes))
    for row in session.execute(sa.select(ledger).where(answered, suspect)).all():
        replies = _text(traces.json(msgspec.json.decode(row.replies)))
        session.execute(
            sa.update(ledger).where(answered, ledger.c.message_id == row.message_id).values(replies=replies)
        )


def _text(value: Any) -> str:
    return to_json(value).decode()
