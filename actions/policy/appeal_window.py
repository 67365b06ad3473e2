"""The 90 calendar days in which an appeal is filed and confirmed (W-03, W-11, W-20, Q12 to Q15)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from actions.policy.appeal_types import AppealKind
from actions.policy.appeals import Appeal, AppealFacts, AppealStatus
from actions.policy.instants import after, utc
from actions.policy.limits import DEFAULT_LIMITS, Limits

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """`anchor` says what `anchor_at` is, issued or released; `closes_at` the first instant outside (UTC midnight)."""

    anchor: str
    anchor_at: datetime
    closes_at: datetime

    @property
    def last_day(self) -> date:
        """The last calendar day in UTC, which counts whole (Q13, Q14)."""
        return (self.closes_at - timedelta.resolution).date()

    def is_open(self, now: datetime) -> bool:
        """Whether `now` is inside."""
        return utc(now) < self.closes_at

    def days_left(self, now: datetime) -> int:
        """Calendar days from today to the last day, both in UTC: 0 on the last day, negative after it."""
        return (self.last_day - utc(now).date()).days

    def urgent_from(self, limits: Limits = DEFAULT_LIMITS) -> datetime:
        """The beginning (UTC) of the last `review_lead_days` days: warn the merchant, alarm the review (Q15)."""
        return urgent_from(self.closes_at, limits)

    def is_urgent(self, now: datetime, limits: Limits = DEFAULT_LIMITS) -> bool:
        """Whether the window is open, but not for long."""
        return self.urgent_from(limits) <= utc(now) < self.closes_at


def urgent_from(closes_at: datetime, limits: Limits = DEFAULT_LIMITS) -> datetime:
    """Return the instant (UTC) from which an appeal that must be confirmed before `closes_at` is urgent."""
    return after(closes_at, -limits.review_lead_days * _DAY)


def closing(anchor_at: datetime, limits: Limits = DEFAULT_LIMITS) -> datetime:
    """Return the first instant outside the window: the day of the anchor is day 0, the day after the last begins it."""
    midnight = datetime.combine(utc(anchor_at).date(), time(), UTC)
    return after(midnight, limits.appeal_window_days * _DAY + _DAY)


def window_of(facts: AppealFacts, kind: AppealKind, limits: Limits = DEFAULT_LIMITS) -> Window | None:
    """Return the window of what is appealed; None when the type has none or its anchor is not known."""
    anchor_at = None
    if kind.anchor == "issued" and facts.infraction is not None:
        anchor_at = facts.infraction.anchor_at
    if kind.anchor == "released" and facts.order is not None:
        anchor_at = facts.order.released_at
    return None if anchor_at is None else Window(kind.anchor, anchor_at, closing(anchor_at, limits))


def status_at(appeal: Appeal, now: datetime, limits: Limits = DEFAULT_LIMITS) -> AppealStatus:
    """Return the status as the clock makes it: a submitted appeal whose window ended unconfirmed has lapsed (Q15)."""
    if appeal.status is not AppealStatus.SUBMITTED or appeal.closes_at is None or utc(now) < appeal.closes_at:
        return appeal.status
    in_time = appeal.filed_at is not None and appeal.filed_at < appeal.closes_at
    if in_time and limits.late_confirmation == "honour_if_filed_in_time":
        return appeal.status
    return AppealStatus.LAPSED
