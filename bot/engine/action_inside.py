"""Actions inside Rasa's process: the contract of the action server without HTTP and without JSON between the two.

Used unless LOTSE_ACTIONS_URL names an action server. Both run `bot.engine.action_run`, and a test holds that both give
the same answers, the same errors and the same failed turns.

They differ in what JSON has no place for, none of which our actions return: here tuples stay tuples (there: lists), NaN
and infinity stay what they are (there: null), and half of a surrogate pair passes (there it fails the turn).
"""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from rasa.utils.endpoints import ClientResponseError
from rasa_sdk.executor import ActionExecutor

from actions.backend.settings import Settings
from bot.engine import action_run
from bot.engine.action_call import ACTION_TIMEOUT, ActionEndpoint, ActionServerEndpoint
from bot.engine.encoding import plain


def action_endpoint(settings: Settings) -> ActionEndpoint:
    """Where the actions run by these settings; nothing is opened before its `start`."""
    if settings.actions_url:
        return ActionServerEndpoint(settings.actions_url, settings.internal_secret)
    return InsideEndpoint(*action_run.load())


class InsideEndpoint(ActionEndpoint):
    """Hands a call to the SDK's executor, on the same event loop.

    An action gets values of its own and gives back copies: what it changes in them, and keeps of them, is not Rasa's
    tracker. One that takes too long is cancelled, which leaves no transaction half done.
    """

    def __init__(self, executor: ActionExecutor, lifecycle: Any = None, timeout: float = ACTION_TIMEOUT) -> None:
        """`lifecycle` may have `startup()` and `shutdown()`, awaited by `start` and `close`."""
        super().__init__("inside")
        self._executor, self._lifecycle, self._timeout = executor, lifecycle, timeout
        self._is_started = False

    async def _call(self, body: Any) -> Any:
        try:
            async with asyncio.timeout(self._timeout):
                return await action_run.run(self._executor, plain(body), plain)
        except action_run.ActionFailedError as error:
            told = msgspec.json.encode(error.body).decode()
            raise ClientResponseError(error.status, error.status.phrase, told) from None

    async def start(self) -> None:
        if self._lifecycle is not None:
            await self._lifecycle.startup()
        self._is_started = True

    async def check(self) -> str | None:
        return None if self._is_started else "the actions are not open"

    async def close(self) -> None:
        self._is_started = False
        if self._lifecycle is not None:
            await self._lifecycle.shutdown()
