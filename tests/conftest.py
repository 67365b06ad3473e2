"""How the tests are spread over workers; at the end what they report, and which rules of the policies they showed."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

from tests import rules_report

_shown = pytest.StashKey[dict[str, list[str]]]()

# What shares something that is slow to start: of several workers one has all of it. A group is a folder or a file of
# tests/. They come first, the longest before the others, so that no worker is left alone with one at the end.
_TOGETHER = (
    "conversation",
    "nlu/test_understanding.py",
    "widget/test_kills.py",
    "widget",
    "contract",
    "engine",
    "nlu",
)
# Long ones that share nothing, and so go wherever there is room: next.
_LONG = ("backend/test_stateful.py", "backend/test_appeal_crash.py", "backend/test_crash.py", "gateway/test_stopping.py",
         "gateway/test_many.py", "backend/test_appeal_invariants.py", "policy/test_grid.py")  # fmt: skip
_REPORT = "report: "  # what a test notes under such a name is printed at the end


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.pluginmanager.hasplugin("xdist"):
        return
    tests = config.rootpath / "tests"
    places = {place: number for number, place in enumerate((*_TOGETHER, *_LONG))}

    @functools.cache
    def place(path: Path) -> str:
        inside = path.relative_to(tests).as_posix()
        return inside if inside in places else inside.partition("/")[0]

    for item in items:
        if place(item.path) in _TOGETHER:
            item.add_marker(pytest.mark.xdist_group(place(item.path)))
    items.sort(key=lambda item: places.get(place(item.path), len(places)))  # stable: the order within a place stays


def pytest_collection_finish(session: pytest.Session) -> None:
    session.config.stash[_shown] = rules_report.rules_of(session.items)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        for name, value in report.user_properties:
            if name.startswith(_REPORT):
                terminalreporter.section(name.removeprefix(_REPORT))
                terminalreporter.write_line(value)
    shown = config.stash.get(_shown, None)
    if shown is None or config.option.collectonly or not rules_report.whole(config):
        return  # of a part of the tests there is nothing to report
    terminalreporter.section("rules and the tests that show them")
    for line in rules_report.lines(shown):
        terminalreporter.write_line(line)
