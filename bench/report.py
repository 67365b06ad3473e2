"""The report: docs/performance.md out of the figures, its plot, and for missed goals what bench/remarks.yml says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from bench import plot
from bench.figures import at_epochs, median
from bench.goals import EPOCHS, Goal, goals, installed, resident

REMARKS = Path(__file__).with_name("remarks.yml")
SIDES = ("stock", "lotse")
LOADED = ("stock", "stock_rules", "lotse")
NAMES = {"stock": "Plain Rasa", "stock_rules": "Plain Rasa, rules only", "lotse": "Lotse"}


def write(figures: Mapping[str, Any], folder: Path) -> None:
    """Write performance.md and images/performance.svg into ``folder``."""
    remarks = yaml.safe_load(REMARKS.read_text(encoding="utf-8"))
    (folder / "images").mkdir(parents=True, exist_ok=True)
    plot.draw(figures, folder / "images" / "performance.svg")
    (folder / "performance.md").write_text(render(figures, remarks), encoding="utf-8")


def render(figures: Mapping[str, Any], remarks: Mapping[str, Any]) -> str:
    """The report as Markdown. Pure."""
    found = goals(figures)
    parts = [
        "# How fast and how light",
        remarks["about"].strip(),
        _machine(figures),
        "## Goals",
        goal_table(found),
        *_missed(found, remarks["missed"]),
        "![Turns a second and 95th percentile beside plain Rasa](images/performance.svg)",
        "## Under load",
        load_table(figures),
        _typed_and_pressed(figures),
        "## What each process takes",
        process_table(figures),
        "## Beside the load",
        _beside(figures),
        "## How it was measured",
        remarks["how"].strip(),
        _epochs(figures),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; numbers as they are given."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join("–" if cell is None else str(cell) for cell in line) + " |" for line in lines)


def number(value: float | None) -> str:
    """A figure with three digits that count, or the whole number; a dash for none."""
    if value is None:
        return "–"
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def goal_table(found: Sequence[Goal]) -> str:
    """Each goal, both figures, what was wanted and what was reached."""
    rows = []
    for goal in found:
        sign = "≥" if goal.at_least else "≤"
        wanted = f"{sign} {goal.wanted:g}" if goal.wanted >= 1 else f"{sign} 1/{round(1 / goal.wanted)}"
        met = {True: "yes", False: "**no**", None: "not measured"}[goal.met]
        reached = None if goal.reached is None else f"{_ratio(goal.reached)}"
        before, after = (f"{number(value)} {goal.unit}" for value in (goal.stock, goal.lotse))
        rows.append((goal.name, before, after, wanted, reached, met))
    return table(("", "Plain Rasa, or turn 1, or 10³ orders", "Lotse", "wanted", "reached", "met"), rows)


def _ratio(value: float) -> str:
    return f"{value:.2f}" if value >= 0.5 else f"1/{1 / value:.1f}" if value else "0"


def _missed(found: Sequence[Goal], remarks: Mapping[str, str]) -> list[str]:
    missed = [goal for goal in found if goal.met is False]
    if not missed:
        return []
    lines = [f"- **{goal.name}**: {remarks.get(goal.key, 'not looked into yet.').strip()}" for goal in missed]
    return ["What stands in the way of the rest:\n\n" + "\n".join(lines)]


def load_table(figures: Mapping[str, Any]) -> str:
    """Each round: throughput, latencies, CPU, and how many conversations did what they should."""
    rows = []
    for name in LOADED:
        for people, taken in figures.get(name, {}).get("load", {}).items():
            waited = taken["all"] or {}
            right = taken["dialogues"]["right_share"]
            rows.append(
                (
                    NAMES[name],
                    people,
                    number(taken["turns_per_s"]),
                    *(number(waited.get(key)) for key in ("p50_ms", "p95_ms", "p99_ms")),
                    number(taken["cpu_ms_per_turn_all"]),
                    None if right is None else f"{right:.0%} of {taken['dialogues']['ended']}",
                )
            )
    head = ("", "people", "turns/s", "p50 ms", "p95 ms", "p99 ms", "CPU ms a turn", "conversations that did their job")
    return table(head, rows)


def _typed_and_pressed(figures: Mapping[str, Any]) -> str:
    rows = []
    for name in SIDES:
        for people, taken in figures[name].get("load", {}).items():
            for kind in ("typed", "pressed"):
                waited = taken[kind]
                if waited:
                    shown = (number(waited[key]) for key in ("p50_ms", "p95_ms", "p99_ms"))
                    rows.append((NAMES[name], people, kind, waited["count"], *shown))
    return "Typed turns and pressed buttons apart:\n\n" + table(
        ("", "people", "", "turns", "p50 ms", "p95 ms", "p99 ms"), rows
    )


def process_table(figures: Mapping[str, Any]) -> str:
    """CPU a turn at 8 people, and memory after the load, of each process."""
    rows: list[Sequence[object]] = []
    for name in SIDES:
        side = figures[name]
        cpu = side.get("load", {}).get("8", {}).get("cpu_ms_per_turn", {})
        for process, memory in side.get("memory_mib", {}).items():
            used = number(cpu.get(process))
            rows.append((NAMES[name], process.rpartition("/")[2], used, number(memory["pss"]), number(memory["rss"])))
        total = sum(cpu.values()) if cpu else None
        sums = (number(total), number(resident(side)), number(resident(side, "rss")))
        rows.append((NAMES[name], "**together**", *sums))
    return table(("", "process", "CPU ms a turn, 8 people", "PSS MiB", "RSS MiB"), rows)


def _beside(figures: Mapping[str, Any]) -> str:
    rows: list[Sequence[object]] = []
    for name in SIDES:
        side, sizes = figures[name], figures["sizes_mib"][name]
        training, long = side.get("training"), side.get("long") or {}
        rows.append((NAMES[name], f"installed: {', '.join(sizes)} (MiB)", " + ".join(map(number, sizes.values()))))
        rows.append((NAMES[name], "installed together (MiB)", number(installed(figures, name))))
        if training:
            rows.append((NAMES[name], "training: CPU s, wall s, memory MiB", _training(training)))
            rows.append((NAMES[name], "trained on", _trained_on(training)))
        rows.append((NAMES[name], "start to first answer, each time (s)", _each(side.get("start_s"))))
        if long:
            rows.append((NAMES[name], f"turn 1, turn {long['turns']} (ms)", _long(long)))
    orders = figures["lotse"].get("orders")
    if figures["lotse"].get("make_run_s"):
        rows.append((NAMES["lotse"], "`make run` to first answer (s)", _each(figures["lotse"]["make_run_s"])))
    if orders:
        rows.append((NAMES["lotse"], f"{orders['few']:,} orders: mean, CPU of a turn (ms)", _orders(orders, "few")))
        rows.append((NAMES["lotse"], f"{orders['many']:,} orders: mean, CPU of a turn (ms)", _orders(orders, "many")))
    return table(("", "", ""), rows)


def _training(training: Mapping[str, Any]) -> str:
    return ", ".join(number(training[key]) for key in ("cpu_s", "wall_s", "max_rss_mib"))


def _trained_on(training: Mapping[str, Any]) -> str:
    said = f"commit {training['commit']}"
    return f"{training['sentences']:,} sentences, {training['epochs']} epochs, {said}" if "epochs" in training else said


def _each(starts: Sequence[float] | None) -> str:
    if not starts:
        return "–"
    return f"{', '.join(number(one) for one in starts)} (median {number(median(starts))})"


def _long(long: Mapping[str, Any]) -> str:
    return (
        f"{number(long['turn_1_ms'])}; rounds of five turns: first {number(long['first_round_ms'])}, "
        f"second {number(long['second_round_ms'])}, last {number(long['last_round_ms'])} "
        f"({long['ratio']:.2f} × the first)"
    )


def _orders(orders: Mapping[str, Any], which: str) -> str:
    return f"{number(orders[f'{which}_mean_ms'])}, {number(orders[f'{which}_cpu_ms'])}"


def _machine(figures: Mapping[str, Any]) -> str:
    machine, versions = figures["machine"], figures["versions"]
    ours = ", ".join(f"{name} {version}" for name, version in versions["lotse"].items())
    theirs = ", ".join(f"{name} {version}" for name, version in versions["stock"].items())
    return (
        f"Measured on {machine['date']} at commit {figures['commit']}: {machine['cores']} cores "
        f"({machine['processor']}), {machine['memory_gib']} GiB, {machine['system']}, Python {machine['python']}; "
        f"load average before: {machine['load_before']}. Plain Rasa: {theirs}. Lotse: {ours}. "
        "Every raw figure is in performance.json."
    )


def _epochs(figures: Mapping[str, Any]) -> str:
    training = figures["stock"]["training"]
    if training["epochs"] >= EPOCHS:
        return ""
    whole = at_epochs(training["cpu_s"], training["diet_share"], training["epochs"], EPOCHS)
    measured, share = number(training["cpu_s"]), f"{training['diet_share']:.0%}"
    return (
        f"Plain Rasa was trained for {training['epochs']} epochs instead of the {EPOCHS} of `rasa init`, because all "
        f"of them would have taken hours: {measured} s of CPU time were measured, {share} of them in DIET. The goal "
        f"is judged by what {EPOCHS} epochs of DIET would take at that pace, {number(whole)} s. What it misunderstands "
        f"may be a little more than after {EPOCHS}; what a turn costs does not depend on the number of epochs."
    )
