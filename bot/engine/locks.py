"""One message of a conversation at a time.

Rasa's own lock stores ask once a second whether it is their turn, and its Redis store blocks the event loop. These wait
without asking (in one process) or ask often and asynchronously (through the system, for processes that were forked from
one; through Redis, for any).
"""

from __future__ import annotations

import asyncio
import fcntl
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import redis.asyncio
from rasa.core.lock_store import LockError, LockStore
from redis.exceptions import LockNotOwnedError, RedisError

#: Longer than any turn: the lock of a process that died is free again after this many seconds.
LIFETIME = 60.0
#: How long a message waits for the one before it.
PATIENCE = 30.0

_ASKED_EVERY = 0.02  # seconds
_PLACES = 2**62 - 1  # so many that two conversations never have the same


class LocalLockStore(LockStore):
    """Locks within this process, handed over in the order of arrival."""

    def __init__(self, patience: float = PATIENCE) -> None:
        super().__init__()
        self._patience = patience
        self._locks: dict[str, asyncio.Lock] = {}
        self._users: dict[str, int] = {}

    @asynccontextmanager
    async def lock(self, conversation_id: str, *_: Any, **__: Any) -> AsyncIterator[None]:
        lock = self._locks.setdefault(conversation_id, asyncio.Lock())
        self._users[conversation_id] = self._users.get(conversation_id, 0) + 1
        try:
            try:
                async with asyncio.timeout(self._patience):
                    await lock.acquire()
            except TimeoutError:
                raise LockError("the message before this one takes too long") from None
            try:
                yield
            finally:
                lock.release()
        finally:
            self._users[conversation_id] -= 1
            if not self._users[conversation_id]:
                del self._users[conversation_id], self._locks[conversation_id]

    async def close(self) -> None:
        """Give back what it has open."""


class ForkedLockStore(LocalLockStore):
    """Locks that processes share which are forked from the one that made them; the system frees those of a dead one.

    Beside waiting for its turn in its process, a message locks a byte of a file without a name: the system keeps such
    locks by process. Which byte says the hash of the conversation, which forked processes agree upon.
    """

    def __init__(self, patience: float = PATIENCE) -> None:
        super().__init__(patience)
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the process

    @asynccontextmanager
    async def lock(self, conversation_id: str, *_: Any, **__: Any) -> AsyncIterator[None]:
        until = time.monotonic() + self._patience
        async with super().lock(conversation_id):
            place = hash(conversation_id) & _PLACES
            while not self._take(place):
                if time.monotonic() > until:
                    raise LockError("the message before this one, in another process, takes too long")
                await asyncio.sleep(_ASKED_EVERY)
            try:
                yield
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN, 1, place)

    async def close(self) -> None:
        self._file.close()

    def _take(self, place: int) -> bool:
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
        except (BlockingIOError, PermissionError):  # POSIX allows either
            return False
        return True


class RedisLockStore(LockStore):
    """Locks that several Rasa processes share."""

    def __init__(self, url: str, patience: float = PATIENCE) -> None:
        super().__init__()
        self._patience = patience
        self._redis = redis.asyncio.Redis.from_url(url)

    @asynccontextmanager
    async def lock(self, conversation_id: str, *_: Any, **__: Any) -> AsyncIterator[None]:
        lock = self._redis.lock(
            f"lotse:conversation:{conversation_id}",
            timeout=LIFETIME,
            sleep=_ASKED_EVERY,
            blocking_timeout=self._patience,
        )
        try:
            acquired = await lock.acquire()
        except RedisError as error:
            raise LockError(f"Redis does not answer: {type(error).__name__}") from error
        if not acquired:
            raise LockError("the message before this one takes too long")
        try:
            yield
        finally:
            try:
                await lock.release()
            except (LockNotOwnedError, RedisError):
                pass  # It ends by itself after its lifetime.

    async def close(self) -> None:
        await self._redis.aclose()
