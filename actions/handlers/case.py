"""The open case of a conversation: what is being settled, what is known of it, and what was asked last.

It lives in the Rasa slot ``case`` as JSON, so that a turn that failed and was not saved starts from the same state.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

# What the assistant may have asked for; an answer is read in its light before the intent is believed.
ORDER, DISPUTE, REASON, TEXT, DATE, CONFIRM, GUESS = "order", "dispute", "reason", "text", "date", "confirm", "guess"
PENALTY, PROOF, TRACKING, DESK, COMMENT = "penalty", "proof", "tracking", "desk", "comment"


@dataclass(slots=True)
class Case:
    """One command being prepared.

    ``flow`` is the intent that began it, ``date`` an ISO 8601 instant, ``asked`` one of the names above or ``None``.
    ``prefer_request``: the customer may cancel without consent but chose to ask the seller. ``seen_seq``: the message
    after which the proposal was shown; a notice with a higher number came later. ``not_order``: corrected away.
    ``every``: all penalties that can be appealed, not one. ``choices``: the orders that were shown last, in this order.
    ``whole``: a handover takes the conversation with it. ``feedback_id``: what a comment is asked for.
    """

    flow: str
    order_id: str | None = None
    dispute_id: str | None = None
    reason: str | None = None
    text: str | None = None
    date: str | None = None
    asked: str | None = None
    proposal_id: str | None = None
    prefer_request: bool = False
    seen_seq: int = 0
    not_order: str | None = None
    appeal_type: str | None = None
    infraction_id: str | None = None
    appeal_id: str | None = None
    every: bool = False
    whole: bool = False
    feedback_id: str | None = None
    choices: list[str] = field(default_factory=list)

    @classmethod
    def load(cls, slot: object) -> Case | None:
        """The case kept in the slot, or ``None``; names that this version does not know are left out."""
        if not isinstance(slot, Mapping) or not slot.get("flow"):
            return None
        known = {entry.name for entry in fields(cls)}
        return cls(**{name: value for name, value in slot.items() if name in known})

    def dump(self) -> dict[str, Any]:
        """The case as JSON for the slot, without empty values."""
        return {name: value for name, value in asdict(self).items() if value not in (None, False, "", [])}
