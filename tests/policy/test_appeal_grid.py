"""Every combination of type, subject, window, conditions and other appeals, against the appeal oracle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from actions.policy import (
    Allowed,
    AppealType,
    CloseAppeal,
    CorrectMetric,
    FileAppeal,
    Limits,
    MoveRefunds,
    Refused,
    ReverseInfraction,
    SubmitAppeal,
    Undetermined,
    Verdict,
    decide,
)

from .appeal_oracle import CANCELLATION, CLOCKED, LINES, Penalty, judge
from .appeal_penalties import ACTORS, COMMANDS, MIDNIGHT, TWIN, facts_of
from .moments import NOW


def in_words(verdict: Verdict) -> tuple[str, object]:
    match verdict:
        case Allowed(effects):
            return "allowed", tuple(_effect(effect) for effect in effects)
        case Refused(reasons):
            assert len({reason.code for reason in reasons}) == len(reasons)
            return "refused", frozenset((reason.rule, reason.code) for reason in reasons)
        case Undetermined(missing):
            return "undetermined", frozenset(missing)
    raise AssertionError(verdict)


def _effect(effect: object) -> str:
    match effect:
        case FileAppeal(closes_at, attempt):
            days = None if closes_at is None else (closes_at - MIDNIGHT).days - 1
            return f"filed, attempt {attempt}, days left {days}"
        case CloseAppeal("own", status):
            return str(status)
        case ReverseInfraction("V-1"):
            return "infraction reversed"
        case CorrectMetric(kind, "WO-1"):
            return f"{kind} corrected"
        case MoveRefunds("WO-1"):
            return "refunds moved"
    raise AssertionError(effect)


def grid(**dimensions: list[Any]) -> Iterator[dict[str, Any]]:
    for values in product(*dimensions.values()):
        yield dict(zip(dimensions, values, strict=True))


DAYS = [None, 0, 89, 90, 91, 400]
OWN: dict[str, dict[str, list[Any]]] = {
    "fulfilment_rate": {
        "order_known": [True, False],
        "cancelled": ["merchant", "customer", "platform", "nobody", "somebody"],
    },
    "valid_tracking_rate": {
        "order_known": [True, False],
        "released_day": DAYS,
        "confirmed": [True, False],
        "tracking": [True, False],
        "proof": ["", "image", "carrier link", "other link"],
    },
    "confirmed_fulfilment_speed": {
        "order_known": [True, False],
        "confirmed": [True, False],
        "proof": ["", "image", "carrier link", "other link"],
    },
    "refund": {
        "order_known": [True, False],
        "refunds": ["none", "ours", "theirs", "other", "mixed"],
        "rejected": [0, 1, 2, 3, 4],
    },
}


def filings() -> Iterator[Penalty]:
    """Filing, with the conditions of each type, windows, infractions at hand and other appeals."""
    for kind in [*AppealType, "bestseller_rank"]:
        days = [None, 90, 91] if kind == "valid_tracking_rate" else DAYS
        infractions = [None, str(kind), TWIN.get(kind, "late_confirmed_fulfilment"), "misleading_listing"]
        for own in grid(**OWN.get(kind, {"rejected": [0, 5]})):
            base = Penalty("submit", "merchant", str(kind), **own)
            for more in grid(on=["order", "infraction"], infraction=infractions, issued_day=days, ground=[True, False]):
                if more["infraction"] or (more["on"] == "order" and more["issued_day"] is None):
                    yield replace(base, **more)
            kinds = ["draft", "submitted", "approved", "withdrawn", "lapsed", "overdue"]
            about = None if kind == "refund" else str(kind)
            for more in grid(other=kinds, other_is=["same", "twin", "elsewhere"], honour=[True, False]):
                yield replace(base, infraction=about, issued_day=5, on="order", **more)
            if own.get("order_known", True):
                yield replace(base, infraction=about, issued_day=5, on="order", is_reversed=True)


def the_rest() -> Iterator[Penalty]:
    """Every command in every state of the appeal at hand, and everybody who has no business here."""
    states = ["", "draft", "submitted", "approved", "rejected", "withdrawn", "lapsed"]
    for kind in [*AppealType, "bestseller_rank"]:
        for more in grid(
            asks=["submit", "withdraw", "approve", "reject", "lapse"],
            who=["merchant", "stranger", "platform"],
            own=states,
            own_over=[True, False],
            honour=[True, False],
            is_reversed=[True, False],
            infraction=[None, str(kind), TWIN.get(kind, "late_confirmed_fulfilment"), "repeat_ip_infringement", "new"],
        ):
            refunds = "mixed" if kind == "refund" else "none"
            yield Penalty(type=str(kind), refunds=refunds, own_endless=kind == "refund", issued_day=5, **more)


@pytest.mark.unit
@pytest.mark.slow
@pytest.mark.rule(
    "W-02", "W-05", "W-20", "W-22", "W-23", "W-24", "Q15", "Q15b", "Q15c", "Q16", "Q17", "Q17b", "Q20", "Q20b", "Q23",
    *sorted({line.rule for line in LINES}),
)  # fmt: skip
def test_decide_agrees_with_the_policy_read_a_second_time() -> None:
    seen: Counter[object] = Counter()
    switches = {honour: Limits(late_confirmation=("strict", "honour_if_filed_in_time")[honour]) for honour in (0, 1)}
    for index, penalty in enumerate(p for source in (filings(), the_rest()) for p in source):
        facts = facts_of(penalty, index)
        command = SubmitAppeal("Falsche Daten" if penalty.ground else " ") if penalty.asks == "submit" else None
        expected = judge(penalty)
        seen[expected[0]] += 1
        if expected[0] == "refused":
            seen.update(expected[1])  # type: ignore[call-overload]
        for actor in ACTORS[penalty.who]:
            verdict = decide(facts, command or COMMANDS[penalty.asks], actor, NOW, switches[penalty.honour])
            assert in_words(verdict) == expected, penalty
    assert seen["allowed"] > 500 and seen["undetermined"] > 100
    # A condition that the grid never breaks would be no test of it.
    broken = {(line.rule, line.code) for line in LINES}
    more = {"not_submitted", "appeal_gone", "appeal_lapsed", "not_due", "no_access", "platform_only", "repeat_ip"}
    assert broken <= set(seen)
    assert more | {"type_mismatch", "not_appealable"} <= {entry[1] for entry in seen if isinstance(entry, tuple)}
    assert set(AppealType) - {"refund", "repeat_ip_infringement"} == CLOCKED and CANCELLATION <= CLOCKED
