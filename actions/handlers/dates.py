"""From the date that was meant to an instant: the business clock, the person's zone and the order decide (M-37).

The value of the entity ``date`` is unresolved (intents.md); any form that gives a day may end in ``THH:MM``:

==========================  ====================================================================================
``+3d`` ``+1m`` ``+48h``    days, months, hours after the current delivery; without one, from now
``in:10d`` ``in:2m``        the same from now; ``in:0d`` is today
``next:friday``             the first Friday after today, ``next+1:friday`` the one after that
``week+1:tuesday``          Tuesday of the calendar week that follows this one
``12-14`` ``2026-12-14``    the next such date after today; that date
``day:14``                  the next 14th after today
``week:49``                 last day of the next ISO week 49 not yet over; ``week:49:wednesday`` its Wednesday
``week-end`` ``week-end+1`` Sunday of this, of the next calendar week
``month-end+1``             last day of the next month; ``month-end:1`` of the next January
==========================  ====================================================================================
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NAME = "|".join(_WEEKDAYS)
_TIMED = re.compile(r"^(?P<day>.+?)(?:t(?P<clock>\d{2}:\d{2}))?$")
_STEP = re.compile(r"(?P<start>\+|in:)(?P<amount>\d{1,4})(?P<unit>[hdwm])")
_NEXT = re.compile(rf"next(?:\+(?P<skip>\d))?:(?P<name>{_NAME})")
_WEEKS_ON = re.compile(rf"week\+(?P<weeks>\d):(?P<name>{_NAME})")
_MONTH_DAY = re.compile(r"(?P<month>\d{1,2})-(?P<day>\d{1,2})")
_DAY = re.compile(r"day:(?P<day>\d{1,2})")
_WEEK = re.compile(rf"week:(?P<week>\d{{1,2}})(?::(?P<name>{_NAME}))?")
_WEEK_END = re.compile(r"week-end(?:\+(?P<weeks>\d))?")
_MONTH_END = re.compile(r"month-end(?:\+(?P<months>\d)|:(?P<month>\d{1,2}))?")
_END_OF_DAY = time(23, 59)  # where the order has no date whose time of day could be kept
_YEARS_AHEAD = 9  # 29 February comes after four years, after eight around 2100


def resolve(value: str, *, now: datetime, zone: ZoneInfo, current: datetime | None) -> datetime | None:
    """The instant that ``value`` means, aware, in ``zone``; ``None`` for a value that is no date or no day that exists.

    ``now`` is the business clock, ``current`` the order's delivery date: a day without a time keeps its time of day in
    ``zone``, and ``+3d`` counts from it. Whether the instant lies after ``current`` is the policy's question (M-37).
    """
    value = value.strip().lower()
    local, due = now.astimezone(zone), current.astimezone(zone) if current else None
    try:
        timed = _TIMED.fullmatch(value)
        if timed is None:
            return None
        clock = time.fromisoformat(timed["clock"]) if timed["clock"] else None
        if step := _STEP.fullmatch(timed["day"]):
            start = due if due and step["start"] == "+" else local
            if step["unit"] == "h":  # hours are elapsed time, days are calendar days
                return (start.astimezone(UTC) + timedelta(hours=int(step["amount"]))).astimezone(zone)
            day: date | None = start.date() + _calendar(step["unit"], int(step["amount"]))
        else:
            day = _day(timed["day"], local.date())
        if day is None:
            return _instant(value, zone)
        return datetime.combine(day, clock or (due.time() if due else _END_OF_DAY), zone)
    except (ValueError, OverflowError):
        return None


def _calendar(unit: str, amount: int) -> relativedelta:
    if unit == "m":
        return relativedelta(months=amount)
    return relativedelta(days=amount * 7 if unit == "w" else amount)


def _day(value: str, today: date) -> date | None:
    monday = today - timedelta(days=today.weekday())
    if found := _NEXT.fullmatch(value):
        ahead = (_WEEKDAYS.index(found["name"]) - today.weekday() - 1) % 7 + 1
        return today + timedelta(days=ahead, weeks=int(found["skip"] or 0))
    if found := _WEEKS_ON.fullmatch(value):
        return monday + timedelta(days=_WEEKDAYS.index(found["name"]), weeks=int(found["weeks"]))
    if found := _MONTH_DAY.fullmatch(value):
        return _first_after(today, [(int(found["month"]), int(found["day"]))])
    if found := _DAY.fullmatch(value):
        return _first_after(today, [(month, int(found["day"])) for month in range(1, 13)])
    if found := _WEEK.fullmatch(value):
        return _week(int(found["week"]), found["name"], today)
    if found := _WEEK_END.fullmatch(value):
        return monday + timedelta(days=6, weeks=int(found["weeks"] or 0))
    if found := _MONTH_END.fullmatch(value):
        if found["month"] is None:
            return today + relativedelta(months=int(found["months"] or 0), day=31)
        year = today.year + (int(found["month"]) < today.month)
        return date(year, int(found["month"]), 1) + relativedelta(day=31)
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        return date.fromisoformat(value)
    return None


def _first_after(today: date, candidates: list[tuple[int, int]]) -> date | None:
    """The first day after ``today`` that is one of the candidates (month, day)."""
    for year in range(today.year, today.year + _YEARS_AHEAD):
        for month, day in candidates:
            try:
                found = date(year, month, day)
            except ValueError:  # 29 February, 31 November
                continue
            if found > today:
                return found
    return None


def _week(week: int, name: str | None, today: date) -> date | None:
    """A day of the next ISO week of that number that is not yet over, its last one where none is named."""
    for year in range(today.isocalendar().year, today.isocalendar().year + _YEARS_AHEAD):
        try:
            last = date.fromisocalendar(year, week, 7)
        except ValueError:  # most years have no week 53
            continue
        if last >= today:
            return last if name is None else date.fromisocalendar(year, week, _WEEKDAYS.index(name) + 1)
    return None


def _instant(value: str, zone: ZoneInfo) -> datetime | None:
    """A full ISO date-time, as buttons carry it."""
    found = datetime.fromisoformat(value.upper())
    return found if found.tzinfo else found.replace(tzinfo=zone)
