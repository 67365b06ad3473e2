"""What people write and read."""

from __future__ import annotations

from http import HTTPStatus

from actions.backend import MessageConflict, UnknownButton
from bot.gateway.chat import Incoming, message_json
from bot.gateway.permission import PersonCall
from bot.gateway.problems import Problem
from bot.gateway.schemas.chat import Answer, MessageIn, MessagesOut, MessagesQuery


async def post_message(call: PersonCall, body: MessageIn) -> Answer:
    """Say something or press a button. The same id again gives the same answer and does nothing."""
    incoming = Incoming(str(body.id), body.text, body.payload, body.last_seen_seq)
    try:
        answered = await call.services.chat.post(call.person, incoming)
    except MessageConflict:
        detail = "this message id was used before for other content"
        raise Problem(HTTPStatus.CONFLICT, "message_conflict", detail) from None
    except UnknownButton:
        detail = "this payload was never handed out in this conversation"
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "button_unknown", detail) from None
    return Answer(
        status="pending" if answered.pending else "answered",
        messages=tuple(message_json(message) for message in answered.messages),
    )


async def get_messages(call: PersonCall, query: MessagesQuery) -> MessagesOut:
    """All messages of the conversation after a number: the person's own, the assistant's, and notices."""
    messages = await call.services.chat.replay(call.person, query.after, query.limit)
    following = messages[-1].seq if messages else query.after
    return MessagesOut(messages=tuple(message_json(message) for message in messages), next=following)
