"""The command line of `python -m bench.load`."""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import aiohttp

from bench import lotse, rounds, seed
from bench.dialogues import Person, plays
from bench.sides import Lotse, first_answer


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.load", description=__doc__)
    parser.add_argument("--side", choices=["lotse"], default="lotse")
    parser.add_argument("--people", type=int, nargs="+", default=[8])
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--warm-up", type=float, default=5.0)
    parser.add_argument("--plays", type=int, default=4000, help="conversations that are prepared for each round")
    parser.add_argument("--other-orders", type=int, default=1000)
    parser.add_argument("--env", nargs="*", default=[], help="further settings for Lotse: NAME=VALUE")
    parser.add_argument("--url", help="a Lotse that already runs")
    parser.add_argument("--database", type=Path, help="its database")
    parser.add_argument("--secret", default=lotse.JWT_SECRET, help="its LOTSE_JWT_SECRET")
    parser.add_argument("--first", type=int, help="number of the first conversation (of a database used before)")
    parser.add_argument("--json", action="store_true", help="print everything that was measured")
    arguments = parser.parse_args()
    asyncio.run(_measure(arguments))
    return 0


async def _measure(arguments: argparse.Namespace) -> None:
    folder = Path(tempfile.mkdtemp(prefix="lotse-bench-"))
    first = arguments.first or 0
    prepared = {
        people: list(plays(first + i * arguments.plays, arguments.plays)) for i, people in enumerate(arguments.people)
    }
    database = arguments.database or lotse.database(folder)
    seed.prepare(
        database,
        (p for some in prepared.values() for p in some),
        other_orders=0 if arguments.url else arguments.other_orders,
    )
    started = None
    try:
        if not arguments.url:
            started = lotse.start(folder, **dict(one.split("=", 1) for one in arguments.env))
            print(f"Lotse: {started.url}, logs in {folder}/log", flush=True)
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
            side = Lotse(http, arguments.url or (started.url if started else ""), arguments.secret)
            died = started.running.died if started else list[str]
            if not await first_answer(
                side, Person("customer", "bench-first", "de"), "Hallo", within=120, given_up=died
            ):
                raise SystemExit(f"no answer\n{started.running.tails() if started else ''}")
            if started:
                pids = {name: process.pid for name, process in started.running.all().items()}
                print("processes:", pids, flush=True)
            for people, some in prepared.items():
                found = await rounds.measure(
                    side,
                    started.running if started else None,
                    database,
                    some,
                    people,
                    warm_up=arguments.warm_up,
                    seconds=arguments.seconds,
                )
                print(json.dumps(found, ensure_ascii=False, indent=1) if arguments.json else _short(found), flush=True)
    finally:
        if started:
            started.running.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _short(found: dict[str, Any]) -> str:
    lines = [f"{found['people']} people: {found['turns_per_s']} turns/s, {found['cpu_ms_per_turn_all']} ms CPU a turn"]
    for kind in ("all", "typed", "pressed"):
        taken = found[kind]
        if taken:
            lines.append(f"  {kind:8} p50 {taken['p50_ms']} p95 {taken['p95_ms']} p99 {taken['p99_ms']} ms")
    lines.append(f"  CPU {found['cpu_ms_per_turn']}, of the load itself {found['generator_cpu_ms_per_turn']}")
    lines.append(f"  memory {found['memory_mib']}")
    lines.append(f"  conversations {found['dialogues']}")
    return "\n".join(lines)
