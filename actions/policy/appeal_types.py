"""Reads the list of appealable types (appeal_types.toml, W-02)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Literal, get_args

Anchor = Literal["issued", "released", "none"]
Level = Literal["metric", "infraction"]
Check = Literal[
    "cancelled_by_merchant",
    "not_confirmed",
    "confirmed",
    "tracking",
    "proof",
    "refund",
    "refund_listed",
    "refund_borne",
    "refund_tries",
]


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that must be true, and the code of the refusal when it is not; its rule unless it is the type's own."""

    check: Check
    code: str
    rule: str | None = None
    curable: bool = False


@dataclass(frozen=True, slots=True)
class AppealKind:
    """One appealable type as the list has it; the file's head explains the fields."""

    key: str
    rule: str
    level: Level
    anchor: Anchor
    route: str
    window: str | None = None
    infractions: tuple[str, ...] = ()
    anchors: tuple[str, ...] = ()
    shares: str | None = None
    needs: tuple[Check, ...] = ()
    conditions: tuple[Condition, ...] = ()
    refer: str | None = None

    @property
    def carriers(self) -> tuple[str, ...]:
        """The types of infraction to look for on an order, the best first: its own, its like, then mere anchors."""
        return (*self.infractions, *self.anchors)

    @property
    def claim(self) -> str:
        """Types with the same claim have one open appeal on a subject between them (W-26, Q20)."""
        return self.shares or self.key


def read_types(text: str) -> tuple[str, Mapping[str, AppealKind]]:
    """Parse the list: its version, and the types by key. ValueError for anything it does not understand."""
    document = tomllib.loads(text)
    kinds = [_kind(entry) for entry in document["types"]]
    if len({kind.key for kind in kinds}) != len(kinds):
        raise ValueError("a type is listed twice")
    return str(document["version"]), MappingProxyType({kind.key: kind for kind in kinds})


def _kind(entry: dict[str, Any]) -> AppealKind:
    try:
        conditions = tuple(Condition(**condition) for condition in entry.pop("conditions", ()))
        values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in entry.items()}
        kind = AppealKind(conditions=conditions, **values)
    except TypeError as error:
        raise ValueError(f"{entry.get('key')}: {error}") from error
    if kind.anchor not in get_args(Anchor) or kind.level not in get_args(Level):
        raise ValueError(f"{kind.key}: unknown anchor or level")
    if (kind.window is None) != (kind.anchor == "none"):
        raise ValueError(f"{kind.key}: a window needs an anchor and a rule")
    for check in (*(condition.check for condition in conditions), *kind.needs):
        if check not in get_args(Check):
            raise ValueError(f"{kind.key}: unknown check {check}")
    return kind


APPEAL_TYPES_VERSION, APPEAL_TYPES = read_types(
    files("actions.policy").joinpath("appeal_types.toml").read_text(encoding="utf-8")
)
"""The version of the list, and the types by key."""
