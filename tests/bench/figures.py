"""Figures as a run makes them, with round numbers."""

from __future__ import annotations

from typing import Any

from bench.figures import latencies


def load_round(people: int, rate: float, seconds: float, processes: dict[str, float]) -> dict[str, Any]:
    """One round in which every turn takes equally long."""
    return {
        "people": people,
        "turns_per_s": rate,
        "all": latencies([seconds] * 4),
        "typed": latencies([seconds] * 3),
        "pressed": latencies([seconds]),
        "cpu_ms_per_turn": processes,
        "cpu_ms_per_turn_all": sum(processes.values()),
        "dialogues": {"ended": 40, "right": 30, "right_share": 0.75, "lost": {}, "wrong": {}},
    }


def side(rate: float, seconds: float, memory: float, start: float, cpu: float, name: str) -> dict[str, Any]:
    """One side: `rate` and `seconds` at any number of people, two processes of `memory` / 2 each."""
    processes = {f"{name}/a.rasa": 3.0, f"{name}/a.actions": 1.0}
    return {
        "training": {"cpu_s": cpu, "wall_s": cpu, "max_rss_mib": 900.0, "commit": "abc1234", "code": 0},
        "start_s": [start, start + 2, start - 2],
        "load": {str(people): load_round(people, rate, seconds, processes) for people in (1, 8, 32)},
        "memory_mib": {process: {"pss": memory / 2, "rss": memory} for process in processes},
        "long": {
            "turns": 200,
            "turn_1_ms": 30.0,
            "first_round_ms": 10.0,
            "second_round_ms": 10.0,
            "last_round_ms": 11.0,
            "ratio": 1.1,
        },
    }


def figures() -> dict[str, Any]:
    """Lotse ten times as fast in all; memory missed, size missed."""
    made: dict[str, Any] = {
        "machine": {
            "cores": 2,
            "memory_gib": 24.0,
            "processor": "Some processor",
            "system": "Linux 6",
            "python": "3.11.7",
            "date": "2026-11-21 23:00 UTC",
            "load_before": 0.1,
        },
        "versions": {"stock": {"rasa": "3.6.21"}, "lotse": {"rasa": "3.6.21"}},
        "commit": "abc1234",
        "sizes_mib": {
            "stock": {"packages": 2000.0, "code": 3.0, "model": 50.0},
            "lotse": {"packages": 900.0, "code": 5.0, "model": 7.0},
        },
        "stock": side(20.0, 0.4, 1000.0, 60.0, 4000.0, "stock"),
        "lotse": side(200.0, 0.04, 600.0, 10.0, 40.0, "lotse"),
    }
    made["stock"]["training"] |= {"epochs": 12, "sentences": 19696, "diet_share": 0.75}
    made["lotse"]["orders"] = {
        "few": 1000,
        "many": 1_000_000,
        "few_mean_ms": 10.0,
        "many_mean_ms": 10.5,
        "few_cpu_ms": 8.0,
        "many_cpu_ms": 8.1,
    }
    return made
