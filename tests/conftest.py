"""How the tests are spread over workers; at the end what they report, and which rules of the policies they showed."""

from __future__ import annotations

import functools
from typing import Any

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
    "wording",  # thousands, and each a moment only
)
# Long ones that share nothing, and so go wherever there is room: next.
_LONG = (
    "backend/test_stateful.py",
    "backend/test_appeal_crash.py",
    "backend/test_crash.py",
    "gateway/test_stopping.py",
    "gateway/test_many.py",
    "backend/test_appeal_invariants.py",
    "policy/test_grid.py",
)
_REPORT = "report: "  # what a test notes under such a name is printed at the end


_PLACES = {place: number for number, place in enumerate((*_TOGETHER, *_LONG))}


@functools.cache
def _place(path: str) -> str:
    """The file or else the folder below tests/, of the path in a test's ID."""
    inside = path.removeprefix("tests/")
    return inside if inside in _PLACES else inside.partition("/")[0]


def _of(nodeid: str) -> str:
    return _place(nodeid.partition("::")[0])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.pluginmanager.hasplugin("xdist"):  # stable: the order within a place stays
        items.sort(key=lambda item: _PLACES.get(_of(item.nodeid), len(_PLACES)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """By place, whatever `--dist` says: xdist 3.8 loses the groups of its own under pytest 9.2 (its issue 1386)."""
    from xdist.scheduler import LoadScopeScheduling

    class ByPlace(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return place if (place := _of(nodeid)) in _TOGETHER else nodeid

    config.option.loadscopereorder = False
    return ByPlace(config, log)


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
