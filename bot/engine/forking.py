"""Several processes that share what was loaded once: forked from a parent that does nothing but watch over them.

The parent loads, then forks; memory that nobody writes to is there once. It keeps to one thread and opens nothing (no
event loop, no connection), so that it can fork anew whenever a worker has died, in milliseconds and without loading.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog

from bot.engine.processes import Patience, end_with_parent

_ENDING = {signal.SIGTERM, signal.SIGINT}
_AWAITED = {signal.SIGCHLD, signal.SIGALRM, *_ENDING}
_TASKS = Path("/proc/self/task")

log = structlog.get_logger(__name__)


class ThreadsAliveError(RuntimeError):
    """Something started a thread before the fork: a worker would lack it, and might wait for it for ever."""


def check_single_threaded() -> None:
    """Raises `ThreadsAliveError` unless this thread is the only one, libraries' own included where Linux tells."""
    alive = len(list(_TASKS.iterdir())) if _TASKS.is_dir() else threading.active_count()
    if alive > 1:
        names = ", ".join(thread.name for thread in threading.enumerate())
        raise ThreadsAliveError(
            f"{alive} threads are alive after loading (Python's: {names}); "
            "nothing can be forked then: set LOTSE_RASA_WORKERS=1"
        )


@dataclass(slots=True)
class _Place:
    """One worker after the other; times by the monotonic clock."""

    number: int
    pid: int | None = None
    born: float = 0.0
    due: float = 0.0
    deaths: int = 0  # quick ones in a row


class Workers:
    """`count` processes that each run ``serve(number)``, numbered from 0, until we are asked to end."""

    def __init__(self, count: int, serve: Callable[[int], object], patience: Patience | None = None) -> None:
        self._places = [_Place(number) for number in range(count)]
        self._serve = serve
        self._patience = patience or Patience()
        self._mask: set[signal.Signals] = set()

    def run(self) -> int:
        """Fork and watch over the workers; 0 when SIGTERM or SIGINT ended us, 1 when a worker keeps dying.

        A worker that died is forked anew at once, then after pauses. Raises `ThreadsAliveError`.
        """
        check_single_threaded()
        # Blocked and asked for, instead of handled: nothing can happen between a look and the wait.
        self._mask = {signal.Signals(number) for number in signal.pthread_sigmask(signal.SIG_BLOCK, _AWAITED)}
        try:
            return self._watch()
        finally:
            self._end()
            signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)

    def _watch(self) -> int:
        while True:
            now = time.monotonic()
            for place in self._places:
                if place.pid is None and place.due <= now:
                    self._fork(place)
            pauses = [place.due - now for place in self._places if place.pid is None]
            signal.setitimer(signal.ITIMER_REAL, max(min(pauses), 0.001) if pauses else 0.0)
            if signal.sigwait(_AWAITED) in _ENDING:
                return 0
            for place, code in self._dead():
                if self._has_died(place, code):
                    return 1

    def _fork(self, place: _Place) -> None:
        parent = os.getpid()
        place.born = time.monotonic()
        try:
            place.pid = os.fork()
        except OSError as error:  # no memory or no process left; the other workers go on
            place.due = place.born + self._patience.longest_pause
            log.warning("worker.not_forked", worker=place.number, error=str(error), again_in=place.due - place.born)
            return
        if place.pid:
            return
        code = 1
        try:
            end_with_parent()
            signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)
            if os.getppid() == parent:  # else it was gone before it could be said that we end with it
                self._serve(place.number)
                code = 0
        except SystemExit as ending:
            code = ending.code if isinstance(ending.code, int) else int(ending.code is not None)
        except BaseException:
            log.exception("worker.failed", worker=place.number)
        finally:
            # Nothing that the parent would do at its end is for us to do, whatever becomes of what we said.
            try:
                sys.stdout.flush()
                sys.stderr.flush()
            finally:
                os._exit(code)

    def _dead(self) -> list[tuple[_Place, int]]:
        """Those that ended since it was asked last, with their exit codes (negative: the signal that killed them)."""
        found = []
        for place in self._places:
            if place.pid is not None:
                pid, status = os.waitpid(place.pid, os.WNOHANG)
                if pid:
                    place.pid = None
                    found.append((place, os.waitstatus_to_exitcode(status)))
        return found

    def _has_died(self, place: _Place, code: int) -> bool:
        """Note a death; whether it was one too many."""
        patience, now = self._patience, time.monotonic()
        place.deaths = place.deaths + 1 if now - place.born < patience.quick else 1
        pause = 0.0
        if place.deaths > 1:
            pause = min(patience.first_pause * 2 ** (place.deaths - 2), patience.longest_pause)
        place.due = now + pause
        log.warning("worker.died", worker=place.number, exit_code=code, deaths=place.deaths, again_in=pause)
        return place.deaths >= patience.deaths

    def _end(self) -> None:
        """Ask all to end; insist after a while."""
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        if signal.SIGALRM in signal.sigpending():  # the end of a pause, not of their grace
            signal.sigwait({signal.SIGALRM})
        signal.setitimer(signal.ITIMER_REAL, self._patience.grace)
        self._send(signal.SIGTERM)
        while any(place.pid is not None for place in self._places):
            if signal.sigwait(_AWAITED) == signal.SIGALRM:
                log.warning("worker.does_not_end")
                self._send(signal.SIGKILL)
            self._dead()
        signal.setitimer(signal.ITIMER_REAL, 0.0)

    def _send(self, number: signal.Signals) -> None:
        for place in self._places:
            if place.pid is not None:
                os.kill(place.pid, number)
