"""Deadlines as calendar files (RFC 5545), for whatever calendar the person has."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from icalendar import Calendar, Event

from actions.backend import AppealSnapshot, DisputeSnapshot, OrderSnapshot
from actions.policy import Limits, Role
from actions.wording import Term, Wording, Zoned
from actions.wording.appeal_notices import type_term
from bot.gateway.voice import Voice

_PRODUCT = "-//Lotse//Deadlines//DE"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: all day on a ``date``, or at an instant. ``key`` stays the same when it is downloaded again."""

    key: str
    at: date | datetime
    title: str
    text: str
    version: int


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Makes entries in somebody's language and zone."""

    wording: Wording
    voice: Voice
    limits: Limits
    now: datetime

    def of_appeal(self, appeal: AppealSnapshot) -> tuple[Entry, ...]:
        """The day by which to file (or, once filed, to look how it stands), and the last one; none without a window.

        The first leaves the platform `review_lead_days` for its confirmation, which has to come in time as well (Q15).
        """
        if appeal.last_day is None or appeal.closes_at is None or not appeal.is_open:
            return ()
        kind = type_term(self.wording, appeal.type)
        penalty = self._say("penalty", id=appeal.subject.id, type=kind)
        about = {"appeal_id": appeal.id, "penalty": penalty}
        strict = self.limits.late_confirmation == "strict"
        text = self._say(
            "calendar_appeal_confirmed_by" if strict else "calendar_appeal_filed_by",
            last_day=appeal.last_day,
            ends=Zoned(appeal.closes_at),
        )
        first = appeal.last_day - timedelta(days=self.limits.review_lead_days)
        name = "calendar_appeal_file" if appeal.is_draft else "calendar_appeal_look"
        return (
            Entry(f"{appeal.id}-first", first, self._say(name, **about), text, appeal.version),
            Entry(
                f"{appeal.id}-last", appeal.last_day, self._say("calendar_appeal_last", **about), text, appeal.version
            ),
        )

    def of_order(self, order: OrderSnapshot, role: Role) -> tuple[Entry, ...]:
        """Until when an open dispute can be answered, by whichever side."""
        dispute = order.open_dispute
        if dispute is None or dispute.due_at is None or dispute.due_at < self.now:
            return ()
        title = self._say("calendar_dispute", order_id=order.id, kind=Term(f"kind_{dispute.kind}"))
        return (Entry(dispute.id, dispute.due_at, title, self._whose_turn(dispute, role), order.version),)

    def _whose_turn(self, dispute: DisputeSnapshot, role: Role) -> str:
        mine = dispute.filed_by is not role
        return self._say("calendar_dispute_yours" if mine else "calendar_dispute_theirs", due_at=dispute.due_at)

    def _say(self, name: str, **params: object) -> str:
        return self.wording.text(name, self.voice.locale, self.voice.zone, params, now=self.now)


def calendar(entries: Iterable[Entry], made_at: datetime) -> bytes:
    """The file. ``made_at``: real time."""
    made = Calendar()
    made.add("prodid", _PRODUCT)
    made.add("version", "2.0")
    made.add("method", "PUBLISH")
    for entry in entries:
        event = Event()
        event.add("uid", f"{entry.key}@lotse")
        event.add("dtstamp", made_at)
        event.add("dtstart", entry.at)
        if not isinstance(entry.at, datetime):
            event.add("dtend", entry.at + timedelta(days=1))
        event.add("summary", entry.title)
        event.add("description", entry.text)
        event.add("sequence", entry.version)
        event.add("transp", "TRANSPARENT")
        made.add_component(event)
    return bytes(made.to_ical())
