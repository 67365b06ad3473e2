"""Who waits for news of which conversation, and waking them: a look at the database that all of them share.

Messages are written by any process (another gateway, a dispatcher), so the database is asked, in one statement for all
conversations that somebody listens to. What this process wrote itself is looked at without delay.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterator

from actions.backend import Backend, Head
from bot.gateway.loops import Loop


class Listener:
    """One connection's interest in a conversation. ``head`` is None until the first look."""

    def __init__(self, conversation_id: str) -> None:
        self.conversation_id = conversation_id
        self.head: Head | None = None
        self.closing = False
        self._news = asyncio.Event()

    async def news(self, seconds: float) -> bool:
        """Wait for a change, ``seconds`` at most; whether there was one. Ends at once when the process stops."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, seconds)):
                await self._news.wait()
        changed = self._news.is_set()
        self._news.clear()
        return changed

    def tell(self, head: Head) -> None:
        """Take note of where the conversation is now."""
        if head != self.head:
            self.head = head
            self._news.set()

    def end(self) -> None:
        """The process stops."""
        self.closing = True
        self._news.set()


class Hub:
    """All listeners of this process."""

    def __init__(self, backend: Backend, interval: float) -> None:
        self._backend = backend
        self._interval = interval
        self._listeners: dict[str, list[Listener]] = {}
        self._urgent: set[str] = set()
        self._looked = 0.0
        self._closing = False
        self.loop = Loop("live", self._look, interval)

    @contextlib.contextmanager
    def listen(self, conversation_id: str) -> Iterator[Listener]:
        """Take part until the block ends."""
        listener = Listener(conversation_id)
        listener.closing = self._closing
        self._listeners.setdefault(conversation_id, []).append(listener)
        self.kick(conversation_id)
        try:
            yield listener
        finally:
            listeners = self._listeners[conversation_id]
            listeners.remove(listener)
            if not listeners:
                del self._listeners[conversation_id]

    def count(self, conversation_id: str) -> int:
        """How many listen to a conversation here."""
        return len(self._listeners.get(conversation_id, ()))

    def kick(self, conversation_id: str) -> None:
        """Something happened in this conversation: look now."""
        if conversation_id in self._listeners:
            self._urgent.add(conversation_id)
            self.loop.kick()

    def end(self) -> None:
        """Wake everybody, for good."""
        self._closing = True
        for listeners in self._listeners.values():
            for listener in listeners:
                listener.end()

    async def _look(self) -> None:
        """Ask about what is urgent, and once every interval about all."""
        everything = time.monotonic() - self._looked >= self._interval
        ids = set(self._listeners) if everything else self._urgent & set(self._listeners)
        self._urgent.clear()
        if everything:
            self._looked = time.monotonic()
        for conversation_id, head in (await self._backend.conversations.heads(ids)).items():
            for listener in self._listeners.get(conversation_id, ()):
                listener.tell(head)
