"""The times of tries, as numbers: exponential, spread, three days long, and never before the receiver wants it."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actions.backend import webhook_schedule as schedule

pytestmark = pytest.mark.unit
BEGAN = datetime(2026, 3, 10, tzinfo=UTC)
chances = st.floats(0, 1)


def middle() -> float:
    return 0.5


def test_the_pauses_grow_fourfold_up_to_eight_hours() -> None:
    pauses = [schedule.next_try(BEGAN, failed, BEGAN, None, middle) for failed in range(1, 10)]
    seconds = [(at - BEGAN).total_seconds() for at in pauses if at is not None]
    assert seconds == [5, 20, 80, 320, 1280, 5120, 20480, 28800, 28800]


@settings(deadline=None)
@given(st.integers(0, 2**32))
def test_every_series_ends_exactly_three_days_after_its_beginning(seed: int) -> None:
    chance = random.Random(seed).random
    now, tries = BEGAN, 1
    while (following := schedule.next_try(BEGAN, tries, now, None, chance)) is not None:
        assert now < following <= BEGAN + schedule.LASTING
        now, tries = following, tries + 1
    assert now == BEGAN + schedule.LASTING
    assert 14 <= tries <= 18


@settings(deadline=None)
@given(chances, st.integers(1, 60))
def test_nobody_waits_more_than_a_fifth_longer_or_shorter(chance: float, failed: int) -> None:
    exactly = schedule.next_try(BEGAN, failed, BEGAN, None, middle)
    at = schedule.next_try(BEGAN, failed, BEGAN, None, lambda: chance)
    assert exactly is not None and at is not None
    assert abs((at - BEGAN) / (exactly - BEGAN) - 1) <= 0.2 + 1e-9


@settings(deadline=None)
@given(st.timedeltas(timedelta(), timedelta(days=400)), st.timedeltas(timedelta(), timedelta(days=2, hours=23)))
def test_what_the_receiver_asks_for_is_followed_within_a_day_and_the_three_days(
    wish: timedelta, passed: timedelta
) -> None:
    now = BEGAN + passed
    at = schedule.next_try(BEGAN, 1, now, wish, middle)
    assert at is not None
    assert at >= min(now + min(wish, timedelta(days=1)), BEGAN + schedule.LASTING)
    assert at <= BEGAN + schedule.LASTING


@settings(deadline=None)
@given(st.integers(schedule.BREAK_AFTER, 10_000), chances)
def test_a_receiver_that_is_down_rests_five_seconds_to_five_minutes(failures: int, chance: float) -> None:
    pause = schedule.rest(failures, lambda: chance)
    assert timedelta(seconds=4) <= pause <= timedelta(minutes=6)
    assert schedule.rest(schedule.BREAK_AFTER, middle) == timedelta(seconds=5)
