"""The load: so many people at once, each playing one conversation after the other without a pause.

    python -m bench.load --side lotse --people 8 --seconds 20

starts Lotse with an empty database of its own and prints what was measured. With `--url` and `--database` one that
already runs (development mode, `--secret` its LOTSE_JWT_SECRET) is used instead.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from bench.dialogues import Play, Step
from bench.figures import Turn
from bench.sides import Button, Reply, Side


@dataclass
class Load:
    """What was measured: every turn, the plays that went to their end, and why others did not."""

    turns: list[Turn] = field(default_factory=list)
    finished: list[Play] = field(default_factory=list)
    lost: Counter[str] = field(default_factory=Counter)
    began: float = 0.0
    ended: float = 0.0

    def within(self) -> list[Turn]:
        """The turns that ended while it was measured."""
        return [turn for turn in self.turns if self.began <= turn.ended <= self.ended]


async def run(side: Side, plays: Iterable[Play], people: int, *, warm_up: float, seconds: float) -> Load:
    """``people`` at once for ``warm_up`` + ``seconds``; only what ends in the latter is measured."""
    load, waiting = Load(), iter(plays)
    load.began = time.monotonic() + warm_up
    load.ended = load.began + seconds
    async with asyncio.TaskGroup() as group:
        for _ in range(people):
            group.create_task(_person(side, waiting, load))
    return load


async def _person(side: Side, waiting: Iterator[Play], load: Load) -> None:
    for played in waiting:
        why = await _play(side, played, load)
        if why is None:
            return
        if why:
            load.lost[f"{played.dialogue.name}: {why}"] += 1
        else:
            load.finished.append(played)


async def _play(side: Side, played: Play, load: Load) -> str | None:
    """Play one conversation: '' when it went to its end, None when time was up, else what went wrong."""
    shown: dict[str, tuple[Button, ...]] = {}
    for step in played.dialogue.steps:
        if time.monotonic() >= load.ended:
            return None
        words = played.words(step)
        button = find(shown.get(step.role, ()), words) if step.pressed else None
        if step.pressed and button is None:
            return f"no button „{step.words}“"
        reply = await _turn(side, played, step, words, button, load)
        if not reply.ok:
            return f"no answer to „{step.words}“ ({reply.text[:120]})"
        shown[step.role] = reply.buttons
    return ""


async def _turn(side: Side, played: Play, step: Step, words: str, button: Button | None, load: Load) -> Reply:
    began = time.monotonic()
    reply = await side.sends(played.people[step.role], words, button)
    ended = time.monotonic()
    load.turns.append(Turn(ended, ended - began, step.pressed, reply.ok))
    return reply


def find(buttons: Iterable[Button], title: str) -> Button | None:
    """The first button whose title begins so."""
    return next((button for button in buttons if button.title.startswith(title)), None)


def endless(numbers: Iterable[Play]) -> Iterator[Play]:
    """The plays once each. RuntimeError, not silence, when a fast side has played them all."""
    yield from numbers
    raise RuntimeError("all prepared conversations were played: prepare more")


if __name__ == "__main__":
    from bench.load_cli import main

    raise SystemExit(main())
