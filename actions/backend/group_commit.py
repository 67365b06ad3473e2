"""Group commit for SQLite: short transactions that come while another one is being written share the next commit.

A commit waits for the disk and for the lock of the file, which other processes want, too. So works queue up meanwhile,
and up to `_MOST` that wait run one after the other in one transaction, each in a savepoint of its own: an error takes
back that one alone. One that is alone has no savepoint, and one that needs SQLAlchemy's session gets a transaction of
its own. Nobody hears of a result before the common commit is on disk.

The works run on the event loop: a transaction in a thread would wait for Python's lock after each statement, with the
file locked meanwhile. So does the commit where the disk is quick; where it is not, a thread waits for it (`Pace`).
"""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from sqlalchemy.exc import OperationalError

from actions.backend.sqlite_link import POLL, Busy, Link, as_ours
from actions.backend.transaction import NeedsSession, T, Transaction, Work

# Works in one transaction: the event loop does nothing else meanwhile, a few hundred microseconds for each.
_MOST = 16
# Mean times of commits, in seconds: above the one the thread waits for them, below the other it does no longer.
_SLOW, _QUICK = 0.004, 0.002
_NEWEST = 0.1  # the weight of the newest in the mean: one that moves the log's pages into the file is ten times as long


class _Waiting:
    """A work, who waits for it, and the context in which it runs: for what it logs."""

    __slots__ = ("alone", "at", "context", "future", "result", "work")

    def __init__(self, work: Work[Any], future: asyncio.Future[Any]) -> None:
        self.work, self.future, self.context = work, future, contextvars.copy_context()
        self.at, self.alone = time.monotonic(), False
        self.result: Any = None

    def run(self, session: Transaction) -> None:
        self.result = self.context.run(self.work, session)

    def succeed(self) -> None:
        if not self.future.done():
            self.future.set_result(self.result)

    def fail(self, error: BaseException) -> None:
        if self.future.done():
            return
        known = as_ours(error)
        if isinstance(known, StopIteration):  # which no future can hold
            known = RuntimeError("StopIteration")
        if known is not error:
            known.__cause__ = error
        self.future.set_exception(known)


class Pace:
    """How long commits take lately, in seconds, and whether that is too long for the event loop.

    A change of threads costs it half a millisecond and more, both ways, during which the file is locked.
    """

    def __init__(self) -> None:
        self.slow = False
        self._mean = 0.0

    def timed(self, commit: Callable[[], object]) -> None:
        """Commit. In a thread the time includes waiting for Python's lock: what is called quick then is quick."""
        began = time.monotonic()
        try:
            commit()
        finally:
            self._mean += _NEWEST * (time.monotonic() - began - self._mean)
            self.slow = self._mean > (_QUICK if self.slow else _SLOW)


class GroupCommit:
    """The short transactions of one database in one process, in the order in which they came."""

    def __init__(self, link: Link, busy_seconds: float) -> None:
        self._link, self._busy_seconds = link, busy_seconds
        self._thread = ThreadPoolExecutor(1, "sqlite-commit")
        self._pace = Pace()
        self._queue: deque[_Waiting] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None  # while there is something to do
        self._since = 0.0  # waiting for the lock
        self._idle = asyncio.Event()

    def add(self, work: Work[T]) -> asyncio.Future[T]:
        """Run `work` in a transaction that others may share; its result when that is committed."""
        loop = asyncio.get_running_loop()
        if self._loop is not None and self._loop.is_closed():  # nobody waits any more for what was under way there
            self._thread.submit(self._link.close).result()
            self._queue.clear()
            self._loop = None
        future: asyncio.Future[T] = loop.create_future()
        self._queue.append(_Waiting(work, future))
        if self._loop is None:
            self._loop = loop
            self._idle.clear()
            self._again()
        return future

    async def close(self) -> None:
        """Wait for what is under way, then close the connection."""
        if self._loop is asyncio.get_running_loop():
            await self._idle.wait()
        self._thread.shutdown()
        self._link.close()

    def _again(self) -> None:
        """Begin the next group after whatever the event loop has to do now: that may add to it."""
        assert self._loop is not None
        self._since = time.monotonic()
        self._loop.call_soon(self._begin)

    def _begin(self) -> None:
        assert self._loop is not None
        if not self._queue:
            self._loop = None
            self._idle.set()
            return
        group: list[_Waiting] = []
        try:
            session = self._link.begin()
        except Busy as error:
            self._give_up(error)
            self._loop.call_later(POLL, self._begin)
            return
        except Exception as error:  # whatever it is, the next ones get a new connection
            with suppress(Exception):
                self._link.close()
            while self._queue:
                self._queue.popleft().fail(error)
            self._again()
            return
        # Whatever happens from here on: who waits is told, and it goes on.
        try:
            self._run(session, group)
            if group:
                self._commit(session, group)
                return
            session.end_raw()
        except BaseException as error:
            self._lose(session, group, error)
            self._again()
            if not isinstance(error, Exception):
                raise
        else:
            self._again()

    def _commit(self, session: Transaction, group: list[_Waiting]) -> None:
        """Commit here or in the thread; then `_committed`."""
        if self._pace.slow:
            done = self._thread.submit(self._pace.timed, session.commit_raw)
            done.add_done_callback(lambda done: self._tell(done, group, session))
            return
        try:
            self._pace.timed(session.commit_raw)
        except Exception as error:
            self._committed(error, group, session)
        else:
            self._committed(None, group, session)

    def _give_up(self, error: Busy) -> None:
        """Fail those that have waited too long for the lock."""
        until = time.monotonic() - self._busy_seconds
        if self._since < until:
            while self._queue and self._queue[0].at < until:
                self._queue.popleft().fail(error)

    def _run(self, session: Transaction, group: list[_Waiting]) -> None:
        """Run what waits, and put what is to be committed into `group`."""
        session.shared = len(self._queue) > 1 and not self._queue[0].alone
        while self._queue and len(group) < (_MOST if session.shared else 1):
            waiting = self._queue[0]
            if waiting.future.cancelled():
                self._queue.popleft()
                continue
            try:
                if session.shared:
                    _in_savepoint(waiting, session)
                else:
                    waiting.run(session)
            except NeedsSession:
                waiting.alone = True
                return
            except BaseException as error:
                self._queue.popleft().fail(error)
                if isinstance(error, KeyboardInterrupt | SystemExit):
                    raise
                if isinstance(error, OperationalError) or not _is_open(session):  # SQLite may have taken back all of it
                    self._lose(session, group, error)
                    return
                if not session.shared:
                    return
            else:
                group.append(self._queue.popleft())

    def _lose(self, session: Transaction, group: list[_Waiting], error: BaseException) -> None:
        """The transaction failed as a whole: nothing of it is kept."""
        with suppress(Exception):
            session.end_raw()
        with suppress(Exception):
            self._link.close()
        for waiting in group:
            waiting.fail(OperationalError("COMMIT", None, error, hide_parameters=True))
        group.clear()

    def _tell(self, done: Future[None], group: list[_Waiting], session: Transaction) -> None:
        """In the thread: go on in the event loop, unless that was left alone."""
        with suppress(RuntimeError):
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._committed, done.exception(), group, session)

    def _committed(self, error: BaseException | None, group: list[_Waiting], session: Transaction) -> None:
        if error is None:
            for waiting in group:
                waiting.succeed()
        elif not isinstance(error, OperationalError):  # only a work that is alone has something to say at its end
            for waiting in group:
                waiting.fail(error)
        try:
            session.end_raw()
        except Exception as broken:
            error = error or broken
        if error is not None:
            self._lose(session, group, error)  # those who were told already keep what they were told
        self._again()


def _is_open(session: Transaction) -> bool:
    return session.raw is not None and session.raw.in_transaction


def _in_savepoint(waiting: _Waiting, session: Transaction) -> None:
    """Run the work. What it raises leaves nothing of it behind."""
    session.step("SAVEPOINT work")
    try:
        waiting.run(session)
    except BaseException:
        if _is_open(session):
            session.step("ROLLBACK TO work")
            session.step("RELEASE work")
        raise
    session.step("RELEASE work")
