"""Writing to the assistant and being answered, for the tests of conversations."""

from __future__ import annotations

from typing import Any

from actions.backend import Backend, Conversation, Received, Reply, ReplyButton, StoredMessage

YES = Reply("Soll ich?", (ReplyButton("Ja", '/affirm{"proposal_id": "P-1"}'), ReplyButton("Nein", "/deny")))


async def say(
    backend: Backend, chat: Conversation, client_id: str, text: str = "Hallo", owner: str = "", **more: Any
) -> Received:
    return await backend.conversations.add_person_message(
        chat.id, client_id, text=text, owner=owner or f"turn-{client_id}", **more
    )


async def turn(backend: Backend, chat: Conversation, client_id: str, *replies: Reply) -> tuple[StoredMessage, ...]:
    received = await say(backend, chat, client_id)
    assert received.turn is not None
    completed = await backend.conversations.complete(received.turn, replies, owner=f"turn-{client_id}")
    return completed.replies


async def seqs(backend: Backend, chat: Conversation) -> list[int]:
    return [message.seq for message in await backend.conversations.messages(chat.id, limit=1000)]
