"""One stack for all conversations; what its processes said is shown with a failure."""

from __future__ import annotations

from collections.abc import Generator, Iterator

import pytest

from tests.conversation import private
from tests.conversation.stack import ELSEWHERE, INTERNAL_SECRET, JWT_SECRET, MODULES, OPERATOR_KEY, Stack

_sizes = pytest.StashKey[dict[str, int]]()
transcript_key = pytest.StashKey[list[str]]()
_running: list[Stack] = []


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Rasa with the actions inside, and the gateway, ready."""
    if ELSEWHERE:
        yield Stack.elsewhere(int(ELSEWHERE))
        return
    started = Stack.start(tmp_path_factory.mktemp("stack"))
    _running.append(started)
    yield started
    _running.remove(started)
    started.stop()
    private.note_secret(OPERATOR_KEY, JWT_SECRET, INTERNAL_SECRET)
    told = list(private.found_in({name: started.log(name) for name in MODULES}))
    assert not told, "a log of this run quotes people or secrets:\n" + "\n".join(told)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    if _running:
        item.stash[_sizes] = _running[0].log_sizes()
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call" and report.failed:
        said = item.stash.get(transcript_key, None)
        if said:
            report.sections.append(("conversation", "\n".join(said)))
        if _running and _sizes in item.stash:
            for name, text in _running[0].logs_since(item.stash[_sizes]).items():
                if text:
                    report.sections.append((f"log of {name}", text))
    return report
