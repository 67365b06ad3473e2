"""The stages of `make bench` that measure; each takes the side's name and gives back what goes into the report."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench import long, rounds, seed
from bench.dialogues import Play, plays
from bench.figures import median, ratio
from bench.starting import Started, database, start_times, started

FEW, MANY = 1_000, 1_000_000  # orders of other people
_PLAYS = {"stock": 1_000, "lotse": 6_000}  # prepared for each round; more than can be played
_LONG_FIRST = 900_000  # numbers of the plays of the long conversations

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is measured; durations in seconds. The short form is for trying out."""

    people: tuple[int, ...] = (1, 8, 32)
    seconds: float = 30.0
    warm_up: float = 6.0
    starts: int = 2
    long_people: int = 3
    long_turns: int = long.TURNS
    many: int = MANY
    orders_rounds: int = 4
    orders_seconds: float = 8.0


SHORT = Extent(seconds=8.0, warm_up=3.0, starts=1, long_people=1, long_turns=50, many=50_000, orders_rounds=2)


def aside(extent: Extent) -> Extent:
    """What is asked of plain Rasa without stories."""
    return replace(extent, people=extent.people[1:], starts=1, long_people=0)


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder for a side's databases and logs, on the disk that holds temporary files."""
    folder = Path(tempfile.mkdtemp(prefix="lotse-bench-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def load(name: str, extent: Extent, say: Say, model: Path | None = None) -> dict[str, Any]:
    """Start-up, memory, and rounds of the load with ever more people; then long conversations.

    ``model``: another one of plain Rasa's.
    """
    with scratch() as folder:
        some: dict[int, list[Play]] = {
            people: list(plays(i * _PLAYS[name], _PLAYS[name])) for i, people in enumerate(extent.people)
        }
        cast = long.casts(_LONG_FIRST, extent.long_people)
        seed.prepare(database(folder), [*(p for one in some.values() for p in one), *cast], other_orders=FEW)
        starts = await start_times(name, folder, extent.starts - 1)
        async with started(name, folder, model=model) as running:
            starts.append(running.first_answer_s)
            say(f"{name}: first answer after {', '.join(f'{one:.1f}' for one in starts)} s")
            found: dict[str, Any] = {"start_s": starts, "memory_at_start_mib": running.running.memory_mib()}
            found["load"] = {}
            for people, prepared in some.items():
                taken = await _round(running, prepared, people, extent)
                found["load"][str(people)] = taken
                say(f"{name}: {_said(taken)}")
            found["memory_mib"] = running.running.memory_mib()
            if cast:
                found["long"] = await long.measure(running.side, cast, extent.long_turns)
                rounds_ms = [found["long"][f"{which}_round_ms"] for which in ("first", "second", "last")]
                say(f"{name}: {extent.long_turns} turns in one conversation: rounds of five {rounds_ms} ms")
            found["writes"] = seed.writes(running.database)
            return found


async def _round(running: Started, prepared: list[Play], people: int, extent: Extent) -> dict[str, Any]:
    return await rounds.measure(
        running.side,
        running.running,
        running.database,
        prepared,
        people,
        warm_up=extent.warm_up,
        seconds=extent.seconds,
    )


def _said(taken: dict[str, Any]) -> str:
    p95 = taken["all"]["p95_ms"] if taken["all"] else None
    return (
        f"{taken['people']} people: {taken['turns_per_s']} turns/s, p95 {p95} ms, "
        f"{taken['cpu_ms_per_turn_all']} ms CPU a turn, conversations right {taken['dialogues']['right_share']}"
    )


async def orders(extent: Extent, say: Say) -> dict[str, Any]:
    """Lotse with few and with many orders in the database: both run at once and are asked in turns, one person each."""
    async with AsyncExitStack() as stack:
        sides: dict[int, Started] = {}
        prepared: dict[int, list[Play]] = {}
        for count in (FEW, extent.many):
            prepared[count] = list(plays(0, _PLAYS["lotse"]))
            sides[count] = await stack.enter_async_context(_with_orders(count, prepared[count]))
            say(f"lotse: runs with {count} orders of others")
        taken: dict[int, list[dict[str, Any]]] = {count: [] for count in sides}
        left = {count: iter(some) for count, some in prepared.items()}
        for _ in range(extent.orders_rounds):
            for count, one in sides.items():
                part = [next(left[count]) for _ in range(len(prepared[count]) // extent.orders_rounds)]
                found = await rounds.measure(
                    one.side, one.running, one.database, part, 1, warm_up=2.0, seconds=extent.orders_seconds
                )
                taken[count].append(found)
        made: dict[str, Any] = {"few": FEW, "many": extent.many, "rounds": extent.orders_rounds}
        for word, count in (("few", FEW), ("many", extent.many)):
            made[f"{word}_mean_ms"] = median([found["all"]["mean_ms"] for found in taken[count]])
            made[f"{word}_p50_ms"] = median([found["all"]["p50_ms"] for found in taken[count]])
            made[f"{word}_cpu_ms"] = median([found["cpu_ms_per_turn_all"] for found in taken[count]])
            made[f"{word}_right"] = min(found["dialogues"]["right_share"] or 0.0 for found in taken[count])
        made["ratio"] = round(ratio(made["many_mean_ms"], made["few_mean_ms"]) or 0.0, 3)
        made["cpu_ratio"] = round(ratio(made["many_cpu_ms"], made["few_cpu_ms"]) or 0.0, 3)
        say(f"lotse: a turn with {extent.many} orders takes {made['ratio']} times as long as with {FEW}")
        return made


@asynccontextmanager
async def _with_orders(count: int, prepared: list[Play]) -> AsyncIterator[Started]:
    with scratch() as folder:
        seed.prepare(database(folder), prepared, other_orders=count)
        async with started("lotse", folder) as one:
            yield one


async def make_run(extent: Extent, say: Say) -> list[float]:
    """Lotse's first answer with all that `make run` does before: looking at the model, migrating, loading demo data."""
    with scratch() as folder:
        taken = await start_times("lotse", folder, extent.starts, whole=True)
        say(f"lotse: first answer after `make run` in {', '.join(f'{one:.1f}' for one in taken)} s")
        return taken
