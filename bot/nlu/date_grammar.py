"""What the German and the English date grammar share: pieces of patterns, the time of day, how a value is written.

A rule is a pattern over the spelling of `date_words` and a function from its match to the entity's value, or `None`
where the numbers make no date. The values are those of tests/nlu/dates_de.yml; `actions.handlers.dates` resolves them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from bot.nlu.date_words import SHORT_WEEKDAYS, WEEKDAYS

Match = re.Match[str]
Value = Callable[[Match], str | None]

# Pieces. Names of groups may occur once in a pattern, so pieces that occur twice come without them.
COUNT = r"(?<![\d.,:/-])['’]?(?:N(?P<n>\d{1,2})|(?P<digits>\d{1,3}))"
UNIT = r"\s?-?U(?P<unit>[dwmh])\b"
DURATION = COUNT + r"(?:\s(?:volle|ganze|full|whole)n?)?" + UNIT
WEEKDAY = r"W(?P<day>[1-7])\b"
SHORT = r"(?P<short>" + "|".join(sorted(SHORT_WEEKDAYS, key=len, reverse=True)) + r")\b\.?"
MONTH = r"M(?P<month>\d\d)\b\.?"
DAY = r"(?<![\d.,:/-])(?:(?P<dom>\d{1,2})|O(?P<ordinal>\d{1,2})\b)"
YEAR = r"(?P<year>20\d\d)(?!\d)"

_BLANK = re.compile(r"(\(\?<[!=][^()]*\))| ")
_MONTH_LENGTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of phrase. ``timed``: it gives a day, so a time of day may follow (or, in English, precede)."""

    pattern: re.Pattern[str]
    value: Value
    timed: bool = True


def rule(pattern: str, value: Value, *, timed: bool = True) -> Rule:
    """A rule; a blank in its pattern stands for any white space, except in a lookbehind, whose width must be fixed."""
    return Rule(re.compile(_BLANK.sub(lambda match: match[1] or r"\s+", pattern)), value, timed)


def count(match: Match) -> int:
    """The number of a `DURATION` or `COUNT`."""
    return int(match["n"] or match["digits"])


def step(sign: str) -> Value:
    """``+3d`` or ``in:3d`` from a `DURATION`; weeks are written as days."""

    def value(match: Match) -> str | None:
        amount, unit = count(match), match["unit"]
        if unit == "w":
            amount, unit = amount * 7, "d"
        return f"{sign}{amount}{unit}" if 0 < amount < 1000 else None

    return value


def weekday(match: Match) -> str:
    """The weekday's English name, from `WEEKDAY` or `SHORT`."""
    groups = match.groupdict()
    number = int(groups["day"]) if groups.get("day") else SHORT_WEEKDAYS[match["short"]]
    return WEEKDAYS[number - 1]


def next_weekday(skip: int = 0) -> Value:
    """``next:friday``, ``next+1:friday``."""
    return lambda match: f"next{f'+{skip}' if skip else ''}:{weekday(match)}"


def week_weekday(ahead: int) -> Value:
    """``week+1:tuesday``."""
    return lambda match: f"week+{ahead}:{weekday(match)}"


def constant(value: str) -> Value:
    """Always the same."""
    return lambda match: value


def month_day(match: Match) -> str | None:
    """``12-14`` or ``2026-12-14``, from `DAY`, `MONTH` (or digits ``mm``) and perhaps a year of two or four digits."""
    groups = match.groupdict()
    return dated(
        int(groups.get("month") or groups.get("mm") or 0),
        int(groups.get("dom") or groups.get("ordinal") or 0),
        groups.get("year") or groups.get("yy"),
    )


def dated(month: int, day: int, year: str | None) -> str | None:
    """A month and a day as a value, ``None`` if there is no such day."""
    if not (1 <= month <= 12 and 1 <= day <= _MONTH_LENGTHS[month - 1]):
        return None
    if year is None:
        return f"{month:02}-{day:02}"
    full = int(year) if len(year) == 4 else 2000 + int(year)
    if (month, day) == (2, 29) and full % 4:
        return None
    return f"{full}-{month:02}-{day:02}"


def iso(match: Match) -> str | None:
    """``2026-12-14`` as it stands."""
    return dated(int(match["mm"]), int(match["dd"]), match["yyyy"])


def day_of_month(match: Match) -> str | None:
    """``day:14``."""
    day = int(match["dom"])
    return f"day:{day}" if 1 <= day <= 31 else None


def month_end(match: Match) -> str:
    """``month-end:1`` for January."""
    return f"month-end:{int(match['month'])}"


def in_month(day: int) -> Value:
    """A fixed day of the month that is named: the middle is the 15th."""
    return lambda match: f"{match['month']}-{day:02}"


def week(match: Match) -> str | None:
    """``week:49`` or ``week:49:wednesday``."""
    number = int(match["week"])
    if not 1 <= number <= 53:
        return None
    groups = match.groupdict()
    named = groups.get("day") or groups.get("short")
    return f"week:{number}:{weekday(match)}" if named else f"week:{number}"


def clock(hour: int, minute: int, half: str | None) -> str | None:
    """``T15:00``; ``half`` is am or pm."""
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half.startswith("p") else 0)
    if hour == 24 and minute == 0:
        hour, minute = 23, 59
    return f"T{hour:02}:{minute:02}" if hour < 24 and minute < 60 else None
