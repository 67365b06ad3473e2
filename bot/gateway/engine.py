"""Our side of the private channel to Rasa, and the health of the parts behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import msgspec

from actions.backend import Reply, ReplyButton
from bot import request_ids
from bot.gateway import metrics

_SECRET_HEADER = "X-Lotse-Secret"  # noqa: S105 - the name of the header
_CHECK_TIMEOUT = aiohttp.ClientTimeout(total=2.0)


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
        self, http: aiohttp.ClientSession, *, engine_url: str, actions_url: str, secret: str, timeout: float
    ) -> None:
        self._http = http
        self._channel = f"{engine_url}/webhooks/lotse"
        # Without an action server the actions run inside Rasa, which says then how they are.
        self._actions = f"{actions_url}/health" if actions_url else f"{self._channel}/actions"
        self._headers = {_SECRET_HEADER: secret}
        self._timeout = aiohttp.ClientTimeout(total=timeout, connect=2.0)

    async def answer(self, turn: Turn) -> tuple[Reply, ...]:
        """As ``_answer``, with its time measured."""
        with metrics.ENGINE_SECONDS.time():
            return await self._answer(turn)

    async def _answer(self, turn: Turn) -> tuple[Reply, ...]:
        """The assistant's replies to a message. Raises ``EngineDown`` or ``TurnFailed``.

        A message id that the engine has handled before returns its stored replies, so sending again is safe.
        """
        body: dict[str, Any] = {
            "conversation_id": turn.conversation_id,
            "message_id": turn.message_id,
            "metadata": dict(turn.metadata),
        }
        body.update({"payload": turn.payload} if turn.payload is not None else {"text": turn.text})
        headers = {**self._headers, request_ids.HEADER: request_ids.current()}
        try:
            async with self._http.post(
                f"{self._channel}/message", json=body, headers=headers, timeout=self._timeout
            ) as response:
                content = await response.read()
                status = response.status
        except aiohttp.ClientConnectorError as error:
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
        """None when Rasa answers, otherwise what is wrong."""
        return await self._check(f"{self._channel}/")

    async def check_actions(self) -> str | None:
        """None when actions can be called, otherwise what is wrong."""
        return await self._check(self._actions)

    async def _check(self, url: str) -> str | None:
        try:
            async with self._http.get(url, headers=self._headers, timeout=_CHECK_TIMEOUT) as response:
                return None if response.status == 200 else f"answered {response.status}"
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return f"no answer ({type(error).__name__})"


def _reply(message: _Message) -> Reply:
    buttons = tuple(ReplyButton(button.title, button.payload) for button in message.buttons or ())
    return Reply(message.text or "", buttons, message.custom or {})
