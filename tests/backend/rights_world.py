"""A person with something in every place, each with a word of its own that can be looked for."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import MetaData, create_engine, select

from actions.backend import Backend, Reply, ReplyButton
from actions.backend.database import database_url
from actions.backend.outbox import OutboxRow
from actions.backend.pseudonyms import Traces
from actions.policy import Actor
from tests.backend import world


class FakeMemory:
    """The dialogue engine's part, as far as the backend knows it."""

    def __init__(self) -> None:
        self.kept: dict[str, list[Mapping[str, Any]]] = {}
        self.forgotten: list[str] = []
        self.scrubbed: list[str] = []

    async def forget(self, conversation_ids: Collection[str]) -> None:
        self.forgotten += conversation_ids
        for id_ in conversation_ids:
            self.kept.pop(id_, None)

    async def scrub(self, conversation_ids: Collection[str], traces: Traces) -> None:
        self.scrubbed += conversation_ids
        for id_ in conversation_ids:
            self.kept[id_] = [traces.json(row) for row in self.kept.get(id_, ())]

    async def pages(self, conversation_id: str) -> AsyncIterator[list[Mapping[str, Any]]]:
        if conversation_id in self.kept:
            yield self.kept[conversation_id]


def everything(url: str) -> str:
    """All that stands in all tables of a database, one row a line, as JSON with its letters as they are."""
    engine = create_engine(database_url(url))
    try:
        with engine.connect() as connection:
            found = MetaData()
            found.reflect(connection)
            return "\n".join(
                f"{table.name}: " + json.dumps([_shown(value) for value in row], ensure_ascii=False, default=str)
                for table in found.sorted_tables
                for row in connection.execute(select(table))
            )
    finally:
        engine.dispose()


def _shown(value: Any) -> Any:
    """JSON columns are read as text by reflection on SQLite, with their letters escaped."""
    if isinstance(value, str) and value[:1] in "{[":
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def lines_with(text: str, words: Iterable[str]) -> list[str]:
    return [line for line in text.splitlines() if any(word in line for word in words)]


async def deliver_all(backend: Backend) -> None:
    """Notices as the gateway writes them: with the name and the quoted words."""
    while rows := await backend.outbox.pending():
        for row in rows:
            await deliver(backend, row)


async def deliver(backend: Backend, row: OutboxRow) -> bool:
    said = " ".join(str(row.params.get("text") or row.params.get("reason") or "").replace('"', "'").split())
    text = f"{row.params.get('by_name') or 'Jemand'} zu {row.order_id}: „{said}“."
    return await world.deliver(backend, row, text, [ReplyButton("Antworten", "/inform")]) is not None


async def chat(backend: Backend, actor: Actor, client_id: str, text: str, *replies: str, name: str = "") -> str:
    """A message and its answer; the conversation's id."""
    conversation = await backend.conversations.open("", actor.role, actor.id)
    await backend.people.touch(actor.role, actor.id, name=name or None, zoneinfo="Europe/Berlin")
    received = await backend.conversations.add_person_message(conversation.id, client_id, text=text, owner=client_id)
    assert received.turn is not None
    await backend.conversations.complete(received.turn, [Reply(reply) for reply in replies], owner=client_id)
    return conversation.id


LATER = timedelta(days=400)
