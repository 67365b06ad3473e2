"""The goals out of figures whose ratios are known."""

from __future__ import annotations

import pytest

from bench.goals import Goal, goals, installed, resident
from tests.bench.figures import figures

pytestmark = pytest.mark.unit


def by_key() -> dict[str, Goal]:
    return {goal.key: goal for goal in goals(figures())}


@pytest.mark.parametrize(
    ("key", "reached", "met"),
    [
        ("turns", 10, True),
        ("p95", 0.1, True),
        ("memory", 0.6, False),
        ("size", 912 / 2053, False),
        ("start", 1 / 6, True),
        ("train", 40 / (4000 * 0.25 + 4000 * 0.75 * 100 / 12), True),
        ("long", 1.1, True),
        ("orders", 1.05, True),
    ],
)
def test_each_goal(key: str, reached: float, met: bool) -> None:
    goal = by_key()[key]
    assert goal.reached == pytest.approx(reached)
    assert goal.met is met


def test_what_was_not_measured_is_neither_met_nor_missed() -> None:
    some = figures()
    del some["lotse"]["orders"], some["lotse"]["load"]["32"]
    found = {goal.key: goal.met for goal in goals(some)}
    assert found["orders"] is None
    assert found["turns"] is None
    assert found["p95"] is True


def test_memory_and_size_are_sums() -> None:
    assert resident(figures()["stock"]) == 1000.0
    assert resident(figures()["stock"], "rss") == 2000.0
    assert installed(figures(), "lotse") == 912.0
