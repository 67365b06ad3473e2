"""The goals, and how near the figures came. Pure: figures in, goals out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bench.figures import at_epochs, median, ratio

EPOCHS = 100
"""Of `rasa init`."""

Figures = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Goal:
    """A ratio that was to be reached. ``at_least``: more is better; ``reached`` is None where something is missing."""

    key: str
    name: str
    wanted: float
    at_least: bool
    stock: float | None
    lotse: float | None
    reached: float | None
    unit: str

    @property
    def met(self) -> bool | None:
        """Whether it was reached; None when it was not measured."""
        if self.reached is None:
            return None
        return self.reached >= self.wanted if self.at_least else self.reached <= self.wanted


def goals(figures: Figures) -> list[Goal]:
    """All goals, Lotse's figure divided by plain Rasa's, or by Lotse's own where it is compared with itself."""
    stock, lotse = figures["stock"], figures["lotse"]
    found = [
        _goal("turns", "Turns a second, 32 people", 10, True, _rate(stock, "32"), _rate(lotse, "32"), "/s"),
        _goal("p95", "p95 of a turn, 8 people", 1 / 10, False, _p95(stock, "8"), _p95(lotse, "8"), "ms"),
        _goal("memory", "Resident, all processes", 1 / 2, False, resident(stock), resident(lotse), "MiB"),
        _goal("size", "Installed", 1 / 3, False, installed(figures, "stock"), installed(figures, "lotse"), "MiB"),
        _goal("start", "Start to first answer", 1 / 4, False, _start(stock), _start(lotse), "s"),
        _goal("train", "Training, CPU time", 1 / 4, False, _training(stock), _training(lotse), "s"),
    ]
    long, orders = lotse.get("long") or {}, lotse.get("orders") or {}
    found.append(
        _goal("long", "Turn 200 to turn 1", 1.2, False, long.get("first_round_ms"), long.get("last_round_ms"), "ms")
    )
    few, many = orders.get("few_mean_ms"), orders.get("many_mean_ms")
    found.append(_goal("orders", "10⁶ orders to 10³", 1.1, False, few, many, "ms"))
    return found


def _goal(
    key: str, name: str, wanted: float, at_least: bool, stock: float | None, lotse: float | None, unit: str
) -> Goal:
    return Goal(key, name, wanted, at_least, stock, lotse, ratio(lotse, stock), unit)


def _rate(side: Figures, people: str) -> float | None:
    taken = side.get("load", {}).get(people)
    return taken["turns_per_s"] if taken else None


def _p95(side: Figures, people: str) -> float | None:
    taken = side.get("load", {}).get(people)
    return taken["all"]["p95_ms"] if taken and taken["all"] else None


def resident(side: Figures, kind: str = "pss") -> float | None:
    """The memory of all processes of a side after the load, in MiB."""
    memory = side.get("memory_mib")
    return round(sum(one[kind] for one in memory.values()), 1) if memory else None


def installed(figures: Figures, name: str) -> float | None:
    """Packages, code and model of a side, in MiB."""
    sizes = figures.get("sizes_mib", {}).get(name)
    return round(sum(sizes.values()), 1) if sizes else None


def _start(side: Figures) -> float | None:
    starts = side.get("start_s")
    return round(median(starts), 2) if starts else None


def _training(side: Figures) -> float | None:
    training = side.get("training")
    if not training:
        return None
    done = training.get("epochs", EPOCHS)
    return round(at_epochs(training["cpu_s"], training.get("diet_share", 0.0), done, EPOCHS), 1)
