"""No intent falls through: each has one rule, and each rule an action that exists."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.unit


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


RULES = [rule for path in sorted((ROOT / "data" / "rules").glob("*.yml")) for rule in read(path)["rules"]]
DOMAIN = read(ROOT / "domain.yml")


def steps(kind: str) -> list[str]:
    return [step[kind] for rule in RULES for step in rule["steps"] if kind in step]


def test_every_intent_has_one_rule() -> None:
    """A second answer, or none, would be what Rasa makes of an intent with two rules or without one."""
    wanted = Counter([*DOMAIN["intents"], "nlu_fallback"])
    assert Counter(steps("intent")) == wanted


def test_every_rule_is_one_answer() -> None:
    assert [
        rule["rule"] for rule in RULES if [sorted(step) for step in rule["steps"]] != [["intent"], ["action"]]
    ] == []


def test_every_action_of_a_rule_is_in_the_domain() -> None:
    assert set(steps("action")) - set(DOMAIN["actions"]) == set()
