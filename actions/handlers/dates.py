"""From the date that was meant to an instant: the business clock, the person's zone and the order decide (M-37).

The value of the entity ``date`` is unresolved (intents.md): ``+3d`` longer than the current delivery date, ``in:10d``
from now, ``next:friday``, ``next+1:friday``, ``12-14``, ``week:49``, ``month-end``, or an ISO date or date-time.
"""

from __future__ import annotations

import calendar
import re
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

_WEEKDAYS = [name.lower() for name in calendar.day_name]
_STEP = re.compile(r"^(?P<from>\+|in:)(?P<amount>\d{1,4})(?P<unit>[hdwm])$")
_WEEKDAY = re.compile(r"^next(?:\+(?P<skip>\d))?:(?P<day>[a-z]+)$")
_MONTH_DAY = re.compile(r"^(?P<month>\d{1,2})-(?P<day>\d{1,2})$")
_WEEK = re.compile(r"^week:(?P<week>\d{1,2})(?:-(?P<day>[1-7]))?$")
_FRIDAY = 5  # a calendar week without a day means its last working day
_END_OF_DAY = time(23, 59)  # where the order has no date whose time of day could be kept


def resolve(value: str, *, now: datetime, zone: ZoneInfo, current: datetime | None) -> datetime | None:
    """The instant that ``value`` means, aware, or ``None`` for a value that is no date.

    ``current`` is the order's delivery date; a day without a time keeps its time of day in ``zone``.
    """
    value, _, clock = value.strip().lower().partition("@")
    local, due = now.astimezone(zone), current.astimezone(zone) if current else None
    if found := _STEP.match(value):
        start = (due or local) if found["from"] == "+" else local
        moved = start + _delta(found["unit"], int(found["amount"]))
        if found["unit"] == "h":  # hours are elapsed time, days are calendar days
            return (start.astimezone(ZoneInfo("UTC")) + timedelta(hours=int(found["amount"]))).astimezone(zone)
        return _at(moved.date(), due, zone, clock)
    day = _day(value, local.date())
    if day is None:
        return _instant(value, zone)
    return _at(day, due, zone, clock)


def _delta(unit: str, amount: int) -> relativedelta:
    names = {"h": "hours", "d": "days", "w": "weeks", "m": "months"}
    return relativedelta(**{names[unit]: amount})  # type: ignore[arg-type]


def _day(value: str, today: date) -> date | None:
    if found := _WEEKDAY.match(value):
        if found["day"] not in _WEEKDAYS:
            return None
        ahead = (_WEEKDAYS.index(found["day"]) - today.weekday() - 1) % 7 + 1
        return today + timedelta(days=ahead + 7 * int(found["skip"] or 0))
    if found := _MONTH_DAY.match(value):
        return _next_month_day(int(found["month"]), int(found["day"]), today)
    if found := _WEEK.match(value):
        return _next_week(int(found["week"]), int(found["day"] or _FRIDAY), today)
    if value == "month-end":
        return today + relativedelta(day=31)
    if value == "next-month-end":
        return today + relativedelta(months=1, day=31)
    if value == "year-end":
        return today.replace(month=12, day=31)
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def _next_month_day(month: int, day: int, today: date) -> date | None:
    for year in range(today.year, today.year + 5):  # 29 February is at most four years away (2096 to 2104 aside)
        try:
            found = date(year, month, day)
        except ValueError:
            continue
        if found > today:
            return found
    return None


def _next_week(week: int, weekday: int, today: date) -> date | None:
    for year in (today.isocalendar().year, today.isocalendar().year + 1):
        try:
            found = date.fromisocalendar(year, week, weekday)
        except ValueError:
            continue
        if found > today:
            return found
    return None


def _at(day: date, due: datetime | None, zone: ZoneInfo, clock: str) -> datetime:
    if clock:
        return datetime.combine(day, time.fromisoformat(clock), zone)
    return datetime.combine(day, due.time() if due else _END_OF_DAY, zone)


def _instant(value: str, zone: ZoneInfo) -> datetime | None:
    try:
        found = datetime.fromisoformat(value.upper())
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=zone)
