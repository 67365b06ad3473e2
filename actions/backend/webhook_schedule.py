"""When a failed delivery is tried again, and how long a receiver that fails is left alone. Pure: time is a parameter.

Everything here is real time; the test clock does not reach it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

LASTING = timedelta(days=3)
"""From the first try of an event to its last."""

FIRST_PAUSE = timedelta(seconds=5)
GROWTH = 4
LONGEST_PAUSE = timedelta(hours=8)
JITTER = 0.2

LONGEST_WISH = timedelta(days=1)
"""As long a Retry-After is followed."""

BREAK_AFTER = 5
"""So many first tries failing in a row mean that the receiver is down, not that an event is odd."""

FIRST_REST = timedelta(seconds=5)
LONGEST_REST = timedelta(minutes=5)

Random = Callable[[], float]
"""A number from 0 to 1, such as `random.random`."""


def _spread(pause: timedelta, random: Random) -> timedelta:
    """The pause, up to a fifth shorter or longer, so that what failed together does not come back together."""
    return pause * (1 + JITTER * (2 * random() - 1))


def next_try(
    since: datetime, failed: int, now: datetime, retry_after: timedelta | None, random: Random
) -> datetime | None:
    """When to try again after so many failed tries since `since`; None: that was the last one.

    5 s, 20 s, 80 s, 5 min, 21 min, 85 min, 6 h, then every 8 h, each ± 20 %; the last try is three days after the
    first. The receiver's Retry-After puts it off, by a day at most.
    """
    end = since + LASTING
    if now >= end:
        return None
    pause = _spread(min(FIRST_PAUSE * GROWTH ** min(failed - 1, 20), LONGEST_PAUSE), random)
    if retry_after is not None:
        pause = max(pause, min(retry_after, LONGEST_WISH))
    return min(now + pause, end)


def rest(failures: int, random: Random) -> timedelta:
    """How long nothing is sent to a receiver with so many failures in a row: from 5 s up to 5 min, ± 20 %."""
    return _spread(min(FIRST_REST * 2 ** min(failures - BREAK_AFTER, 20), LONGEST_REST), random)
