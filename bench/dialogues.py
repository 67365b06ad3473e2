"""The conversations of dialogues.yml, and the people, orders and penalties of each time one is played."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).with_name("dialogues.yml")
ROLES = ("customer", "seller")


@dataclass(frozen=True, slots=True)
class Step:
    """One turn: ``role`` types ``words``, or presses the button whose title begins with them."""

    role: str
    words: str
    pressed: bool


@dataclass(frozen=True, slots=True)
class Dialogue:
    """One conversation as written. Hours from now in ``orders`` (due), days ago in ``infractions`` (issued)."""

    name: str
    locales: Mapping[str, str]
    orders: Mapping[str, Mapping[str, Any]]
    infractions: Mapping[str, Mapping[str, Any]]
    steps: tuple[Step, ...]
    then: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of one played conversation. ``id`` is theirs alone."""

    role: str
    id: str
    locale: str


@dataclass(frozen=True, slots=True)
class Play:
    """A conversation with people, orders and infractions of its own; ``ids`` by the keys of the dialogue."""

    dialogue: Dialogue
    number: int
    people: Mapping[str, Person]
    ids: Mapping[str, str]

    def words(self, step: Step) -> str:
        """What is typed, or how the button's title begins."""
        return step.words.format_map(self.ids)


@cache
def load(path: Path = FILE) -> tuple[Dialogue, ...]:
    """All dialogues of the file. ValueError for a step that nobody does."""
    return tuple(_dialogue(found) for found in yaml.safe_load(path.read_text(encoding="utf-8")))


def _dialogue(found: Mapping[str, Any]) -> Dialogue:
    return Dialogue(
        name=found["name"],
        locales={role: person["locale"] for role, person in (found.get("people") or {}).items()},
        orders=found.get("orders") or {},
        infractions=found.get("infractions") or {},
        steps=tuple(_step(step) for step in found["steps"]),
        then=found["then"],
    )


def _step(found: Mapping[str, str]) -> Step:
    ((what, words),) = found.items()
    role, _, verb = what.partition(" ")
    if role not in ROLES or verb not in ("", "presses"):
        raise ValueError(f"not a step: {what}")
    return Step(role, words, bool(verb))


def play(dialogue: Dialogue, number: int) -> Play:
    """The ``number``-th play: names and numbers that no other play has."""
    people = {
        role: Person(
            role, f"bench-{role}-{number}", dialogue.locales.get(role, "de-formal" if role == "seller" else "de")
        )
        for role in ROLES
    }
    ids = {key: f"BK-{10_000_000 + number * 10 + i}" for i, key in enumerate(dialogue.orders)}
    ids |= {key: f"V-{10_000_000 + number * 10 + i}" for i, key in enumerate(dialogue.infractions)}
    return Play(dialogue, number, people, ids)


def plays(first: int, count: int) -> Iterator[Play]:
    """So many plays, the dialogues in turn, numbered from ``first``."""
    dialogues = load()
    for number in range(first, first + count):
        yield play(dialogues[number % len(dialogues)], number)
