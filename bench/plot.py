"""The plot of the report."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")
mpl.rcParams["svg.hashsalt"] = "lotse"  # the same figures give the same file

COLOURS = {"stock": "#9aa5b1", "lotse": "#0b6e99"}
NAMES = {"stock": "Plain Rasa", "lotse": "Lotse"}


def draw(figures: Mapping[str, Any], path: Path) -> None:
    """Throughput, 95th percentile and memory of both sides, as an SVG."""
    from matplotlib import pyplot

    figure, (rate, slow, memory) = pyplot.subplots(1, 3, figsize=(10.5, 3.4), layout="constrained")
    people = [key for key in figures["stock"].get("load", {}) if key in figures["lotse"].get("load", {})]
    for offset, name in enumerate(("stock", "lotse")):
        rounds = [figures[name]["load"][key] for key in people]
        places = [index + (offset - 0.5) * 0.38 for index in range(len(people))]
        style = {"width": 0.36, "color": COLOURS[name], "label": NAMES[name]}
        _label(rate, rate.bar(places, [one["turns_per_s"] for one in rounds], **style))
        _label(slow, slow.bar(places, [one["all"]["p95_ms"] if one["all"] else 0 for one in rounds], **style))
        bottom = 0.0
        for process, taken in figures[name].get("memory_mib", {}).items():
            memory.bar([NAMES[name]], [taken["pss"]], bottom=bottom, color=COLOURS[name], edgecolor="white", width=0.5)
            if taken["pss"] > 40:
                memory.text(offset, bottom + taken["pss"] / 2, _short(process), ha="center", va="center", color="white")
            bottom += taken["pss"]
    for axes, title in ((rate, "Turns a second"), (slow, "95th percentile, ms (log)")):
        axes.set_title(title)
        axes.set_xticks(range(len(people)), [f"{key} people" if key != "1" else "1 person" for key in people])
        axes.legend(frameon=False, fontsize=8)
        axes.margins(y=0.18)
    slow.set_yscale("log")
    memory.set_title("Memory after the load, PSS in MiB")
    for axes in (rate, slow, memory):
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, metadata={"Date": None, "Creator": None})
    pyplot.close(figure)


def _label(axes: Any, bars: Any) -> None:
    axes.bar_label(bars, fmt=lambda value: f"{value:.0f}", fontsize=8, padding=2)


def _short(process: str) -> str:
    return process.rpartition("/")[2].rpartition(".")[2]
