"""Reads conversations: <pattern>/<name>.yml, in words that need no Python to be checked.

about: one sentence. rules: the rule IDs it shows. now: where the business clock stands (default below).
people: whoever differs from the default customer and seller; `role` for others. orders: key, title, due (from now);
of goods also released, confirmed, cancelled_by, tracking, refunds. infractions: key, type, issued (from now), order.
steps: each has one act, `<person>: text` or `<person> <verb>: …` or `clock`, `market`, `page`, `dashboard` (the
merchant acts there), `platform` (it decides on an appeal), `desk` (it `says` something `to` somebody, or `closes`), and
what is expected.
then: per order or infraction the state of the database afterwards, appeals with it; what is not named must be as it
was, without any appeal.
handed: the handovers to the support desk, `by` whom, `scope`, `closed` by whom (none: still open), `talk`, what the
desk `sees` and does `not see` of it; rated: the feedback, `by` whom, `outcome`, `rating`, `comment`; default: none.
told: the notices by role, in order, nobody else and none twice; default: none.
`{key}` in any text is the number of the order or infraction with that key, `{key appeal}` that of its last appeal.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import msgspec.yaml

FOLDER = Path(__file__).parent
RESOLUTION_CENTRE = ("happy_path", "corrections", "digressions", "guards", "both_sides", "languages", "deadlines")
APPEALS = (
    *("appeals_happy_path", "appeals_what_if", "appeals_refusals", "appeals_evidence", "appeals_all_at_once"),
    *("appeals_corrections", "appeals_digressions", "appeals_guards", "appeals_status_and_withdrawal"),
    *("appeals_deadlines", "appeals_steps", "appeals_languages", "appeals_customers"),
)
AROUND = ("handover", "feedback")
PATTERNS = (*RESOLUTION_CENTRE, *APPEALS, *AROUND)
NOW = "2026-11-23T13:00:00Z"

VERBS = ("says", "presses", "uploads", "sees", "sees nothing", "hears", "reloads", "repeats", "at once")
PLAIN = ("clock", "market", "page", "dashboard", "platform", "desk")
EXPECTATIONS = frozenset(
    (
        *("reply", "reply not", "in order", "file", "buttons", "no buttons", "kind", "refused", "locale"),
        *("http", "status", "unseen", "paused"),
    )
)
_TOP = frozenset(
    {"about", "rules", "now", "people", "orders", "infractions", "steps", "then", "told", "handed", "rated"}
)
_DURATION = re.compile(r"([+-])(\d+)(d|h|m|s)(?:(\d+)(h|m|s))?")
_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}


class ScriptError(ValueError):
    """A conversation that cannot be read; the message says which and why."""


@dataclass(frozen=True)
class Step:
    """``who`` (a person's key, or empty for the marketplace) does ``what``; ``expect`` is what that must bring."""

    who: str
    verb: str
    what: Any
    expect: Mapping[str, Any]


@dataclass(frozen=True)
class Conversation:
    """A whole conversation as data."""

    pattern: str
    name: str
    about: str
    rules: tuple[str, ...]
    now: datetime
    people: Mapping[str, Mapping[str, Any]]
    orders: Mapping[str, Mapping[str, Any]]
    steps: tuple[Step, ...]
    infractions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    then: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    told: Mapping[str, list[str]] = field(default_factory=dict)
    handed: tuple[Mapping[str, Any], ...] = ()
    rated: tuple[Mapping[str, Any], ...] = ()

    @property
    def id(self) -> str:
        """How the test is called."""
        return f"{self.pattern}/{self.name}"


def instant(text: Any, start: datetime) -> datetime:
    """`+49h`, `-2d`, `+1h30m` from ``start``, or an ISO instant."""
    if isinstance(text, datetime):
        return text
    if found := _DURATION.fullmatch(str(text)):
        sign, amount, unit, more, more_unit = found.groups()
        length = timedelta(**{_UNITS[unit]: int(amount)})
        if more:
            length += timedelta(**{_UNITS[more_unit]: int(more)})
        return start - length if sign == "-" else start + length
    return datetime.fromisoformat(str(text))


def load_all() -> list[Conversation]:
    """Every conversation, in the order of the patterns and names."""
    return [load(path) for pattern in PATTERNS for path in sorted((FOLDER / pattern).glob("*.yml"))]


def load(path: Path) -> Conversation:
    """One conversation. Raises ``ScriptError``."""
    try:
        data = msgspec.yaml.decode(path.read_text(encoding="utf-8"))
        return _conversation(path, data)
    except (ScriptError, msgspec.MsgspecError, KeyError, TypeError, ValueError) as error:
        raise ScriptError(f"{path.parent.name}/{path.name}: {type(error).__name__}: {error}") from error


def _conversation(path: Path, data: Mapping[str, Any]) -> Conversation:
    if unknown := set(data) - _TOP:
        raise ScriptError(f"unknown: {sorted(unknown)}")
    people = {"customer": {}, "seller": {}, **(data.get("people") or {})}
    orders, infractions = data.get("orders") or {}, data.get("infractions") or {}
    if both := set(orders) & set(infractions):
        raise ScriptError(f"order and infraction: {sorted(both)}")
    if missing := set(data.get("then") or {}) - set(orders) - set(infractions):
        raise ScriptError(f"no such orders or infractions: {sorted(missing)}")
    return Conversation(
        pattern=path.parent.name,
        name=path.stem,
        about=data["about"],
        rules=tuple(data["rules"]),
        now=datetime.fromisoformat(data.get("now") or NOW),
        people=people,
        orders=orders,
        steps=tuple(_step(step, people) for step in data["steps"]),
        infractions=infractions,
        then=data.get("then") or {},
        told=data.get("told") or {},
        handed=tuple(data.get("handed") or ()),
        rated=tuple(data.get("rated") or ()),
    )


def _step(step: Mapping[str, Any], people: Mapping[str, Any]) -> Step:
    acts = [key for key in step if key not in EXPECTATIONS]
    if len(acts) != 1:
        raise ScriptError(f"one act a step, not {acts}")
    act = acts[0]
    expect = {key: step[key] for key in step if key in EXPECTATIONS}
    if act in PLAIN:
        return Step("", act, step[act], expect)
    who, _, verb = act.partition(" ")
    if who not in people or (verb or "says") not in VERBS:
        raise ScriptError(f"who does what? {act!r}")
    if not verb and not isinstance(step[act], str):
        raise ScriptError(f"{act} says {step[act]!r}, which YAML reads as no text")
    return Step(who, verb or "says", step[act], expect)
