"""Percentiles, medians and ratios, beside values worked out by hand."""

from __future__ import annotations

import pytest

from bench.figures import at_epochs, latencies, median, percentile, ratio

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("share", "value"), [(0.01, 1), (0.5, 50), (0.95, 95), (0.951, 96), (0.99, 99), (1, 100)], ids=str
)
def test_percentile_is_the_nearest_rank(share: float, value: float) -> None:
    shuffled = [(7 * number) % 101 for number in range(1, 101)]  # 1 to 100, each once
    assert percentile(shuffled, share) == value


def test_percentile_of_one_value_is_that_value() -> None:
    assert percentile([3.5], 0.01) == percentile([3.5], 1) == 3.5


@pytest.mark.parametrize("share", [0, -0.1, 1.01])
def test_percentile_of_no_share_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="share"):
        percentile([1.0], share)


def test_percentile_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)


@pytest.mark.parametrize(("values", "middle"), [([3, 1, 2], 2), ([4, 1, 2, 3], 2.5), ([9], 9)], ids=str)
def test_median(values: list[float], middle: float) -> None:
    assert median(values) == middle


def test_latencies_are_in_milliseconds() -> None:
    assert latencies([0.001, 0.003]) == {
        "count": 2,
        "mean_ms": 2.0,
        "p50_ms": 1.0,
        "p95_ms": 3.0,
        "p99_ms": 3.0,
        "max_ms": 3.0,
    }


def test_latencies_of_no_turns_are_none() -> None:
    assert latencies([]) is None


@pytest.mark.parametrize(("ours", "theirs", "found"), [(3, 4, 0.75), (None, 4, None), (3, None, None), (3, 0, None)])
def test_ratio(ours: float | None, theirs: float | None, found: float | None) -> None:
    assert ratio(ours, theirs) == found


def test_more_epochs_take_longer_by_their_share_only() -> None:
    assert at_epochs(100, 0.8, 10, 100) == pytest.approx(20 + 800)
    assert at_epochs(100, 0.8, 100, 100) == pytest.approx(100)
    assert at_epochs(100, 0.0, 10, 100) == pytest.approx(100)
