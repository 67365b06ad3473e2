"""The limits: the policies' own numbers, each with its source, and written nowhere else."""

from __future__ import annotations

import ast
import sys
from dataclasses import FrozenInstanceError, fields, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import actions.policy
from actions.policy import DEFAULT_LIMITS, POLICY_VERSION, Limits

pytestmark = pytest.mark.unit
SOURCES = sorted(Path(actions.policy.__file__).parent.glob("*.py"))


@pytest.mark.rule("M-10", "M-15", "M-26", "M-35", "M-38", "W-03", "W-13")
def test_the_numbers_are_those_of_the_policies() -> None:
    assert DEFAULT_LIMITS.answer_window == timedelta(days=2)
    assert DEFAULT_LIMITS.force_after == timedelta(days=1)
    assert DEFAULT_LIMITS.extension_answer_window is None
    assert (DEFAULT_LIMITS.appeal_window_days, DEFAULT_LIMITS.refund_rejections) == (90, 3)


@pytest.mark.rule("M-18", "Q4", "Q15")
def test_switches_default_to_the_decided_reading() -> None:
    assert DEFAULT_LIMITS.cancel_silence == "close_keep_active"
    assert DEFAULT_LIMITS.late_confirmation == "strict"
    assert POLICY_VERSION


@pytest.mark.parametrize("name", [field.name for field in fields(Limits)])
def test_every_limit_has_its_source(name: str) -> None:
    source = Limits.source(name).metadata
    assert source["rules"] and all(rule[0] in "MWQ" for rule in source["rules"])
    # What the policy states is quoted from it; the words must be there.
    shared = " ".join(POLICY_TEXT.split())
    assert source["quote"] in shared
    assert bool(source["quote"]) or not source["stated"]


POLICY_TEXT = """
Wenn ein Händler der Meinung ist, dass die Daten die Leistung ungenau wiedergeben, kann eine Leistungskennzahl
durch Anfechtung auf der Ebene der Bestellung oder des Verstoßes angepasst werden.
In diesem Fall hat der Verkäufer bis zu 48 Stunden Zeit, um zu antworten und ein Update bereitzustellen.
kannst du 24 Stunden nach der erwarteten Lieferung ohne Zustimmung des Verkäufers stornieren.
Wähle den Grund aus und erkläre den Anlass für deine Stornierungsanfrage.
Sofern nicht anders angegeben, haben Händler 90 Kalendertage ab dem Zeitpunkt, an dem der Verstoß erklärt wurde, Zeit,
um Widerspruch einzulegen und diesen Widerspruch von Wish bestätigen zu lassen.
Händler können keine Erstattungsanfechtung gegen dieselbe Bestellung mehr erheben, wenn die Anfechtung dreimal von Wish
abgelehnt wurde.
"""


@pytest.mark.parametrize(
    "changes",
    [
        {"answer_window": timedelta(0)},
        {"force_after": timedelta(hours=-1)},
        {"extension_answer_window": timedelta(0)},
        {"cancel_silence": "maybe"},
        {"late_confirmation": "maybe"},
        {"seller_reasons": ()},
        {"appeal_window_days": 0},
        {"refund_rejections": 0},
        {"review_lead_days": -1},
    ],
    ids=str,
)
def test_senseless_limits_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        replace(DEFAULT_LIMITS, **changes)


def test_limits_cannot_change_under_a_decision() -> None:
    with pytest.raises(FrozenInstanceError):
        DEFAULT_LIMITS.force_after = timedelta(0)  # type: ignore[misc]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_the_policy_is_pure_and_states_its_numbers_once(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            for name in names:
                assert name.startswith("actions.policy") or name.split(".")[0] in sys.stdlib_module_names, name
                assert name.split(".")[0] not in {"os", "time", "random", "socket", "pathlib", "asyncio"}, name
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            assert not (node.value.id in {"datetime", "date"} and node.attr in {"now", "utcnow", "today"}), "a clock"
        if isinstance(node, ast.Constant) and type(node.value) is int and path.name != "limits.py":
            assert node.value in (0, 1), f"{node.value} belongs into limits.py"
    assert len(path.read_text(encoding="utf-8").splitlines()) < 250
