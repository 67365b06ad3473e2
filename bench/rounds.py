"""One round of the load against a running side, with what its processes took meanwhile."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

from bench import seed
from bench.dialogues import Play
from bench.figures import latencies
from bench.load import Load, endless, run
from bench.processes import Running
from bench.sides import Side


async def measure(
    side: Side,
    running: Running | None,
    database: Path,
    plays: list[Play],
    people: int,
    *,
    warm_up: float,
    seconds: float,
) -> dict[str, Any]:
    """Turns a second, latencies, CPU a turn and memory of each process, and whether the conversations did their job."""
    sampler = asyncio.create_task(_cpu(running, warm_up, seconds))
    load = await run(side, endless(plays), people, warm_up=warm_up, seconds=seconds)
    cpu, own = await sampler
    turns = load.within()
    wrong = await asyncio.to_thread(seed.failures, database, load.finished)
    answered = [turn for turn in turns if turn.ok]
    return {
        "people": people,
        "seconds": seconds,
        "turns": len(turns),
        "turns_per_s": round(len(answered) / seconds, 2),
        "all": latencies(turn.seconds for turn in answered),
        "typed": latencies(turn.seconds for turn in answered if not turn.pressed),
        "pressed": latencies(turn.seconds for turn in answered if turn.pressed),
        "cpu_ms_per_turn": {name: round(used * 1000 / max(len(turns), 1), 3) for name, used in cpu.items()},
        "cpu_ms_per_turn_all": round(sum(cpu.values()) * 1000 / max(len(turns), 1), 3),
        "generator_cpu_ms_per_turn": round(own * 1000 / max(len(turns), 1), 3),
        "memory_mib": running.memory_mib() if running else {},
        "dialogues": outcome(load, wrong),
    }


def outcome(load: Load, wrong: dict[str, str]) -> dict[str, Any]:
    """How many conversations did what their people wanted, of those that were not cut off by the end of the time."""
    ended = len(load.finished) + sum(load.lost.values())
    right = len(load.finished) - len(wrong)
    return {
        "ended": ended,
        "right": right,
        "right_share": round(right / ended, 4) if ended else None,
        "lost": dict(load.lost.most_common(12)),
        "wrong": dict(list(wrong.items())[:12]),
    }


async def _cpu(running: Running | None, warm_up: float, seconds: float) -> tuple[dict[str, float], float]:
    """CPU seconds of each process, and of the load itself, between the end of the warm-up and the end."""
    await asyncio.sleep(warm_up)
    before, own = running.cpu_seconds() if running else {}, _own_cpu()
    await asyncio.sleep(seconds)
    after = running.cpu_seconds() if running else {}
    return {name: used - before.get(name, 0.0) for name, used in after.items()}, _own_cpu() - own


def _own_cpu() -> float:
    times = os.times()
    return times.user + times.system
