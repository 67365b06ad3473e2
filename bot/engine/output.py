"""What a process prints: into its log file and on, a few times a second.

Taking each line when it comes would wake the watching process several times a message, for nobody who waits for it.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import cast

Say = Callable[[str], None]

#: Seconds between two looks, and how much the pipe holds meanwhile: the process waits when it is full.
PAUSE = 0.25
_CAPACITY = 2**20
_MUCH = 2**16  # read at once: more of it waits, so that a pause would only hold up the process
_LARGEST_LOG = 5 * 2**20


class Output(asyncio.Protocol):
    """The reading end of a process's output; whole lines go to `say` under its name."""

    def __init__(self, name: str, log: Path, say: Say) -> None:
        if log.exists() and log.stat().st_size > _LARGEST_LOG:
            log.replace(log.with_suffix(".log.1"))
        self.ended = asyncio.Event()
        self._name = name
        self._log = log.open("ab", buffering=0)
        self._say = say
        self._begun = b""
        self._hurried = False
        self._transport: asyncio.ReadTransport | None = None

    async def open(self) -> int:
        """Make a pipe and read from it; returns its other end, for the process, to be closed here once that runs."""
        reading, writing = os.pipe()
        with suppress(OSError, AttributeError):  # Linux alone can have more than 64 KiB
            fcntl.fcntl(reading, fcntl.F_SETPIPE_SZ, _CAPACITY)
        await asyncio.get_running_loop().connect_read_pipe(lambda: self, os.fdopen(reading, "rb", buffering=0))
        return writing

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.ReadTransport, transport)

    def data_received(self, data: bytes) -> None:
        self._log.write(data)
        *lines, self._begun = (self._begun + data).split(b"\n")
        self._tell(lines)
        if self._transport is not None and len(data) < _MUCH and not self._hurried:
            self._transport.pause_reading()
            asyncio.get_running_loop().call_later(PAUSE, self._resume)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._begun:
            self._tell([self._begun])
        self._log.close()
        self.ended.set()

    def hurry(self) -> None:
        """The process has ended: read what is left without a pause."""
        self._hurried = True
        self._resume()

    def close(self) -> None:
        """Read no more."""
        if self._transport is not None:
            self._transport.close()

    def _resume(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def _tell(self, lines: list[bytes]) -> None:
        if lines:
            self._say("\n".join(f"{self._name:<8}| {line.decode(errors='replace').rstrip()}" for line in lines))
