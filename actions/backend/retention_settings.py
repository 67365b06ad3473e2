"""Settings of what is kept how long, and of what is kept for review. Real time, whatever a test clock says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from actions.backend.setting_fields import number, setting


@dataclass(frozen=True, slots=True, kw_only=True)
class Periods:
    """How long data are kept after they are no longer needed for what they were made for."""

    conversation: timedelta = timedelta(days=90)
    case_texts: timedelta = timedelta(days=365)
    evidence: timedelta = timedelta(days=180)
    unattached: timedelta = timedelta(hours=24)
    outbox: timedelta = timedelta(days=30)
    repeats: timedelta = timedelta(days=30)
    review: timedelta = timedelta(days=30)


DEFAULT_PERIODS = Periods()


def share(text: str) -> float:
    """A number from 0 to 1."""
    value = float(text)
    if not 0 <= value <= 1:
        raise ValueError("must be from 0 to 1")
    return value


@dataclass(frozen=True, kw_only=True)
class RetentionSettings:
    """What `Settings` inherits. docs/privacy.md says what each of them is about."""

    conversation_days: int = setting(
        "LOTSE_CONVERSATION_DAYS", "Days of silence after which a conversation is forgotten", 90, number
    )
    case_text_days: int = setting(
        "LOTSE_CASE_TEXT_DAYS", "Days after which the words in closed cases and in events go", 365, number
    )
    evidence_days: int = setting(
        "LOTSE_EVIDENCE_DAYS", "Days after its appeal has ended that evidence is kept", 180, number
    )
    unattached_hours: int = setting(
        "LOTSE_UNATTACHED_HOURS", "Hours that an image is kept that belongs to no appeal", 24, number
    )
    outbox_days: int = setting("LOTSE_OUTBOX_DAYS", "Days that delivered notices stay in the outbox", 30, number)
    repeat_days: int = setting(
        "LOTSE_REPEAT_DAYS", "Days in which a repeated request is answered as the first time", 30, number
    )
    review_days: int = setting(
        "LOTSE_REVIEW_DAYS", "Days that misunderstood messages and refusals are kept for review", 30, number
    )
    review_confidence: float = setting(
        "LOTSE_REVIEW_CONFIDENCE", "Messages understood with less confidence are kept for review; 0: none", 0.6, share
    )

    @property
    def periods(self) -> Periods:
        """The same as durations."""
        return Periods(
            conversation=timedelta(days=self.conversation_days),
            case_texts=timedelta(days=self.case_text_days),
            evidence=timedelta(days=self.evidence_days),
            unattached=timedelta(hours=self.unattached_hours),
            outbox=timedelta(days=self.outbox_days),
            repeats=timedelta(days=self.repeat_days),
            review=timedelta(days=self.review_days),
        )
