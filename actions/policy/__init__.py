"""The rules of both policies as pure functions on facts, an actor and an instant; nothing but the standard library."""

from actions.policy.commands import (
    Accept,
    AnswerUpdate,
    Command,
    Decline,
    Expire,
    ForceCancel,
    OrderCommand,
    RequestCancellation,
    RequestExtension,
    RequestUpdate,
    Withdraw,
)
from actions.policy.decision import decide
from actions.policy.effects import CancelOrder, CloseDispute, Effect, MoveDelivery, OpenDispute, OrderEffect
from actions.policy.expiry import expiry_effects, push_effects
from actions.policy.limits import DEFAULT_LIMITS, POLICY_VERSION, Limits
from actions.policy.options import Option, available, possible_from
from actions.policy.orders import (
    CLOSED_STATES,
    PLATFORM,
    Actor,
    Dispute,
    DisputeKind,
    DisputeStatus,
    OrderFacts,
    OrderState,
    Role,
)
from actions.policy.verdict import Allowed, Reason, Refused, Undetermined, Verdict

__all__ = [
    "CLOSED_STATES",
    "DEFAULT_LIMITS",
    "PLATFORM",
    "POLICY_VERSION",
    "Accept",
    "Actor",
    "Allowed",
    "AnswerUpdate",
    "CancelOrder",
    "CloseDispute",
    "Command",
    "Decline",
    "Dispute",
    "DisputeKind",
    "DisputeStatus",
    "Effect",
    "Expire",
    "ForceCancel",
    "Limits",
    "MoveDelivery",
    "OpenDispute",
    "Option",
    "OrderCommand",
    "OrderEffect",
    "OrderFacts",
    "OrderState",
    "Reason",
    "Refused",
    "RequestCancellation",
    "RequestExtension",
    "RequestUpdate",
    "Role",
    "Undetermined",
    "Verdict",
    "Withdraw",
    "available",
    "decide",
    "expiry_effects",
    "possible_from",
    "push_effects",
]
