"""Instants of the policy: aware, in UTC, at microsecond resolution (Q2: elapsed time, never wall-clock time)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

TICK = timedelta(microseconds=1)
"""The smallest step between two instants; the first instant after a deadline is the deadline plus one tick."""

_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)


def utc(instant: datetime) -> datetime:
    """Return the same instant in UTC.

    Raises ValueError for a datetime without an offset. An instant that UTC cannot express (year 0 or 10000) becomes
    the nearest one it can.
    """
    if instant.utcoffset() is None:
        raise ValueError(f"an instant needs an offset: {instant!r}")
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        return _FIRST if instant.year == 1 else _LAST


def utc_or_none(instant: datetime | None) -> datetime | None:
    """Like `utc`, None stays None."""
    return None if instant is None else utc(instant)


def after(instant: datetime, elapsed: timedelta) -> datetime:
    """Return the UTC instant `elapsed` later; a sum past the end of the calendar becomes its last instant."""
    try:
        return utc(instant) + elapsed
    except OverflowError:
        return _LAST
