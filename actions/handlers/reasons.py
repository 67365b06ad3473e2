"""The seller's reasons in words (M-33, Q10)."""

from __future__ import annotations

from actions.handlers.turn import Turn


def reason_title(turn: Turn, reason: str) -> str:
    """A reason of the list in words; one that the marketplace added without a text is shown as it is."""
    return turn.phrase(f"reason_{reason}") if f"reason_{reason}" in turn.wording else reason.replace("_", " ")
