"""A side that runs: started on prepared databases, timed to its first answer, stopped."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from bench import lotse, ours
from bench.dialogues import Person
from bench.processes import Running
from bench.sides import Lotse, Side, Stock, first_answer
from bench.stock import server as stock_server
from bench.stock import training

READY_WITHIN = 600.0  # seconds
NAMES = ("stock", "lotse")


class DidNotStartError(Exception):
    """A side did not answer in time; the message says where its logs are."""


@dataclass
class Started:
    """A running side. ``first_answer_s``: from starting its processes to the first answer to a typed message."""

    side: Side
    running: Running
    database: Path
    first_answer_s: float


@asynccontextmanager
async def started(name: str, folder: Path, *, model: Path | None = None, whole: bool = False) -> AsyncIterator[Started]:
    """Start ``stock`` or ``lotse`` with its databases in ``folder``.

    ``model``: another one of plain Rasa's. ``whole``: Lotse as `make run` starts it.
    """
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        began = time.monotonic()
        side: Side
        if name == "lotse":
            mine = lotse.start(folder, python=ours.PYTHON, whole=whole)
            running, side = mine.running, Lotse(http, mine.url, lotse.JWT_SECRET)
        else:
            theirs = stock_server.start(folder, model or training.MODEL)
            running, side = theirs.running, Stock(http, theirs.url)
        try:
            somebody = Person("customer", "bench-first", "de")
            if not await first_answer(side, somebody, "Hallo", within=READY_WITHIN, given_up=running.died):
                raise DidNotStartError(f"{name} gave no answer ({running.died()} ended):\n{running.tails()}")
            yield Started(side, running, database(folder), round(time.monotonic() - began, 2))
        finally:
            running.stop()


def database(folder: Path) -> Path:
    """The database of orders, of either side."""
    return lotse.database(folder)


async def start_times(name: str, folder: Path, times: int, *, whole: bool = False) -> list[float]:
    """Start and stop so many times; seconds to the first answer, each time."""
    taken = []
    for _ in range(times):
        async with started(name, folder, whole=whole) as one:
            taken.append(one.first_answer_s)
    return taken
