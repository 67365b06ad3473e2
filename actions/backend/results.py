"""Commands and proposals: what they are called with and what comes of them. Frozen values; instants in UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from actions.backend.views import OrderSnapshot
from actions.policy import Actor, Allowed, Command, Effect, Verdict


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """Key of an effect: message id or Idempotency-Key, command name, subject id (order or dispute)."""

    value: str
    command: str
    subject: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a command. `order` is the order afterwards, None when it does not exist for this actor.

    `replayed`: this is the first result again, nothing was done now. `dispute_id`: the dispute that was opened.
    """

    verdict: Verdict
    order: OrderSnapshot | None
    replayed: bool = False
    dispute_id: str | None = None

    @property
    def allowed(self) -> bool:
        """Whether the command was executed (now or, when replayed, the first time)."""
        return isinstance(self.verdict, Allowed)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A command waiting for a yes. It executes only until `expires_at`, at `order_version`, with these effects."""

    id: str
    conversation_id: str
    order_id: str
    command: Command
    effects: tuple[Effect, ...]
    order_version: int
    expires_at: datetime
    actor: Actor
    order: OrderSnapshot


class ConfirmStatus(StrEnum):
    """What a yes did. Only EXECUTED changed something."""

    EXECUTED = "executed"
    ALREADY_DONE = "already_done"
    CHANGED = "changed"
    EXPIRED = "expired"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Result of a yes. `proposal` is None only for UNKNOWN; `verdict` is the decision made now.

    `outcome` is set for EXECUTED, also when the same message is repeated (`outcome.replayed`), and for ALREADY_DONE.
    `feedback_id`: the question whether it helped, which the answer to this message asks.
    """

    status: ConfirmStatus
    proposal: Proposal | None = None
    verdict: Verdict | None = None
    outcome: Outcome | None = None
    feedback_id: str | None = None
