"""The one entrance: the kind of facts says which policy decides."""

from __future__ import annotations

from datetime import datetime

from actions.policy.appeal_rules import decide_appeal
from actions.policy.appeals import AppealFacts
from actions.policy.commands import AppealCommand, Command
from actions.policy.limits import DEFAULT_LIMITS, Limits
from actions.policy.order_rules import decide_order
from actions.policy.orders import Actor, OrderFacts
from actions.policy.verdict import Verdict


def decide(
    facts: OrderFacts | AppealFacts, command: Command, actor: Actor, now: datetime, limits: Limits = DEFAULT_LIMITS
) -> Verdict:
    """Say whether the actor may do this at `now`, and what it changes or every reason why not.

    Pure: the same arguments give the same verdict. ValueError when `now` has no offset, TypeError when the command does
    not belong to the facts.
    """
    if isinstance(facts, AppealFacts) and isinstance(command, AppealCommand):
        return decide_appeal(facts, command, actor, now, limits)
    if isinstance(facts, OrderFacts) and not isinstance(command, AppealCommand):
        return decide_order(facts, command, actor, now, limits)
    raise TypeError(f"{type(command).__name__} cannot be decided on {type(facts).__name__}")
