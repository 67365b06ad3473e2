"""After a run of all tests: which rules of the policies they showed."""

from __future__ import annotations

import pytest

from tests import rules_report

_shown = pytest.StashKey[dict[str, list[str]]]()
_ENOUGH = 30  # rules; a run that shows fewer is a part of the tests, of which there is nothing to report


def pytest_collection_finish(session: pytest.Session) -> None:
    session.config.stash[_shown] = rules_report.rules_of(session.items)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    shown = config.stash.get(_shown, {})
    if config.option.collectonly or len(shown) < _ENOUGH:
        return
    terminalreporter.section("rules and the tests that show them")
    for line in rules_report.lines(shown):
        terminalreporter.write_line(line)
