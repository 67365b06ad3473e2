"""The three answers of `decide`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from actions.policy.effects import Effect


@dataclass(frozen=True, slots=True)
class Reason:
    """One rule that a command fails: rule id, stable code, and the values a message about it needs.

    Instants among the values are aware datetimes in UTC.
    """

    rule: str
    code: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Allowed:
    """The command may be executed now: what it changes, and the rules that say so."""

    effects: tuple[Effect, ...]
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """The command fails; `reasons` names every failing rule, the most fundamental first, and is never empty."""

    reasons: tuple[Reason, ...]

    def __post_init__(self) -> None:
        if not self.reasons:
            raise ValueError("a refusal needs a reason")

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of the reasons, in order."""
        return tuple(reason.code for reason in self.reasons)


@dataclass(frozen=True, slots=True)
class Undetermined:
    """Nothing speaks against the command, but facts that a rule needs are unknown (Q15c): ask, never invent them."""

    missing: tuple[str, ...]
    rules: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.missing:
            raise ValueError("an undetermined verdict needs to name what is missing")


Verdict = Allowed | Refused | Undetermined
