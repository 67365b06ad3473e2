"""What somebody may ask for. `name` is the command's name in the HTTP contract."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from actions.policy.appeals import Outcome
from actions.policy.instants import utc_or_none


@dataclass(frozen=True, slots=True)
class RequestUpdate:
    """The customer asks the seller how the order stands (M-09)."""

    name: ClassVar[str] = "request_update"
    text: str = ""


@dataclass(frozen=True, slots=True)
class RequestCancellation:
    """One party asks the other to cancel (M-14, M-33).

    `withdraw_dispute_id` names the own open dispute to be withdrawn in the same step (M-23).
    """

    name: ClassVar[str] = "request_cancellation"
    reason: str | None = None
    text: str = ""
    withdraw_dispute_id: str | None = None


@dataclass(frozen=True, slots=True)
class RequestExtension:
    """The seller asks for a later delivery date (M-36, M-37)."""

    name: ClassVar[str] = "request_extension"
    new_delivery_at: datetime | None = None
    text: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "new_delivery_at", utc_or_none(self.new_delivery_at))


@dataclass(frozen=True, slots=True)
class AnswerUpdate:
    """The seller answers a request for an update (M-10, M-11)."""

    name: ClassVar[str] = "answer_update"
    dispute_id: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Accept:
    """The other party agrees to a cancellation or an extension (M-16, M-37)."""

    name: ClassVar[str] = "accept"
    dispute_id: str


@dataclass(frozen=True, slots=True)
class Decline:
    """The other party refuses a cancellation or an extension (M-17, M-37)."""

    name: ClassVar[str] = "decline"
    dispute_id: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Withdraw:
    """The filer takes an own open dispute back (M-08, M-24, M-36)."""

    name: ClassVar[str] = "withdraw"
    dispute_id: str


@dataclass(frozen=True, slots=True)
class ForceCancel:
    """The customer cancels a late order without the seller's consent (M-26)."""

    name: ClassVar[str] = "force_cancel"


@dataclass(frozen=True, slots=True)
class Expire:
    """The platform closes a dispute whose time to answer is over (M-12, M-18)."""

    name: ClassVar[str] = "expire"
    dispute_id: str


Filing = RequestUpdate | RequestCancellation | RequestExtension
Answer = AnswerUpdate | Accept | Decline
OrderCommand = Filing | Answer | Withdraw | ForceCancel | Expire


@dataclass(frozen=True, slots=True)
class SubmitAppeal:
    """The merchant files an appeal; `ground` says which data are inaccurate (W-01)."""

    name: ClassVar[str] = "submit"
    ground: str = ""


@dataclass(frozen=True, slots=True)
class WithdrawAppeal:
    """The merchant takes an appeal back; that is no rejection (W.D invariant 7)."""

    name: ClassVar[str] = "withdraw"


@dataclass(frozen=True, slots=True)
class DecideAppeal:
    """The platform confirms or rejects an appeal (W-03, W-21)."""

    name: ClassVar[str] = "decide"
    outcome: Outcome
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LapseAppeal:
    """The platform closes an appeal that its window ended without a decision (W-03, Q15)."""

    name: ClassVar[str] = "lapse"


AppealCommand = SubmitAppeal | WithdrawAppeal | DecideAppeal | LapseAppeal
Command = OrderCommand | AppealCommand
