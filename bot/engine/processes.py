"""Keeping a process alive: started again when it dies, given up on when it keeps dying, ended together with us."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bot.engine.output import Output, Say

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True, slots=True)
class Program:
    """What to run."""

    name: str
    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how fast a process may die; durations in seconds."""

    quick: float = 15.0  # a life shorter than this is a quick death
    deaths: int = 5  # so many quick deaths in a row are the end
    first_pause: float = 0.5  # doubled after each quick death
    longest_pause: float = 8.0
    grace: float = 15.0  # above LOTSE_STOP_SECONDS; from asking to end to ending by force


class KeepsDyingError(Exception):
    """A process died too often; the message says which, and where to read why."""


def end_with_parent() -> None:
    """In the child: be asked to end when the parent is gone, even if it was killed."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Keeper:
    """Runs one program until cancelled. What it prints goes to `say` under its name, and into a log file."""

    def __init__(
        self, program: Program, env: Mapping[str, str], logs: Path, say: Say, patience: Patience | None = None
    ) -> None:
        self.program = program
        self.pid: int | None = None
        self._env = dict(env)
        self._log = logs / f"{program.name}.log"
        self._say = say
        self._patience = patience or Patience()

    async def run(self) -> None:
        """Start, and start again. Raises `KeepsDyingError`; ends the process when cancelled."""
        deaths = 0
        while True:
            began = time.monotonic()
            code = await self._live()
            deaths = deaths + 1 if time.monotonic() - began < self._patience.quick else 1
            if deaths >= self._patience.deaths:
                raise KeepsDyingError(
                    f"{self.program.name} died {deaths} times within {self._patience.quick:.0f} s of its start "
                    f"(last exit code {code}); see {self._log}"
                )
            pause = min(self._patience.first_pause * 2 ** (deaths - 1), self._patience.longest_pause)
            self._say(f"{self.program.name} ended with exit code {code}; starting it again in {pause:.1f} s")
            await asyncio.sleep(pause)

    async def _live(self) -> int:
        """One life of the process."""
        output = Output(self.program.name, self._log, self._say)
        pipe = await output.open()
        try:
            process = await asyncio.create_subprocess_exec(
                *self.program.command,
                env=self._env,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=pipe,
                stderr=asyncio.subprocess.STDOUT,
                # A session of its own: Ctrl-C reaches the supervisor alone, which then ends the others in order.
                start_new_session=True,
                preexec_fn=end_with_parent,
            )
        except BaseException:
            output.close()
            raise
        finally:
            os.close(pipe)
        self.pid = process.pid
        try:
            return await process.wait()
        finally:
            await asyncio.shield(self._end(process))
            output.hurry()
            with suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await output.ended.wait()
            output.close()
            self.pid = None

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        """Ask the process, and what it started, to end; insist after a while."""
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            async with asyncio.timeout(self._patience.grace):
                await process.wait()
        except TimeoutError:
            self._say(f"{self.program.name} does not end; ending it by force")
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def keep_alive(keepers: list[Keeper], stop: asyncio.Event, meanwhile: asyncio.Task[None] | None = None) -> None:
    """Run all until `stop` is set, or until one keeps dying; then end all, at the same time."""
    tasks = [asyncio.create_task(keeper.run()) for keeper in keepers]
    waiting = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([*tasks, waiting], return_when=asyncio.FIRST_COMPLETED)
    finally:
        others = [*tasks, waiting, *([meanwhile] if meanwhile else [])]
        failed = [task.exception() for task in tasks if task.done() and not task.cancelled()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
    for error in failed:
        if error is not None:
            raise error
