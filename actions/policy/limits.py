"""Every number and switch of the two policies, each with the rule it comes from.

A number that the policy states is changed here and nowhere else; a filling-in where the policy is silent (status G in
the rule catalogue) is marked as such and may be configured by the marketplace.
"""

from __future__ import annotations

from dataclasses import Field, dataclass, field, fields
from datetime import timedelta
from typing import Any, Literal

POLICY_VERSION = "2026.1"
"""Written into every audit row; changes with any change of a rule, a limit's default or a decided reading."""

CancelSilence = Literal["close_keep_active", "auto_cancel"]
LateConfirmation = Literal["strict", "honour_if_filed_in_time"]


def _source(*rules: str, stated: bool, quote: str) -> dict[str, Any]:
    return {"rules": rules, "stated": stated, "quote": quote}


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits in force. `Limits.source(name)` gives a field's rules, whether the policy states it, and its words."""

    answer_window: timedelta = field(
        default=timedelta(hours=48),
        metadata=_source("M-10", "M-15", "M-35", stated=True, quote="bis zu 48 Stunden Zeit"),
    )
    """Elapsed time to answer an update or cancellation request; the last instant counts."""

    force_after: timedelta = field(
        default=timedelta(hours=24),
        metadata=_source("M-26", stated=True, quote="24 Stunden nach der erwarteten Lieferung"),
    )
    """Elapsed time from the effective delivery date to forced cancellation; the first instant counts."""

    cancel_silence: CancelSilence = field(
        default="close_keep_active",
        metadata=_source("M-18", "Q4", stated=False, quote=""),
    )
    """What silence on a cancellation request does: close the request, or cancel the order as well."""

    extension_answer_window: timedelta | None = field(
        default=None,
        metadata=_source("M-38", "Q11", stated=False, quote=""),
    )
    """Elapsed time to answer an extension request; None means no limit."""

    seller_reasons: tuple[str, ...] = field(
        default=("overbooked", "requirements_unclear", "customer_unresponsive", "cannot_deliver", "other"),
        metadata=_source("M-33", "Q10", stated=False, quote="Wähle den Grund aus"),
    )
    """Keys a seller chooses a reason from; the policy demands a reason but does not give the list."""

    appeal_window_days: int = field(
        default=90,
        metadata=_source("W-03", "W-11", "W-20", stated=True, quote="90 Kalendertage"),
    )
    """Calendar days after the anchor's date; the last day counts whole (Q13)."""

    refund_rejections: int = field(
        default=3,
        metadata=_source("W-13", stated=True, quote="wenn die Anfechtung dreimal von Wish abgelehnt wurde"),
    )
    """Rejected refund appeals on one order after which no other may be filed."""

    review_lead_days: int = field(
        default=7,
        metadata=_source("W-03", "Q15", stated=False, quote=""),
    )
    """Calendar days before the end of the window in which an appeal is urgent: warn the merchant, alarm the review."""

    late_confirmation: LateConfirmation = field(
        default="strict",
        metadata=_source("W-03", "Q15", stated=False, quote="diesen Widerspruch von Wish bestätigen zu lassen"),
    )
    """Whether an appeal filed inside the window can still be approved after it."""

    ground_required: bool = field(
        default=True,
        metadata=_source("W-01", stated=False, quote="dass die Daten die Leistung ungenau wiedergeben"),
    )
    """Whether the merchant must say which data are inaccurate; the policy names the ground but no form for it."""

    def __post_init__(self) -> None:
        if self.answer_window <= timedelta(0) or self.force_after < timedelta(0):
            raise ValueError("answer_window must be positive and force_after not negative")
        if self.extension_answer_window is not None and self.extension_answer_window <= timedelta(0):
            raise ValueError("extension_answer_window must be positive or None")
        if self.cancel_silence not in ("close_keep_active", "auto_cancel"):
            raise ValueError(f"unknown cancel_silence: {self.cancel_silence}")
        if self.late_confirmation not in ("strict", "honour_if_filed_in_time"):
            raise ValueError(f"unknown late_confirmation: {self.late_confirmation}")
        if not self.seller_reasons:
            raise ValueError("a seller must be able to choose a reason")
        if self.appeal_window_days < 1 or self.refund_rejections < 1 or self.review_lead_days < 0:
            raise ValueError("appeal limits must be positive")
        if self.review_lead_days > self.appeal_window_days:
            raise ValueError("review_lead_days cannot be longer than the window")

    @classmethod
    def source(cls, name: str) -> Field[Any]:
        """Return the dataclass field of this name; its `metadata` has rules, stated and quote. KeyError if unknown."""
        return {entry.name: entry for entry in fields(cls)}[name]


DEFAULT_LIMITS = Limits()
