"""A notation for instants relative to the moment of the test: `+24h`, `-48h-1us`, `+3d`, `now`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

NOW = datetime(2026, 5, 4, 10, 0, tzinfo=UTC)
US = timedelta(microseconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

_UNITS = {"us": US, "s": timedelta(seconds=1), "m": timedelta(minutes=1), "h": HOUR, "d": DAY}
_PART = re.compile(r"([+-])(\d+)(us|s|m|h|d)")
_WHOLE = re.compile(r"(?:[+-]\d+(?:us|s|m|h|d))+")


def is_moment(value: object) -> bool:
    return isinstance(value, str) and (value == "now" or bool(_WHOLE.fullmatch(value)))


def moment(text: str, start: datetime = NOW) -> datetime:
    """The instant that the notation means, counted from `start`. ValueError for anything else."""
    if not is_moment(text):
        raise ValueError(f"not a moment: {text}")
    parts = _PART.findall(text)
    return start + sum((int(sign + number) * _UNITS[unit] for sign, number, unit in parts), timedelta())
