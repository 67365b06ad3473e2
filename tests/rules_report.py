"""`python -m tests.rules_report`: the rules of the policies against the tests that are marked with them.

Each line: the rule, how many tests show it, and where. Ends with 1 when a rule has none.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec.yaml
import pytest

FOLDER = Path(__file__).parent
_PLACES = 4  # files named in a line


@dataclass(frozen=True)
class Catalogue:
    """The rules and the readings of what they leave open, by ID."""

    rules: Mapping[str, str]
    readings: Mapping[str, str]

    @property
    def all(self) -> Mapping[str, str]:
        """Both."""
        return {**self.rules, **self.readings}


def catalogue() -> Catalogue:
    """What tests/rules.yml says."""
    data = msgspec.yaml.decode((FOLDER / "rules.yml").read_text(encoding="utf-8"))
    return Catalogue(data["rules"], data["readings"])


def whole(config: pytest.Config) -> bool:
    """Whether this run is of all tests."""
    everything = config.args == config.getini("testpaths")
    return everything and not config.option.keyword and not config.option.markexpr


def rules_of(items: Iterable[pytest.Item]) -> dict[str, list[str]]:
    """The node IDs of the tests by the rules they are marked with."""
    shown: dict[str, list[str]] = defaultdict(list)
    for item in items:
        for rule in {str(rule) for marker in item.iter_markers("rule") for rule in marker.args}:
            shown[rule].append(item.nodeid)
    return dict(shown)


def missing(shown: Mapping[str, list[str]]) -> list[str]:
    """The rules and readings without a test."""
    return [rule for rule in catalogue().all if rule not in shown]


def lines(shown: Mapping[str, list[str]]) -> list[str]:
    """The report."""
    written = []
    for rule, text in catalogue().all.items():
        tests = shown.get(rule, [])
        where = Counter(_place(test) for test in tests).most_common()
        places = ", ".join(place for place, _ in where[:_PLACES]) + (" …" if len(where) > _PLACES else "")
        written.append(
            f"{rule} {len(tests):4} {'tests' if len(tests) != 1 else 'test '}  {text}: {places or 'NO TEST'}"
        )
    return written


def _place(test: str) -> str:
    """A conversation by its name, any other test by its file."""
    path, _, name = test.partition("::")
    short = path.removeprefix("tests/").removesuffix(".py")
    return name.partition("[")[2].removesuffix("]") if short.endswith("test_conversations") else short


class _Collector:
    def __init__(self) -> None:
        self.shown: dict[str, list[str]] = {}

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.shown = rules_of(session.items)


def collect() -> dict[str, list[str]]:
    """Collect all tests, without running any; a file that cannot be read counts as one without tests."""
    collector, said = _Collector(), io.StringIO()
    with contextlib.redirect_stdout(said):
        pytest.main(["--collect-only", "-q", "-p", "no:cacheprovider", str(FOLDER)], plugins=[collector])
    if not collector.shown:
        raise RuntimeError(f"no tests were found:\n{said.getvalue()[-3000:]}")
    return collector.shown


def main() -> int:
    shown = collect()
    if "--json" in sys.argv[1:]:
        print(json.dumps(shown))
        return 0
    print("\n".join(lines(shown)))
    without = missing(shown)
    print(f"Without a test: {', '.join(without) or 'none'}")
    return 1 if without else 0


if __name__ == "__main__":
    sys.exit(main())
