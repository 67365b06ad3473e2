"""Every reachable state of a penalty and its appeals: the invariants of W.D hold in all of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from actions.policy import (
    Actor,
    Allowed,
    AppealCommand,
    AppealFacts,
    AppealStatus,
    AppealType,
    DecideAppeal,
    FileAppeal,
    LapseAppeal,
    Limits,
    Outcome,
    SubmitAppeal,
    Verdict,
    WithdrawAppeal,
)

from .appeal_world import CANCELLATION, DAYS, MERCHANT, Move, Rules, World, reachable

CONDITIONAL = {
    AppealType.FULFILMENT_RATE,
    AppealType.VALID_TRACKING_RATE,
    AppealType.CONFIRMED_FULFILMENT_SPEED,
    AppealType.REFUND,
}
NEVER = (AppealType.REPEAT_IP_INFRINGEMENT, "bestseller_rank")
STARTS = [World((str(kind),)) for kind in (*AppealType, "bestseller_rank")] + [
    World(CANCELLATION),
    World((AppealType.REFUND,), rejected_before=2),
]
IDS = ["+".join(start.types) + (f", {start.rejected_before} before" * bool(start.rejected_before)) for start in STARTS]
FILEABLE = [start for start in STARTS if start.types[0] not in NEVER]
SWITCHES = {
    "strict": Limits(),
    "honoured": Limits(late_confirmation="honour_if_filed_in_time"),
}


def holds(move: Move, limits: Limits) -> None:
    """The invariants of W.D, numbered as there."""
    before, after = move.before, move.after
    kind = move.on.type if move.on else ""
    clocked, inside = kind != AppealType.REFUND, DAYS[before.today] <= 90
    if isinstance(move.what, SubmitAppeal):
        assert before.holds or kind not in CONDITIONAL  # 1
        assert inside or not clocked  # 2
        assert kind not in NEVER  # 5
        assert move.on is not None and move.on.status is AppealStatus.DRAFT
        rejected = before.rejected + (before.rejected_before if kind == AppealType.REFUND else 0)
        assert kind != AppealType.REFUND or rejected < 3  # 3
        (filed,) = move.effects
        assert isinstance(filed, FileAppeal)
        # 7: nothing but rejections counts (the other types' are not told apart beyond two).
        assert filed.attempt == rejected + 1
        assert (filed.closes_at is None) == (not clocked)
    if isinstance(move.what, DecideAppeal):
        assert move.on is not None and move.on.status is AppealStatus.SUBMITTED and move.on.filed is not None
        in_time = DAYS[move.on.filed] <= 90 and limits.late_confirmation == "honour_if_filed_in_time"
        assert inside or not clocked or in_time  # 2
        # A refund that the marketplace took back meanwhile leaves nothing to move.
        gone = kind == AppealType.REFUND and not before.holds
        assert after.undone == (before.undone or (move.what.outcome is Outcome.APPROVED and not gone))
    if isinstance(move.what, LapseAppeal):
        assert clocked and not inside and limits.late_confirmation == "strict"
    assert after.rejected + after.rejected_before <= 3 or AppealType.REFUND not in after.types  # 3
    assert after.approved if after.undone else (not after.approved or AppealType.REFUND in after.types)  # 4
    submitted = [live for live in after.live if live.status is AppealStatus.SUBMITTED]
    standing = [live for live in submitted if live.filed is None or not lapsed(after, live.type, limits)]
    assert len(standing) <= 1  # 6


def lapsed(world: World, kind: str, limits: Limits) -> bool:
    return kind != AppealType.REFUND and DAYS[world.today] > 90 and limits.late_confirmation == "strict"


@pytest.mark.unit
@pytest.mark.rule("W-02", "W-03", "W-10", "W-11", "W-12", "W-13", "W-20", "W-21", "W-24", "W-26", "Q15", "Q16", "Q17")
@pytest.mark.parametrize("switch", SWITCHES)
@pytest.mark.parametrize("start", STARTS, ids=IDS)
def test_invariants_hold_wherever_an_appeal_can_get(start: World, switch: str) -> None:
    limits = SWITCHES[switch]
    worlds, taken = reachable(start, Rules(limits))
    for move in taken:
        holds(move, limits)
    filed = {world for world in worlds if any(live.status is AppealStatus.SUBMITTED for live in world.live)}
    if start.types[0] in NEVER:
        assert not filed
        return
    assert filed and any(world.approved for world in worlds) and any(world.withdrawn for world in worlds)
    assert any(world.rejected for world in worlds)
    commands = {type(move.what) for move in taken}
    assert commands >= {SubmitAppeal, WithdrawAppeal, DecideAppeal}
    assert (LapseAppeal in commands) == (switch == "strict" and start.types[0] != AppealType.REFUND)


@pytest.mark.unit
@pytest.mark.rule("W-03", "W-13", "Q23")
@pytest.mark.parametrize("start", FILEABLE, ids=lambda start: "+".join(start.types))
def test_whoever_is_in_time_and_meets_the_conditions_can_file(start: World) -> None:
    """However often they were refused before (three times for refunds), and whatever they took back."""
    rules = Rules(Limits())
    seen = 0
    for world in reachable(start, rules)[0]:
        over = DAYS[world.today] > 90 and start.types[0] != AppealType.REFUND
        capped = start.types[0] == AppealType.REFUND and world.rejected + world.rejected_before >= 3
        busy = any(live.status is AppealStatus.SUBMITTED for live in world.live)
        if world.holds and not (over or capped or busy or world.approved):
            for kind in start.types:
                facts = world.facts(kind, None)
                assert isinstance(rules.decide(facts, SubmitAppeal("x"), MERCHANT, world.now), Allowed)
            seen += 1
    assert seen > 10


class Blind(Rules):
    """Does not look at the merchant's other appeals."""

    def decide(self, facts: AppealFacts, command: AppealCommand, actor: Actor, now: datetime) -> Verdict:
        return super().decide(replace(facts, others=()), command, actor, now)


class Lenient(Rules):
    """Approves what was filed in time although the switch says strict."""

    def decide(self, facts: AppealFacts, command: AppealCommand, actor: Actor, now: datetime) -> Verdict:
        limits = SWITCHES["honoured"]
        return Rules(limits).decide(facts, command, actor, now)


@pytest.mark.unit
@pytest.mark.parametrize("rules", [Blind, Lenient])
def test_the_search_notices_a_broken_rule(rules: type[Rules]) -> None:
    with pytest.raises(AssertionError):
        for start in STARTS:
            for move in reachable(start, rules(Limits()))[1]:
                holds(move, Limits())
