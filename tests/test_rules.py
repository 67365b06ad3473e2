"""No rule of the policies is without a test that shows it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.rules_report import catalogue, lines, missing, rules_of, whole

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def shown(request: pytest.FixtureRequest) -> dict[str, list[str]]:
    """All tests of the project by rule, whichever of them are run this time."""
    if whole(request.config):
        return rules_of(request.session.items)
    command = [sys.executable, "-m", "tests.rules_report", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=110)
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


def test_every_rule_has_a_test(shown: dict[str, list[str]]) -> None:
    assert missing(shown) == [], "\n".join(lines(shown))


def test_every_rule_and_reading_has_a_conversation(shown: dict[str, list[str]]) -> None:
    talked = {rule for rule, tests in shown.items() if any("tests/conversation/" in test for test in tests)}
    assert [rule for rule in catalogue().all if rule not in talked] == []


def test_marks_name_rules_that_exist(shown: dict[str, list[str]]) -> None:
    unknown = [rule for rule in shown if re.match(r"[MW]-\d", rule) and rule not in catalogue().rules]
    assert unknown == []
