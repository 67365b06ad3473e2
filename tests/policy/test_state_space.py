"""Every reachable state of an order: the invariants of M.I hold in all of them, and the customer is never stuck."""

from __future__ import annotations

from functools import cache

import pytest

from actions.policy import (
    Accept,
    Actor,
    Allowed,
    AnswerUpdate,
    CancelOrder,
    CloseDispute,
    Decline,
    DisputeKind,
    DisputeStatus,
    Expire,
    ForceCancel,
    Limits,
    MoveDelivery,
    OrderCommand,
    OrderFacts,
    OrderState,
    Reason,
    Refused,
    Role,
    Verdict,
    Withdraw,
)

from .moments import HOUR
from .world import FAR, Move, Rules, World, ends_alone, reachable

STARTS = [World(until_delivery=steps) for steps in (*range(-FAR, FAR + 1), None)]
LIMITS = [
    pytest.param(Limits(), id="silence keeps"),
    pytest.param(Limits(cancel_silence="auto_cancel"), id="silence cancels"),
    pytest.param(Limits(extension_answer_window=48 * HOUR), id="extensions limited"),
    pytest.param(
        Limits(cancel_silence="auto_cancel", extension_answer_window=48 * HOUR),
        id="silence cancels, extensions limited",
    ),
]
CLOSED = (OrderState.COMPLETED, OrderState.CANCELLED)


@cache
def as_implemented(limits: Limits) -> tuple[set[World], list[Move]]:
    return reachable(STARTS, Rules(limits))


def closing(move: Move) -> DisputeStatus | None:
    return next((effect.status for effect in move.effects if isinstance(effect, CloseDispute)), None)


def holds(move: Move, limits: Limits) -> None:
    """Invariants 3 to 6; `applied` has already asserted 1 and 2, and that what ended stays ended."""
    before, status = move.before, closing(move)
    by = move.actor.role if move.actor else None
    live = before.kind is not None and (before.until_due is None or before.until_due >= 0)
    # 3. Only the filer withdraws, only the counterparty answers.
    if status is DisputeStatus.WITHDRAWN:
        assert by is before.filed_by
    if status in (DisputeStatus.ACCEPTED, DisputeStatus.DECLINED, DisputeStatus.ANSWERED):
        assert by in (Role.CUSTOMER, Role.SELLER) and by is not before.filed_by
    assert (status is DisputeStatus.ANSWERED) <= (before.kind is DisputeKind.UPDATE)
    # 4. Nothing but expiry happens to a dispute after its due instant, and no expiry before.
    if status is not None:
        assert live == (status is not DisputeStatus.EXPIRED)
    # 5. Cancelled by an accepted cancellation, a forced one, or silence if so configured.
    if move.after.state is OrderState.CANCELLED and before.state is not OrderState.CANCELLED:
        accepted = isinstance(move.command, Accept) and before.kind is DisputeKind.CANCELLATION
        forced = isinstance(move.command, ForceCancel) and by is Role.CUSTOMER and before.overdue
        silent = isinstance(move.command, Expire) and before.kind is DisputeKind.CANCELLATION
        silent = silent and limits.cancel_silence == "auto_cancel"
        assert accepted or forced or silent or move.command == "pushed cancelled"
        assert (CancelOrder() in move.effects) == (move.command != "pushed cancelled")
    # 6. The expected delivery moves only by an accepted extension.
    if any(isinstance(effect, MoveDelivery) for effect in move.effects):
        assert isinstance(move.command, Accept) and before.kind is DisputeKind.EXTENSION
    elif move.command != "time passes":
        assert (move.after.until_delivery, move.after.agreed) == (before.until_delivery, before.agreed)
    # M-02: a closed order does not change, but for the marketplace.
    if before.state in CLOSED:
        assert move.actor is None


@pytest.mark.unit
@pytest.mark.rule("M-02", "M-03", "M-12", "M-16", "M-18", "M-22", "M-24", "M-25", "M-26", "M-37")
@pytest.mark.parametrize("limits", LIMITS)
def test_invariants_hold_wherever_an_order_can_get(limits: Limits) -> None:
    worlds, taken = as_implemented(limits)
    for move in taken:
        holds(move, limits)
    assert len(worlds) > 500
    # The search went everywhere: every status occurred, every kind was open on both sides that can file it.
    assert {closing(move) for move in taken} == {None, *DisputeStatus} - {DisputeStatus.OPEN}
    assert {(world.kind, world.filed_by) for world in worlds if world.kind} == {
        (DisputeKind.UPDATE, Role.CUSTOMER),
        (DisputeKind.CANCELLATION, Role.CUSTOMER),
        (DisputeKind.CANCELLATION, Role.SELLER),
        (DisputeKind.EXTENSION, Role.SELLER),
    }
    assert {type(move.command) for move in taken} >= {Accept, AnswerUpdate, Decline, Withdraw, ForceCancel, Expire}


@pytest.mark.unit
@pytest.mark.rule("M-26", "M-23", "Q7", "Q8")
@pytest.mark.parametrize("limits", LIMITS)
def test_a_customer_whose_order_is_a_day_late_can_always_end_it_alone(limits: Limits) -> None:
    rules = Rules(limits)
    overdue = [world for world in as_implemented(limits)[0] if world.overdue]
    assert len(overdue) > 50
    assert [world for world in overdue if not ends_alone(world, rules)] == []


class NoDecliningOfExtensions(Rules):
    """Q8, rejected: what the seller asked for stays in the way until the seller takes it back."""

    def decide(self, facts: OrderFacts, command: OrderCommand, actor: Actor) -> Verdict:
        dispute = facts.open_dispute
        pending = dispute is not None and dispute.kind is DisputeKind.EXTENSION and actor.role is Role.CUSTOMER
        if pending and isinstance(command, Decline | ForceCancel):
            return Refused((Reason("Q8", "rejected_reading"),))
        return super().decide(facts, command, actor)


class AgreedExtensionBarsForGood(Rules):
    """Q7, rejected: „keine Verlängerung vereinbart" read as: none was ever agreed."""

    def decide(self, facts: OrderFacts, command: OrderCommand, actor: Actor) -> Verdict:
        if isinstance(command, ForceCancel) and facts.agreed_delivery_at is not None:
            return Refused((Reason("Q7", "rejected_reading"),))
        return super().decide(facts, command, actor)


@pytest.mark.unit
@pytest.mark.rule("Q7", "Q8")
@pytest.mark.parametrize("reading", [NoDecliningOfExtensions, AgreedExtensionBarsForGood])
def test_the_rejected_readings_leave_the_customer_stuck(reading: type[Rules]) -> None:
    rules = reading(Limits())
    stuck = {world for world in reachable(STARTS, rules)[0] if world.overdue and not ends_alone(world, rules)}
    assert stuck
    if reading is NoDecliningOfExtensions:
        # One way to be stuck, as the catalogue says: an extension request that nobody can end but the seller.
        # (Accepting it moves the date, which helps only when the date asked for is itself a day ago.)
        assert {(world.kind, world.filed_by) for world in stuck} == {(DisputeKind.EXTENSION, Role.SELLER)}
        assert all(world.asked is not None and world.asked > -2 for world in stuck)
    else:
        # Stuck with nothing open, with either of the own requests, with another extension request: whatever is done.
        assert all(world.agreed for world in stuck)
        assert {(world.kind, world.filed_by) for world in stuck} >= {
            (None, None),
            (DisputeKind.UPDATE, Role.CUSTOMER),
            (DisputeKind.CANCELLATION, Role.CUSTOMER),
            (DisputeKind.EXTENSION, Role.SELLER),
        }
        # Where the seller asks to cancel, accepting ends it, until the request runs out.
        own = [world for world in stuck if world.kind is DisputeKind.CANCELLATION and world.filed_by is Role.SELLER]
        assert all(world.until_due is not None and world.until_due < 0 for world in own)


@pytest.mark.unit
@pytest.mark.rule("M.I-4")
def test_the_search_notices_a_broken_rule() -> None:
    """A rule set that lets people answer after the due instant is caught, so the invariants can fail."""

    class AnswersForEver(Rules):
        def decide(self, facts: OrderFacts, command: OrderCommand, actor: Actor) -> Verdict:
            verdict = super().decide(facts, command, actor)
            if isinstance(verdict, Refused) and verdict.codes == ("too_late",) and isinstance(command, Decline):
                return Allowed((CloseDispute(command.dispute_id, DisputeStatus.DECLINED),), ("M-17",))
            return verdict

    with pytest.raises(AssertionError):
        for move in reachable(STARTS, AnswersForEver(Limits()))[1]:
            holds(move, Limits())
