"""The report out of known figures: what was missed is said, with what stands in the way."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest
import yaml

from bench import report
from bench.goals import goals
from tests.bench.figures import figures

pytestmark = pytest.mark.unit

REMARKS: dict[str, Any] = {"about": "About it.", "how": "How it was done.", "missed": {"memory": "It is too much."}}


def row(text: str, start: str) -> str:
    return next(line for line in text.splitlines() if line.startswith(f"| {start}"))


def test_the_goals_stand_beside_what_was_reached() -> None:
    text = report.render(figures(), REMARKS)
    assert row(text, "Turns a second, 32") == "| Turns a second, 32 people | 20.0 /s | 200 /s | ≥ 10 | 10.00 | yes |"
    assert row(text, "p95") == "| p95 of a turn, 8 people | 400 ms | 40.0 ms | ≤ 1/10 | 1/10.0 | yes |"
    assert row(text, "Resident") == "| Resident, all processes | 1000 MiB | 600 MiB | ≤ 1/2 | 0.60 | **no** |"


def test_only_missed_goals_have_something_in_the_way() -> None:
    text = report.render(figures(), REMARKS)
    assert "- **Resident, all processes**: It is too much." in text
    assert "- **Installed**: not looked into yet." in text
    assert "- **Training" not in text


def test_nothing_is_in_the_way_when_all_was_reached() -> None:
    some = figures()
    some["sizes_mib"]["lotse"]["packages"] = 100.0
    for memory in some["lotse"]["memory_mib"].values():
        memory["pss"] = 10.0
    assert all(goal.met for goal in goals(some))
    assert "stands in the way" not in report.render(some, REMARKS)


def test_the_share_of_conversations_that_worked_is_said() -> None:
    text = report.render(figures(), REMARKS)
    assert row(text, "Plain Rasa | 8 |").endswith("| 75% of 40 |")


def test_fewer_epochs_are_said() -> None:
    some = figures()
    assert "12 epochs instead of the 100" in report.render(some, REMARKS)
    some["stock"]["training"]["epochs"] = 100
    assert "instead of the 100" not in report.render(some, REMARKS)


def test_a_side_without_turns_is_shown_with_dashes() -> None:
    some = figures()
    some["stock"]["load"]["8"] |= {"all": None, "typed": None, "pressed": None, "turns_per_s": 0.0}
    text = report.render(some, REMARKS)
    assert row(text, "Plain Rasa | 8 |").startswith("| Plain Rasa | 8 | 0.00 | – | – | – |")
    assert row(text, "p95").endswith("| – | not measured |")


def test_it_is_written_with_its_plot(tmp_path: Path) -> None:
    report.write(figures(), tmp_path)
    remarks = yaml.safe_load(report.REMARKS.read_text(encoding="utf-8"))
    assert (tmp_path / "performance.md").read_text(encoding="utf-8") == report.render(figures(), remarks)
    drawn = ElementTree.fromstring((tmp_path / "images" / "performance.svg").read_text(encoding="utf-8"))
    assert drawn.tag.endswith("svg")
