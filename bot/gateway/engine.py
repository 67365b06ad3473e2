"""Our side of the private channel to Rasa, and the health of the parts behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import msgspec
from aiohttp import hdrs

from actions.backend import Reply, ReplyButton
from bot import request_ids
from bot.gateway import metrics
from bot.gateway.workers import Workers

_SECRET_HEADER = "X-Lotse-Secret"  # noqa: S105 - the name of the header
_CHANNEL = "/webhooks/lotse"
_ENCODER = msgspec.json.Encoder()
_CHECK_TIMEOUT = aiohttp.ClientTimeout(total=2.0)
_CONNECTED_WITHIN = 2.0  # seconds


class EngineError(Exception):
    """The dialogue engine gave no answer; ``str()`` says why, without words of the person."""


class EngineDown(EngineError):
    """The engine cannot be reached at all."""


class TurnFailed(EngineError):
    """The engine was reached, but the turn failed or took too long: the message can be sent again."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One message for the dialogue: exactly one of ``text`` (typed) and ``payload`` (what a pressed button means)."""

    conversation_id: str
    message_id: str
    metadata: Mapping[str, Any]
    text: str | None = None
    payload: str | None = None


class _Button(msgspec.Struct):
    title: str
    payload: str


class _Message(msgspec.Struct):
    text: str | None = None
    buttons: list[_Button] | None = None
    custom: dict[str, Any] | None = None


class _Answer(msgspec.Struct):
    status: str
    messages: list[_Message] = []


class EngineClient:
    """Calls the engine's channel. One instance a process, over a shared HTTP session."""

    def __init__(
        self, http: aiohttp.ClientSession, *, engine_urls: Sequence[str], actions_url: str, secret: str, timeout: float
    ) -> None:
        self._http = http
        self._workers = Workers([f"{url}{_CHANNEL}" for url in engine_urls])
        # Without an action server the actions run inside each of Rasa's processes, which says then how they are.
        inside = [f"{worker.url}/actions" for worker in self._workers]
        self._actions = [f"{actions_url}/health"] if actions_url else inside
        self._headers = {_SECRET_HEADER: secret}
        self._timeout = aiohttp.ClientTimeout(total=timeout, connect=_CONNECTED_WITHIN)

    async def answer(self, turn: Turn) -> tuple[Reply, ...]:
        """The assistant's replies to a message. Raises ``EngineDown`` or ``TurnFailed``.

        A message id that the engine has handled before returns its stored replies, so sending again is safe. A worker
        that cannot be reached has heard nothing of the message: the next one gets it. One that failed is doubted, so
        that the message goes to another when it is sent again.
        """
        with metrics.ENGINE_SECONDS.time():
            down = EngineDown("there is none")
            for worker in self._workers.by_choice(turn.conversation_id):
                try:
                    with worker.busy():
                        replies = await self._answer(worker.url, turn)
                except EngineError as error:
                    worker.doubted = True
                    if not isinstance(error, EngineDown):
                        raise
                    down = error
                else:
                    worker.doubted = False
                    return replies
            raise down

    async def _answer(self, channel: str, turn: Turn) -> tuple[Reply, ...]:
        body: dict[str, Any] = {
            "conversation_id": turn.conversation_id,
            "message_id": turn.message_id,
            "metadata": dict(turn.metadata),
        }
        body.update({"payload": turn.payload} if turn.payload is not None else {"text": turn.text})
        headers = {**self._headers, hdrs.CONTENT_TYPE: "application/json", request_ids.HEADER: request_ids.current()}
        try:
            async with self._http.post(
                f"{channel}/message", data=_ENCODER.encode(body), headers=headers, timeout=self._timeout
            ) as response:
                content = await response.read()
                status = response.status
        # The second is of a host that neither takes nor refuses connections: switched off, behind a firewall, full.
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise EngineDown(type(error).__name__) from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise TurnFailed(type(error).__name__) from None
        if status != 200:
            raise TurnFailed(f"status {status}")
        try:
            answer = msgspec.json.decode(content, type=_Answer)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise TurnFailed(f"unreadable answer: {type(error).__name__}") from None
        if answer.status != "answered":
            raise TurnFailed(f"status {answer.status}")
        return tuple(_reply(message) for message in answer.messages)

    async def check(self) -> str | None:
        """None when each of Rasa's processes answers, otherwise what is wrong."""
        return await self._check_all(*(f"{worker.url}/" for worker in self._workers))

    async def check_actions(self) -> str | None:
        """None when actions can be called, otherwise what is wrong."""
        return await self._check_all(*self._actions)

    async def _check_all(self, *urls: str) -> str | None:
        troubles = await asyncio.gather(*map(self._check, urls))
        if len(urls) == 1:
            return troubles[0]
        told = [f"{urlsplit(url).netloc} {trouble}" for url, trouble in zip(urls, troubles, strict=True) if trouble]
        return ", ".join(told) or None

    async def _check(self, url: str) -> str | None:
        try:
            async with self._http.get(url, headers=self._headers, timeout=_CHECK_TIMEOUT) as response:
                return None if response.status == 200 else f"answered {response.status}"
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return f"no answer ({type(error).__name__})"


def _reply(message: _Message) -> Reply:
    buttons = tuple(ReplyButton(button.title, button.payload) for button in message.buttons or ())
    return Reply(message.text or "", buttons, message.custom or {})
