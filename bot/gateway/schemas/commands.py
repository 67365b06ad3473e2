"""Commands on an order, and the list of what somebody may do."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from bot.gateway.schemas.common import Identifier, Instant, PersonId, Request, Role, Struct, Text
from bot.gateway.schemas.orders import OrderOut
from bot.gateway.schemas.problems import ReasonOut

CommandName = Literal[
    "request_update",
    "request_cancellation",
    "request_extension",
    "answer_update",
    "accept",
    "decline",
    "withdraw",
    "force_cancel",
]


IdempotencyValue = Annotated[
    str,
    Meta(pattern="^[!-~]{1,200}(?![\\s\\S])", description="Chosen by the caller for each intended command."),
]


class ActorIn(Request, kw_only=True):
    """The person on whose behalf the marketplace acts."""

    id: PersonId
    role: Role


class IdempotencyHeaders(Request, kw_only=True):
    """The same key with the same content answers the first result again; with other content it is an error."""

    idempotency_key: IdempotencyValue = msgspec.field(name="Idempotency-Key")


class CommandBase(Request, kw_only=True, tag_field="command"):
    """What all commands share; a field that a command has no use for may be there all the same."""

    actor: ActorIn
    dispute_id: Identifier | None = None
    text: Text | None = None
    reason: Annotated[str, Meta(pattern=r"^[^\x00]{0,100}(?![\s\S])")] | None = None
    new_delivery_at: Instant | None = None


class RequestUpdateIn(CommandBase, kw_only=True, tag="request_update"):
    """The customer asks how the order stands (M-09)."""


class RequestCancellationIn(CommandBase, kw_only=True, tag="request_cancellation"):
    """One party asks the other to cancel (M-14, M-33); a `dispute_id` names an own open dispute to withdraw first."""


class RequestExtensionIn(CommandBase, kw_only=True, tag="request_extension"):
    """The seller asks for a later delivery date, `new_delivery_at` (M-36)."""


class AnswerUpdateIn(CommandBase, kw_only=True, tag="answer_update"):
    """The seller answers a request for an update (M-10)."""

    dispute_id: Identifier


class AcceptIn(CommandBase, kw_only=True, tag="accept"):
    """The other party agrees (M-16, M-37)."""

    dispute_id: Identifier


class DeclineIn(CommandBase, kw_only=True, tag="decline"):
    """The other party refuses (M-17, M-37)."""

    dispute_id: Identifier


class WithdrawIn(CommandBase, kw_only=True, tag="withdraw"):
    """The filer takes a dispute back (M-24)."""

    dispute_id: Identifier


class ForceCancelIn(CommandBase, kw_only=True, tag="force_cancel"):
    """The customer cancels a late order without the seller's consent (M-26)."""


CommandIn = (
    RequestUpdateIn
    | RequestCancellationIn
    | RequestExtensionIn
    | AnswerUpdateIn
    | AcceptIn
    | DeclineIn
    | WithdrawIn
    | ForceCancelIn
)


class CommandOut(Struct, kw_only=True):
    """An executed command. `replayed` when this key had been executed before: nothing was done again."""

    status: Literal["executed"] = "executed"
    command: CommandName
    replayed: bool
    rules: tuple[str, ...]
    effects: tuple[dict[str, Any], ...]
    order: OrderOut


class ActionsQuery(Request, kw_only=True):
    """For whom, and at which instant; without `at` now."""

    role: Role
    actor_id: PersonId
    at: Instant | msgspec.UnsetType = msgspec.UNSET


class ActionOut(Struct, kw_only=True):
    """One command with its verdict: its effects and deadlines when allowed, every failing rule when not."""

    command: CommandName
    verdict: Literal["allowed", "refused", "undetermined"]
    dispute_id: str | None
    rules: tuple[str, ...]
    effects: tuple[dict[str, Any], ...]
    due_at: Annotated[datetime | None, Meta(description="Until when it can be done, or be answered once it is done.")]
    possible_from: datetime | None
    reasons: tuple[ReasonOut, ...]
    missing: tuple[str, ...]
    needs: Annotated[tuple[str, ...], Meta(description="Fields that are still to be given; the verdict assumes them.")]


class ActionsOut(Struct, kw_only=True):
    """What this person may do with the order at `at`, and why not the rest."""

    order_id: str
    at: datetime
    actions: tuple[ActionOut, ...]
