"""Does a conversation get slower as it grows: the same five messages, over and over, up to turn 200."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from bench.dialogues import Play, Step, play
from bench.dialogues import load as dialogues
from bench.figures import median, ratio
from bench.load import find
from bench.sides import Side

TURNS = 200
#: Five turns that leave the order as it was: a wish, not confirmed after all, three questions.
ROUND = (
    Step("customer", "Wie weit ist mein Auftrag?", False),
    Step("customer", "Nein", True),
    Step("customer", "Wie lange hat der Verkäufer Zeit für die Antwort?", False),
    Step("customer", "Was ist gerade offen?", False),
    Step("customer", "Danke", False),
)


def casts(first: int, people: int) -> list[Play]:
    """So many people with one active order each."""
    one = next(dialogue for dialogue in dialogues() if dialogue.name == "just questions")
    return [play(one, number) for number in range(first, first + people)]


async def measure(side: Side, plays: list[Play], turns: int = TURNS) -> dict[str, Any]:
    """Everybody's turns, one person after the other (nobody else is there), and the last round beside the first.

    Medians over people and the messages of a round, in ms. The very first turn of a conversation is reported apart: it
    also begins the conversation.
    """
    taken = [await _converse(side, played, turns) for played in plays]
    size = len(ROUND)
    first = median([value for one in taken for value in one[:size]])
    second = median([value for one in taken for value in one[size : 2 * size]])
    last = median([value for one in taken for value in one[-size:]])
    middle = [median([value for one in taken for value in one[i : i + size]]) for i in range(0, turns, size)]
    return {
        "turns": turns,
        "people": len(plays),
        "turn_1_ms": round(median([one[0] for one in taken]) * 1000, 2),
        "first_round_ms": round(first * 1000, 2),
        "second_round_ms": round(second * 1000, 2),
        "last_round_ms": round(last * 1000, 2),
        "ratio": round(ratio(last, first) or 0.0, 3),
        "ratio_to_second_round": round(ratio(last, second) or 0.0, 3),
        "rounds_ms": [round(value * 1000, 2) for value in middle],
    }


async def _converse(side: Side, played: Play, turns: int) -> list[float]:
    seconds = []
    person = played.people["customer"]
    buttons: Any = ()
    for number in range(turns):
        step = ROUND[number % len(ROUND)]
        button = find(buttons, step.words) if step.pressed else None
        began = time.monotonic()
        reply = await side.sends(person, step.words, button)
        seconds.append(time.monotonic() - began)
        if not reply.ok:
            raise RuntimeError(f"turn {number + 1} was not answered: {reply.text[:200]}")
        buttons = reply.buttons
        await asyncio.sleep(0)
    return seconds
