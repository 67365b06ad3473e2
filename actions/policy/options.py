"""What a person can do on an order now, or at any other instant, and why not the rest: all by asking `decide`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from actions.policy.commands import (
    Accept,
    AnswerUpdate,
    Decline,
    ForceCancel,
    OrderCommand,
    RequestCancellation,
    RequestExtension,
    RequestUpdate,
    Withdraw,
)
from actions.policy.effects import OpenDispute
from actions.policy.instants import TICK, after, utc
from actions.policy.limits import DEFAULT_LIMITS, Limits
from actions.policy.order_rules import decide_order
from actions.policy.orders import Actor, OrderFacts, Role
from actions.policy.verdict import Allowed, Verdict


@dataclass(frozen=True, slots=True)
class Option:
    """One command with its verdict at the instant asked about.

    `command` carries no words of the person yet; `needs` names the fields the person has yet to give, and the verdict
    takes them as given. `possible_from` is the first later instant (UTC) at which time alone makes it allowed, None if
    it is allowed already or time alone never does.
    """

    command_name: str
    command: OrderCommand
    verdict: Verdict
    possible_from: datetime | None
    needs: tuple[str, ...] = ()


def available(facts: OrderFacts, actor: Actor, now: datetime, limits: Limits = DEFAULT_LIMITS) -> tuple[Option, ...]:
    """List every command the actor's role could ever use on the order, judged at `now` (aware); the platform has none.

    Whoever is not a party of the order gets the same list, each refused with `no_access`.
    """
    return tuple(_option(facts, command, actor, utc(now), limits) for command in _commands(facts, actor.role))


def possible_from(
    facts: OrderFacts, command: OrderCommand, actor: Actor, now: datetime, limits: Limits = DEFAULT_LIMITS
) -> datetime | None:
    """Return the first instant (UTC) after `now` at which the command becomes allowed if nothing but time passes."""
    instants = [instant for instant in _turning_points(facts, limits) if instant > utc(now)]
    return next((at for at in instants if isinstance(decide_order(facts, command, actor, at, limits), Allowed)), None)


def _commands(facts: OrderFacts, role: Role) -> tuple[OrderCommand, ...]:
    dispute_id = facts.open_dispute.id if facts.open_dispute else ""
    answers: tuple[OrderCommand, ...] = (Accept(dispute_id), Decline(dispute_id), Withdraw(dispute_id))
    match role:
        case Role.CUSTOMER:
            return (RequestUpdate(), RequestCancellation(), ForceCancel(), *answers)
        case Role.SELLER:
            return (RequestCancellation(), RequestExtension(), AnswerUpdate(dispute_id), *answers)
        case Role.PLATFORM:
            return ()


def _option(facts: OrderFacts, command: OrderCommand, actor: Actor, now: datetime, limits: Limits) -> Option:
    filled, needs = _filled(facts, command, actor, now, limits)
    verdict = decide_order(facts, filled, actor, now, limits)
    opens_at = None if isinstance(verdict, Allowed) else possible_from(facts, filled, actor, now, limits)
    return Option(command.name, command, _without_filler(verdict), opens_at, needs)


def _filled(
    facts: OrderFacts, command: OrderCommand, actor: Actor, now: datetime, limits: Limits
) -> tuple[OrderCommand, tuple[str, ...]]:
    """The command as it would be with everything the person has yet to say, and the names of those fields."""
    match command:
        case RequestCancellation() if actor.role is Role.SELLER:
            return replace(command, reason=limits.seller_reasons[0], text="-"), ("reason", "text")
        case AnswerUpdate():
            return replace(command, text="-"), ("text",)
        case RequestExtension():
            # Some date that is late enough at every instant that is looked at.
            known = [now, facts.effective_delivery_at or now, *_turning_points(facts, limits)]
            return replace(command, new_delivery_at=after(max(known), timedelta(days=1))), ("new_delivery_at",)
    return command, ()


def _without_filler(verdict: Verdict) -> Verdict:
    if not isinstance(verdict, Allowed):
        return verdict
    effects = tuple(
        replace(effect, new_delivery_at=None) if isinstance(effect, OpenDispute) else effect
        for effect in verdict.effects
    )
    return replace(verdict, effects=effects)


def _turning_points(facts: OrderFacts, limits: Limits) -> list[datetime]:
    """The instants at which a verdict can change though nothing but time passes, in order."""
    points = []
    if facts.effective_delivery_at is not None:
        points.append(after(facts.effective_delivery_at, limits.force_after))
    if facts.open_dispute is not None and facts.open_dispute.due_at is not None:
        points.append(after(facts.open_dispute.due_at, TICK))
    return sorted(points)
