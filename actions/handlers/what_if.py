"""What a question supposes: other facts („wenn ich den Nachweis nachreiche") or another time („nächste Woche")."""

from __future__ import annotations

import re
from datetime import datetime

from actions.backend.appeal_views import Assumption
from actions.handlers.dates import resolve
from actions.handlers.turn import Turn
from actions.policy import Role

_PROOF = re.compile(
    r"nach(?:reich|lief|schick|trag)|wenn ich .*(?:nachweis|beleg|screenshot|link|tracking|sendungs)"
    r"|mit (?:einem |dem )?(?:nachweis|beleg|screenshot)|with (?:the |some )?(?:proof|evidence)"
    r"|(?:if|once|when) i .*(?:proof|evidence|screenshot|link|tracking)",
    re.IGNORECASE,
)
_CONFIRMED = re.compile(r"wenn .*erf[uü]e?llungsdatum|(?:if|once|when) .*fulfil?l?ment date", re.IGNORECASE)
_NEXT_WEEK = re.compile(r"\b(?:n(?:ä|ae)chste[rn]? woche|kommende[rn]? woche|next week)\b", re.IGNORECASE)
_MONDAY_AFTER = "week+1:monday"
_AGAIN = re.compile(r"\b(?:noch|auch|geht|ginge|ginge?s|möglich|reicht|still|possible|work)\b", re.IGNORECASE)
# These know by themselves what was talked about last.
_ABOUT_PENALTIES = frozenset({"check_appeal_eligibility", "submit_appeal", "withdraw_appeal", "list_infractions"})


def assumed(turn: Turn) -> tuple[Assumption, ...]:
    """The facts that the question takes as given."""
    found: tuple[Assumption, ...] = ("proof", "tracking_number") if _PROOF.search(turn.text) else ()
    return (*found, "confirmed") if _CONFIRMED.search(turn.text) else found


def when(turn: Turn) -> datetime | None:
    """The instant that the question is about, ``None`` for now; next week begins on its Monday."""
    value = turn.value("date") or (_MONDAY_AFTER if _NEXT_WEEK.search(turn.text) else None)
    at = resolve(value, now=turn.now, zone=turn.zone, current=None) if value else None
    return at if at is not None and at > turn.now else None


def supposes(turn: Turn) -> bool:
    """Whether a message goes on about the penalty talked about last: „Und wenn …?", „Geht das nächste Woche noch?"."""
    if turn.pressed or turn.me.role is not Role.SELLER or not turn.penalty or turn.value("order_id"):
        return False
    if turn.intent in _ABOUT_PENALTIES or not turn.text.endswith("?"):
        return False
    return bool(assumed(turn)) or (when(turn) is not None and bool(_AGAIN.search(turn.text)))
