"""A small marketplace around one order: what effects do to it, and how it looks at a coarser grain of time.

Time goes in steps of half a day, so that 24 h, 48 h and the instants just before and after them are all on the grid.
Only differences of time matter to the rules, and none beyond their limits: distances are cut off a step past the
largest limit, which makes the space finite without cutting off behaviour.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from actions.policy import (
    PLATFORM,
    Accept,
    Actor,
    Allowed,
    AnswerUpdate,
    CancelOrder,
    CloseDispute,
    Decline,
    Dispute,
    DisputeKind,
    Effect,
    Expire,
    ForceCancel,
    Limits,
    MoveDelivery,
    OpenDispute,
    OrderCommand,
    OrderFacts,
    OrderState,
    RequestCancellation,
    RequestExtension,
    RequestUpdate,
    Role,
    Verdict,
    Withdraw,
    decide,
    expiry_effects,
    push_effects,
)

from .moments import HOUR, NOW

STEP = 12 * HOUR
FAR = 5
"""Steps after which a distance looks the same as a longer one: the largest limit is 48 h, four steps."""

CUSTOMER, SELLER = Actor(Role.CUSTOMER, "c"), Actor(Role.SELLER, "s")
DISPUTE = "open"


@dataclass(frozen=True)
class World:
    """One order seen from now, distances in steps."""

    state: OrderState = OrderState.ACTIVE
    until_delivery: int | None = 1
    agreed: bool = False
    kind: DisputeKind | None = None
    filed_by: Role | None = None
    until_due: int | None = None
    asked: int | None = None

    def facts(self) -> OrderFacts:
        delivery = None if self.until_delivery is None else NOW + self.until_delivery * STEP
        dispute = None
        if self.kind is not None and self.filed_by is not None:
            due_at = None if self.until_due is None else NOW + self.until_due * STEP
            asked = None if self.asked is None else NOW + self.asked * STEP
            dispute = Dispute(DISPUTE, self.kind, self.filed_by, NOW - STEP, due_at, new_delivery_at=asked)
        return OrderFacts(
            "FO-1",
            "c",
            "s",
            self.state,
            expected_delivery_at=None if self.agreed else delivery,
            agreed_delivery_at=delivery if self.agreed else None,
            open_dispute=dispute,
        )

    def later(self) -> World:
        def less(steps: int | None, least: int = -FAR) -> int | None:
            return None if steps is None else max(steps - 1, least)

        return replace(
            self,
            # A step further than the date asked for, which is always the later one.
            until_delivery=less(self.until_delivery, -FAR - 1),
            until_due=less(self.until_due),
            asked=less(self.asked),
        )

    @property
    def overdue(self) -> bool:
        """Undelivered, and the delivery date at least 24 h ago."""
        return self.state is OrderState.ACTIVE and self.until_delivery is not None and self.until_delivery <= -2


def applied(world: World, effects: tuple[Effect, ...], by: Role) -> World:
    """The world after the effects, in their order. AssertionError when they break invariants 1 or 2 of M.I."""
    for effect in effects:
        match effect:
            case OpenDispute(kind, due_at, new_delivery_at):
                assert world.kind is None, "a second open dispute (invariant 1)"
                assert world.state in (OrderState.ACTIVE, OrderState.DELIVERED), (
                    "opened on a closed order (invariant 2)"
                )
                world = replace(world, kind=kind, filed_by=by, until_due=_steps(due_at), asked=_steps(new_delivery_at))
            case CloseDispute(dispute_id, _):
                assert dispute_id == DISPUTE and world.kind is not None, "closed what is not open (final states)"
                world = replace(world, kind=None, filed_by=None, until_due=None, asked=None)
            case CancelOrder():
                assert world.state in (OrderState.ACTIVE, OrderState.DELIVERED), "cancelled a closed order"
                world = replace(world, state=OrderState.CANCELLED)
            case MoveDelivery(new_delivery_at):
                world = replace(world, until_delivery=_steps(new_delivery_at), agreed=True)
    closed = world.state in (OrderState.COMPLETED, OrderState.CANCELLED)
    assert not (closed and world.kind), "an open dispute on a closed order (invariant 2)"
    return world


def _steps(instant: datetime | None) -> int | None:
    if instant is None:
        return None
    assert (instant - NOW) % STEP == 0 * HOUR, "off the grid"
    return min((instant - NOW) // STEP, FAR)


def commands(world: World) -> Iterator[tuple[Actor, OrderCommand]]:
    """Everything somebody could try, sensible or not."""
    for actor in (CUSTOMER, SELLER):
        yield actor, RequestUpdate("?")
        yield actor, RequestCancellation("other", "Text")
        yield actor, RequestCancellation("other", "Text", withdraw_dispute_id=DISPUTE)
        for steps in range(-1, FAR):
            yield actor, RequestExtension(NOW + steps * STEP)
        yield actor, AnswerUpdate(DISPUTE, "Text")
        yield actor, Accept(DISPUTE)
        yield actor, Decline(DISPUTE)
        yield actor, Withdraw(DISPUTE)
        yield actor, ForceCancel()
    yield PLATFORM, Expire(DISPUTE)


PUSHES = {
    OrderState.ACTIVE: (OrderState.DELIVERED, OrderState.COMPLETED, OrderState.CANCELLED),
    OrderState.DELIVERED: (OrderState.ACTIVE, OrderState.COMPLETED, OrderState.CANCELLED),
    OrderState.COMPLETED: (),
    OrderState.CANCELLED: (),
}


@dataclass(frozen=True)
class Move:
    """One thing that happened: by whom, what, its effects, and the worlds before and after."""

    before: World
    actor: Actor | None
    command: OrderCommand | str
    effects: tuple[Effect, ...]
    after: World


class Rules:
    """`decide` as implemented. A subclass may read the policy in another way, to show what that would do."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits

    def decide(self, facts: OrderFacts, command: OrderCommand, actor: Actor) -> Verdict:
        return decide(facts, command, actor, NOW, self.limits)


def moves(world: World, rules: Rules) -> Iterator[Move]:
    """Every way the world can go on: somebody acts, the marketplace pushes a state, or time passes."""
    yield Move(world, None, "time passes", (), world.later())
    for state in PUSHES[world.state]:
        effects = push_effects(world.facts(), state, NOW)
        yield Move(
            world, None, f"pushed {state}", effects, applied(replace(world, state=state), effects, Role.PLATFORM)
        )
    facts = world.facts()
    for actor, command in commands(world):
        verdict = rules.decide(facts, command, actor)
        if isinstance(verdict, Allowed):
            # What the clock did alone is written first, as the backend does.
            own = () if isinstance(command, Expire) else expiry_effects(facts, NOW, rules.limits)
            settled = applied(world, own, Role.PLATFORM)
            yield Move(world, actor, command, verdict.effects, applied(settled, verdict.effects, actor.role))


def reachable(starts: list[World], rules: Rules) -> tuple[set[World], list[Move]]:
    """All worlds that can come about from the starts, and every move between them."""
    seen, frontier, taken = set(starts), list(starts), []
    while frontier:
        for move in moves(frontier.pop(), rules):
            taken.append(move)
            if move.after not in seen:
                seen.add(move.after)
                frontier.append(move.after)
    return seen, taken


def ends_alone(world: World, rules: Rules) -> bool:
    """Whether the order is cancelled by the clock already, or the customer's own commands lead there at once."""
    if CancelOrder() in expiry_effects(world.facts(), NOW, rules.limits):
        return True
    seen, frontier = {world}, [world]
    while frontier:
        for move in moves(frontier.pop(), rules):
            if move.actor == CUSTOMER and move.after.state is OrderState.CANCELLED:
                return True
            if move.actor == CUSTOMER and move.after not in seen:
                seen.add(move.after)
                frontier.append(move.after)
    return False
