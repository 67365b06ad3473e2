"""The one way into Rasa: a private channel for the gateway, which vouches for the person and numbers the messages."""

from __future__ import annotations

import hmac
import os
import re
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import structlog
from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse, json

from bot import request_ids
from bot.engine import metrics
from bot.engine.tracker_store import LotseTrackerStore
from bot.engine.turn import TurnFailedError

SECRET_HEADER = "X-Lotse-Secret"  # noqa: S105 - the name of the header

_PAYLOAD = re.compile(r"/(?P<intent>\w+)(?P<values>\{.*\})?", re.DOTALL)

log = structlog.get_logger(__name__)


class Incoming(msgspec.Struct, forbid_unknown_fields=True):
    """What the gateway sends: a typed text, or the payload (`/intent{json}`) of a button that it has verified."""

    conversation_id: str
    message_id: str
    text: str | None = None
    payload: str | None = None
    metadata: dict[str, Any] = {}

    def user_message(self) -> UserMessage:
        """The same for Rasa. Raises `ValueError` if it is neither text nor a payload."""
        if (self.text is None) == (self.payload is None):
            raise ValueError("exactly one of text and payload is needed")
        parse_data = parse_payload(self.payload) if self.payload is not None else None
        metadata = {**self.metadata, "message_id": self.message_id, "pressed": self.payload is not None}
        return UserMessage(
            text=self.text if self.payload is None else self.payload,
            sender_id=self.conversation_id,
            parse_data=parse_data,
            input_channel=InternalChannel.name(),
            message_id=self.message_id,
            metadata=metadata,
        )


def parse_payload(payload: str) -> dict[str, Any]:
    """What Rasa's NLU would say, for something that needs no understanding: the intent is certain."""
    match = _PAYLOAD.fullmatch(payload.strip())
    if match is None:
        raise ValueError("a payload is /intent or /intent{json}")
    try:
        values = msgspec.json.decode(match["values"] or "{}", type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise ValueError("the payload's values are not JSON") from error
    intent = {"name": match["intent"], "confidence": 1.0}
    entities = [
        {"entity": name, "value": value, "start": 0, "end": 0, "confidence_entity": 1.0, "extractor": "payload"}
        for name, given in values.items()
        for value in (given if isinstance(given, list) else [given])
    ]
    return {"text": payload, "intent": intent, "intent_ranking": [intent], "entities": entities}


class InternalChannel(InputChannel):
    """`POST message` answers a message, `GET` on the channel itself says whether it is ready; both with the secret."""

    def __init__(self, secret: str) -> None:
        # Without a secret nobody can know it: the channel is closed, not open.
        self._secret = (secret or secrets.token_urlsafe()).encode()

    @classmethod
    def name(cls) -> str:
        return "lotse"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> InternalChannel:
        given = (credentials or {}).get("secret") or os.environ.get("LOTSE_INTERNAL_SECRET", "")
        return cls(given)

    def _refuse(self, request: Request) -> HTTPResponse | None:
        given = request.headers.get(SECRET_HEADER, "").encode()
        return None if hmac.compare_digest(given, self._secret) else json({"status": "unauthorised"}, 401)

    @staticmethod
    async def _answer(agent: Any, user_message: UserMessage) -> HTTPResponse:
        began = time.perf_counter()
        try:
            replies = await agent.handle_message(user_message)
        except TurnFailedError as error:
            metrics.TURNS.labels("failed").inc()
            log.warning("turn.failed", error=str(error))
            return json({"status": "failed"}, 503)
        except Exception:
            metrics.TURNS.labels("broken").inc()
            log.exception("turn.broken")
            return json({"status": "failed"}, 503)
        took = time.perf_counter() - began
        metrics.TURNS.labels("answered").inc()
        metrics.TURN_SECONDS.observe(took)
        log.info("turn.answered", replies=len(replies or ()), ms=round(took * 1000, 1))
        return json({"status": "answered", "messages": replies or []})

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        routes = Blueprint("lotse_channel")
        routes.middleware("request")(self._refuse)

        @routes.get("/")
        async def ready(request: Request) -> HTTPResponse:
            agent = getattr(request.app.ctx, "agent", None)
            if agent is None or not agent.is_ready():
                return json({"status": "loading"}, 503)
            try:
                if isinstance(agent.tracker_store, LotseTrackerStore):
                    await agent.tracker_store.ping()
            except Exception as error:
                return json({"status": "failed", "reason": f"conversations: {type(error).__name__}"}, 503)
            return json({"status": "ready", "model": agent.processor.model_filename})

        @routes.get("/actions")
        async def actions(request: Request) -> HTTPResponse:
            agent = getattr(request.app.ctx, "agent", None)
            trouble = "loading" if agent is None else await agent.action_endpoint.check()
            return json({"status": "ok"}) if trouble is None else json({"status": "failed", "reason": trouble}, 503)

        @routes.post("/message")
        async def message(request: Request) -> HTTPResponse:
            try:
                user_message = msgspec.json.decode(request.body, type=Incoming).user_message()
            except (msgspec.DecodeError, ValueError) as error:
                return json({"status": "invalid", "reason": str(error)}, 400)
            with structlog.contextvars.bound_contextvars(
                request_id=request_ids.accepted(request.headers.get(request_ids.HEADER)),
                conversation_id=user_message.sender_id,
                message_id=user_message.message_id,
            ):
                return await self._answer(request.app.ctx.agent, user_message)

        return routes
