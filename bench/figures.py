"""Arithmetic of the measurements: percentiles, rates, ratios. Nothing here reads a clock or a file."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypedDict


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn that was measured: when it ended and how long it took (seconds), typed or pressed, answered or not."""

    ended: float
    seconds: float
    pressed: bool
    ok: bool


class Latencies(TypedDict):
    """Milliseconds."""

    count: int
    mean_ms: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile; ``share`` in (0, 1]. ValueError without values."""
    if not values:
        raise ValueError("no values")
    if not 0 < share <= 1:
        raise ValueError(f"not a share: {share}")
    return sorted(values)[math.ceil(share * len(values)) - 1]


def latencies(seconds: Iterable[float]) -> Latencies | None:
    """How long turns took; None without any."""
    taken = [value * 1000 for value in seconds]
    if not taken:
        return None
    return Latencies(
        count=len(taken),
        mean_ms=round(sum(taken) / len(taken), 2),
        p50_ms=round(percentile(taken, 0.50), 2),
        p95_ms=round(percentile(taken, 0.95), 2),
        p99_ms=round(percentile(taken, 0.99), 2),
        max_ms=round(max(taken), 2),
    )


def ratio(ours: float | None, theirs: float | None) -> float | None:
    """``ours`` to ``theirs``; None where either is missing or nothing can be divided by it."""
    if ours is None or not theirs:
        return None
    return ours / theirs


def at_epochs(seconds: float, share: float, done: int, wanted: int) -> float:
    """What a training would take with ``wanted`` epochs, of which ``done`` took the ``share`` of ``seconds``.

    What does not belong to the share is left as it was, although the policies learn in epochs as well: too little
    rather than too much. Rasa lets the batches grow over all epochs alike, so that an epoch costs the same on average.
    """
    return seconds * (1 - share) + seconds * share * wanted / done


def median(values: Sequence[float]) -> float:
    """The middle value, the mean of both middle ones. ValueError without values."""
    if not values:
        raise ValueError("no values")
    middle, ordered = len(values) // 2, sorted(values)
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
