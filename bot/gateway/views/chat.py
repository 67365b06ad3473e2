"""What people write and read."""

from __future__ import annotations

import asyncio
import time
from http import HTTPStatus

from actions.backend import MessageConflict, Paused, Said, StoredMessage, UnknownButton
from bot.gateway.chat import message_json
from bot.gateway.permission import PersonCall
from bot.gateway.problems import Problem
from bot.gateway.schemas.chat import Answer, MessageIn, MessagesOut, MessagesQuery, PausedOut, SeenIn, SeenOut
from bot.gateway.services import LIMIT, Services


async def post_message(call: PersonCall, body: MessageIn) -> Answer:
    """Say something or press a button. The same id again gives the same answer and does nothing."""
    incoming = Said(str(body.id), body.text, body.payload, last_seen_seq=body.last_seen_seq)
    try:
        answered = await call.services.chat.post(call.person, incoming)
    except MessageConflict:
        detail = "this message id was used before for other content"
        raise Problem(HTTPStatus.CONFLICT, "message_conflict", detail) from None
    except UnknownButton:
        detail = "this payload was never handed out in this conversation"
        raise Problem(HTTPStatus.NOT_FOUND, "button_unknown", detail) from None
    return Answer(
        status="pending" if answered.pending else "answered",
        messages=tuple(message_json(message) for message in answered.messages),
        handover=paused_out(call.services, answered.paused),
    )


async def get_messages(call: PersonCall, query: MessagesQuery) -> MessagesOut:
    """All messages of the conversation after a number: the person's own, the assistant's, and notices.

    With `wait` this is a long poll, for those who cannot keep a WebSocket to `/v1/chat/live`.
    """
    messages = await call.services.chat.replay(call.person, query.after, query.limit)
    if not messages and query.wait:
        messages = await _awaited(call, query)
    following = messages[-1].seq if messages else query.after
    return MessagesOut(
        messages=tuple(message_json(message) for message in messages),
        next=following,
        handover=paused_out(call.services, await call.services.chat.paused(call.person)),
    )


async def post_seen(call: PersonCall, body: SeenIn) -> SeenOut:
    """Say what the person has on their screen, so that no device counts it as unread. Going back changes nothing."""
    return SeenOut(seen=await call.services.chat.seen(call.person, body.seq))


def paused_out(services: Services, paused: Paused | None) -> PausedOut | None:
    """The open handover as in the contract."""
    state = services.desk.state(paused)
    return PausedOut(**state) if state is not None else None


async def _awaited(call: PersonCall, query: MessagesQuery) -> list[StoredMessage]:
    """The first messages that come within ``wait`` seconds, or none. A token that ends meanwhile ends the waiting."""
    services = call.services
    conversation = await services.chat.conversation(call.person)
    seconds = min(float(query.wait), services.config.longest_wait, call.person.expires_at - time.time())
    loop = asyncio.get_running_loop()
    ends = loop.time() + seconds
    call.request[LIMIT].reschedule(ends + services.config.request_within)
    with services.hub.listen(conversation.id) as listener:
        while True:
            head = listener.head
            if head is not None and head.last_seq > query.after:
                return await services.chat.read(conversation, query.after, query.limit)
            if listener.closing or not await listener.news(ends - loop.time()):
                return []
