"""After a run of all tests: which rules of the policies they showed."""

from __future__ import annotations

import pytest

from tests import rules_report

_shown = pytest.StashKey[dict[str, list[str]]]()

# Folders whose tests share something that is slow to start: with several workers each stays with one of them. The
# longest come first, so that no worker is left alone with one at the end.
_TOGETHER = ("conversation", "widget", "nlu", "engine", "contract")


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.pluginmanager.hasplugin("xdist"):
        return

    def folder(item: pytest.Item) -> str:
        parts = item.path.relative_to(config.rootpath / "tests").parts
        return parts[0] if len(parts) > 1 else ""

    def place(item: pytest.Item) -> int:
        return _TOGETHER.index(folder(item)) if folder(item) in _TOGETHER else len(_TOGETHER)

    for item in items:
        if folder(item) in _TOGETHER:
            item.add_marker(pytest.mark.xdist_group(folder(item)))
    items.sort(key=place)  # stable: the order within a folder stays


def pytest_collection_finish(session: pytest.Session) -> None:
    session.config.stash[_shown] = rules_report.rules_of(session.items)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    shown = config.stash.get(_shown, None)
    if shown is None or config.option.collectonly or not rules_report.whole(config):
        return  # of a part of the tests there is nothing to report
    terminalreporter.section("rules and the tests that show them")
    for line in rules_report.lines(shown):
        terminalreporter.write_line(line)
