"""Background work that repeats: the outbox, the sweeper, answers that are still owed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog

from actions.backend import DatabaseUnavailable

log = structlog.get_logger(__name__)


class Loop:
    """Runs ``step`` every ``interval`` seconds, and at once after ``kick``. An error in a step never ends the loop."""

    def __init__(self, name: str, step: Callable[[], Awaitable[object]], interval: float) -> None:
        self.name = name
        self._step = step
        self._interval = interval
        self._kicked = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._last_success: float | None = None
        self._began = time.monotonic()
        self._error: str | None = None

    def start(self) -> None:
        """Begin; needs a running event loop."""
        self._task = asyncio.create_task(self._run(), name=self.name)

    async def stop(self) -> None:
        """End, interrupting a step that is under way."""
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._task = None

    def kick(self) -> None:
        """There is something to do now."""
        self._kicked.set()

    def lag(self) -> float:
        """Seconds since it last succeeded, or since it began."""
        since = self._last_success if self._last_success is not None else self._began
        return max(0.0, time.monotonic() - since)

    def trouble(self) -> str | None:
        """None while the loop does its work, otherwise what is wrong."""
        if self._task is None or self._task.done():
            return "not running"
        if self._error is not None:
            return f"last step failed ({self._error})"
        if self._last_success is None:
            return "has not done a step yet"
        silent = time.monotonic() - self._last_success
        return f"no step for {silent:.0f} s" if silent > max(30.0, 5 * self._interval) else None

    async def _run(self) -> None:
        while True:
            self._kicked.clear()
            try:
                await self._step()
            except asyncio.CancelledError:
                raise
            except DatabaseUnavailable:
                self._failed("DatabaseUnavailable")
            except Exception as error:
                self._failed(type(error).__name__)
                log.exception("loop.failed", loop=self.name)
            else:
                self._last_success, self._error = time.monotonic(), None
            try:
                async with asyncio.timeout(self._interval):
                    await self._kicked.wait()
            except TimeoutError:
                pass

    def _failed(self, error: str) -> None:
        if self._error != error:
            log.warning("loop.step_failed", loop=self.name, error=error)
        self._error = error
