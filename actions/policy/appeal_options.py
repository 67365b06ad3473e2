"""What a merchant can do about one penalty, and how long: for the scan, for eligibility questions and for what-ifs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from actions.policy.appeal_conditions import CHECKS, rejections
from actions.policy.appeal_rules import decide_appeal
from actions.policy.appeal_types import APPEAL_TYPES, AppealKind
from actions.policy.appeal_window import Window, window_of
from actions.policy.appeals import AppealFacts, AppealType
from actions.policy.commands import SubmitAppeal
from actions.policy.limits import DEFAULT_LIMITS, Limits
from actions.policy.orders import Actor
from actions.policy.verdict import Allowed, Undetermined, Verdict


class Standing(StrEnum):
    """Where a penalty stands, from most to least that the merchant can do."""

    POSSIBLE = "possible"
    MISSING = "missing"
    RUNNING = "running"
    UNKNOWN = "unknown"
    REFERRED = "referred"
    SETTLED = "settled"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class AppealOption:
    """Whether this can be appealed at the instant asked about, the ground taken as given.

    `needs` names what must still be supplied (`ground`, and of the type's list what is lacking); `window` is None for a
    type without one or an unknown anchor; `days_left` counts calendar days in UTC, 0 on the last one. `attempt` is the
    number of the next try, `attempts` how many there are at most (None: no cap).
    """

    verdict: Verdict
    standing: Standing
    needs: tuple[str, ...]
    window: Window | None
    days_left: int | None
    is_urgent: bool
    attempt: int
    attempts: int | None


def appealable(facts: AppealFacts, actor: Actor, now: datetime, limits: Limits = DEFAULT_LIMITS) -> AppealOption:
    """Judge a possible appeal at `now` (aware). For a what-if, give other facts or another instant."""
    verdict = decide_appeal(facts, SubmitAppeal(ground="-"), actor, now, limits)
    kind = APPEAL_TYPES.get(facts.type)
    window = window_of(facts, kind, limits) if kind else None
    return AppealOption(
        verdict=verdict,
        standing=standing(verdict, kind),
        needs=(*(("ground",) if limits.ground_required else ()), *_lacking(facts, kind, limits)),
        window=window,
        days_left=window.days_left(now) if window else None,
        is_urgent=window.is_urgent(now, limits) if window else False,
        attempt=rejections(facts, kind) + 1 if kind else 1,
        attempts=limits.refund_rejections if facts.type == AppealType.REFUND else None,
    )


def standing(verdict: Verdict, kind: AppealKind | None) -> Standing:
    """Sum a verdict on submitting up in one word."""
    if isinstance(verdict, Allowed):
        return Standing.POSSIBLE
    if isinstance(verdict, Undetermined):
        return Standing.UNKNOWN
    codes = set(verdict.codes)
    for code, word in (
        ("appeal_open", Standing.RUNNING),
        ("already_reversed", Standing.SETTLED),
        ("repeat_ip", Standing.REFERRED),
    ):
        if code in codes:
            return word
    curable = {condition.code for condition in kind.conditions if condition.curable} if kind else set()
    return Standing.MISSING if codes <= curable else Standing.LOST


def _lacking(facts: AppealFacts, kind: AppealKind | None, limits: Limits) -> tuple[str, ...]:
    """What the type needs and the merchant has not attached; unknown counts as not attached."""
    found = {need: CHECKS[need](facts, limits) for need in (kind.needs if kind else ())}
    return tuple(need for need, finding in found.items() if finding.failed or finding.missing)
