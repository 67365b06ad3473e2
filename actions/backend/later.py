"""Rows that need not be there when the call returns: gathered in memory, written together a moment later."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Generic, TypeVar

import structlog

from actions.backend.errors import BackendError

log = structlog.get_logger(__name__)

T = TypeVar("T")
_MOST = 1_000  # in memory; beyond that the oldest are not written
_AFTER = 1.0  # seconds


class Later(Generic[T]):
    """What `write` gets is never empty. A write that the database refuses is logged, and its rows are lost."""

    def __init__(self, name: str, write: Callable[[Sequence[T]], Awaitable[None]]) -> None:
        self._name, self._write = name, write
        self._gathered: deque[T] = deque(maxlen=_MOST)
        self._writing: asyncio.Task[None] | None = None

    def add(self, rows: Iterable[T]) -> None:
        """Gather rows; needs a running event loop if there are any."""
        self._gathered.extend(rows)
        if self._gathered and (self._writing is None or self._writing.done()):
            self._writing = asyncio.create_task(self._soon(), name=self._name)

    async def flush(self) -> None:
        """Write what was gathered."""
        rows = [self._gathered.popleft() for _ in range(len(self._gathered))]
        if rows:
            await self._write(rows)

    async def close(self) -> None:
        """Write what is left."""
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)
        await self._try()

    async def _soon(self) -> None:
        while self._gathered:
            await asyncio.sleep(_AFTER)
            await self._try()

    async def _try(self) -> None:
        try:
            await self.flush()
        except BackendError as error:
            log.warning(f"{self._name}.not_written", error=type(error).__name__)
