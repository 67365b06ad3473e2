"""After a run of all tests: which rules of the policies they showed."""

from __future__ import annotations

import pytest

from tests import rules_report

_shown = pytest.StashKey[dict[str, list[str]]]()


def pytest_collection_finish(session: pytest.Session) -> None:
    session.config.stash[_shown] = rules_report.rules_of(session.items)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    shown = config.stash.get(_shown, None)
    if shown is None or config.option.collectonly or not rules_report.whole(config):
        return  # of a part of the tests there is nothing to report
    terminalreporter.section("rules and the tests that show them")
    for line in rules_report.lines(shown):
        terminalreporter.write_line(line)
