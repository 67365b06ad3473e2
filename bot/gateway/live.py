"""The live connection of a person: a WebSocket that carries everything new in their conversation, in order.

The client opens ``/v1/chat/live`` and says hello with a token (browsers cannot set headers here, and a token has no
place in an address) and the last number it has. From then on the server alone speaks, apart from renewed tokens;
messages are posted over HTTP as ever. Frames are JSON objects with a ``type``: see docs/embedding.md.
"""

from __future__ import annotations

import asyncio
import time
from http import HTTPStatus
from typing import Any, Literal

import structlog
from aiohttp import WSCloseCode, WSMsgType, web

from actions.backend import Conversation, DatabaseUnavailable, Head
from bot.gateway import metrics
from bot.gateway.chat import message_json
from bot.gateway.encoding import Unreadable, encode, read_json
from bot.gateway.hub import Listener
from bot.gateway.identity import Person
from bot.gateway.problems import Problem
from bot.gateway.schemas.common import Request
from bot.gateway.schemas.events import Cursor
from bot.gateway.services import LIMIT, SERVICES, Services

log = structlog.get_logger(__name__)

PATH = "/v1/chat/live"
# Close codes of our own; all others are RFC 6455's (1001 and 1013: come again).
UNAUTHORIZED = 4401
UNREADABLE = 4400
TOO_MANY = 4429

_HELLO_WITHIN = 10.0
_RENEW_BEFORE = 60.0  # seconds before a token ends
_PAGE = 200
_SAY_SOMETHING = 20.0  # seconds; a client that hears nothing for longer knows that the line is dead
_LARGEST_FRAME = 16 * 1024


class Hello(Request, kw_only=True):
    """The first frame, and each later one that brings a new ``token`` (``after`` counts only in the first)."""

    type: Literal["hello", "token"]
    token: str
    after: Cursor = 0


class Ended(Exception):
    """The connection ends with this code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


async def get_live(request: web.Request) -> web.WebSocketResponse:
    """Serve one live connection until either side ends it."""
    services = request.app[SERVICES]
    # No compression: with it the length of a frame would tell about the words of the two authors in it.
    socket = web.WebSocketResponse(heartbeat=20.0, max_msg_size=_LARGEST_FRAME, compress=False)
    await socket.prepare(request)
    request[LIMIT].reschedule(None)
    try:
        with metrics.SOCKETS.track_inprogress():
            await _Session(services, request, socket).run()
    except Ended as end:
        log.info("live.ended", code=end.code, reason=end.reason)
        await socket.close(code=end.code, message=end.reason.encode())
    except DatabaseUnavailable:
        await socket.close(code=WSCloseCode.TRY_AGAIN_LATER, message=b"database_unavailable")
    except ConnectionError:
        pass  # the client is gone
    return socket


class _Session:
    def __init__(self, services: Services, request: web.Request, socket: web.WebSocketResponse) -> None:
        self._services = services
        self._request = request
        self._socket = socket
        self._sent = 0  # what the client has, by its own word or from here
        self._written = 0  # the newest message that was sent here

    async def run(self) -> None:
        try:
            async with asyncio.timeout(_HELLO_WITHIN):
                hello = await self._receive()
        except TimeoutError:
            raise Ended(UNAUTHORIZED, "no hello in time") from None
        if hello is None:
            return
        self._person = await self._verify(hello.token)
        self._renew_at = _renewal(self._person)
        conversation = await self._services.chat.conversation(self._person)
        if self._services.hub.count(conversation.id) >= self._services.config.sockets_person:
            raise Ended(TOO_MANY, "too many connections")
        self._sent = hello.after
        with (
            structlog.contextvars.bound_contextvars(conversation_id=conversation.id),
            self._services.hub.listen(conversation.id) as listener,
        ):
            reader = asyncio.create_task(self._read())
            writer = asyncio.create_task(self._write(conversation, listener))
            try:
                done, _ = await asyncio.wait({reader, writer}, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
            finally:
                for task in (reader, writer):
                    task.cancel()
                await asyncio.gather(reader, writer, return_exceptions=True)

    async def _receive(self) -> Hello | None:
        """The next frame; None when the client is gone."""
        message = await self._socket.receive()
        if message.type is not WSMsgType.TEXT:
            if message.type in (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR):
                return None
            raise Ended(UNREADABLE, "a text frame is needed")
        try:
            return read_json(message.data.encode("utf-8", "replace"), Hello)
        except Unreadable:
            raise Ended(UNREADABLE, "not a frame of this protocol") from None

    async def _verify(self, token: str) -> Person:
        """Whose token it is. A frame counts as a request of theirs, and a bad token as one."""
        rates = self._services.rates
        try:
            try:
                person = await self._services.verifier.verify(token)
            except Problem as problem:
                if problem.status == HTTPStatus.UNAUTHORIZED:
                    await rates.failed(self._request)
                raise
            await rates.person(self._request, person)
        except Problem as problem:
            if problem.status == HTTPStatus.UNAUTHORIZED:
                raise Ended(UNAUTHORIZED, "the token is not valid") from None
            if problem.status == HTTPStatus.TOO_MANY_REQUESTS:
                raise Ended(TOO_MANY, problem.detail) from None
            raise Ended(WSCloseCode.TRY_AGAIN_LATER, problem.code) from None
        return person

    async def _read(self) -> None:
        """Take renewed tokens, of the same person only."""
        while (frame := await self._receive()) is not None:
            person = await self._verify(frame.token)
            if (person.iss, person.role, person.sub) != (self._person.iss, self._person.role, self._person.sub):
                raise Ended(UNAUTHORIZED, "the token is another person's")
            self._person = person
            self._renew_at = _renewal(person)

    async def _write(self, conversation: Conversation, listener: Listener) -> None:
        """Send what is new, the state after it, and the wish for a new token in time."""
        shown: Head | None = None
        said = time.monotonic()
        asked_for: float | None = None
        await self._messages(conversation)
        while not listener.closing:
            head = listener.head
            if head is not None and (head != shown or time.monotonic() - said >= _SAY_SOMETHING):
                if head.last_seq > self._sent:
                    await self._messages(conversation)
                await self._send(await self._state(head))
                shown, said = head, time.monotonic()
            ends = self._person.expires_at
            left, early = ends - time.time(), self._renew_at - time.time()
            if left <= 0:
                raise Ended(UNAUTHORIZED, "the token has expired")
            if early <= 0 and asked_for != ends:
                await self._send({"type": "renew"})
                asked_for = ends
            await listener.news(min(_SAY_SOMETHING, early if early > 0 else left) + 0.05)
        raise Ended(WSCloseCode.GOING_AWAY, "the gateway stops")

    async def _messages(self, conversation: Conversation) -> None:
        while True:
            page = await self._services.chat.read(conversation, self._sent, _PAGE)
            if page:
                await self._send({"type": "messages", "messages": [message_json(message) for message in page]})
                self._sent = self._written = page[-1].seq
            if len(page) < _PAGE:
                return

    async def _state(self, head: Head) -> dict[str, Any]:
        # A look at the head may be older than the messages that were read after it; a client that is told of fewer than
        # it has takes the conversation for another one.
        last = max(head.last_seq, self._written)
        state = {"type": "state", "last": last, "seen": head.seen_seq, "typing": head.working}
        state["handover"] = self._services.desk.state(head.paused)
        # Deadlines run on the business clock, which a test clock may have moved.
        return state if self._services.config.production else {**state, "now": await self._services.backend.clock.now()}

    async def _send(self, frame: dict[str, Any]) -> None:
        await self._socket.send_str(encode(frame).decode())


def _renewal(person: Person) -> float:
    """When to ask for the next token: a minute before this one ends, or halfway when it is short; epoch seconds."""
    left = person.expires_at - time.time()
    return person.expires_at - min(_RENEW_BEFORE, left / 2)
