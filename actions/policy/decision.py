"""The one entrance: the kind of facts says which policy decides."""

from __future__ import annotations

from datetime import datetime

from actions.policy.commands import Command
from actions.policy.limits import DEFAULT_LIMITS, Limits
from actions.policy.order_rules import decide_order
from actions.policy.orders import Actor, OrderFacts
from actions.policy.verdict import Verdict


def decide(
    facts: OrderFacts, command: Command, actor: Actor, now: datetime, limits: Limits = DEFAULT_LIMITS
) -> Verdict:
    """Say whether the actor may do this at `now`, and what it changes or every reason why not.

    Pure: the same arguments give the same verdict. ValueError when `now` has no offset.
    """
    return decide_order(facts, command, actor, now, limits)
