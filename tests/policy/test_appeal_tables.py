"""The decision table of filing appeals, one test a row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec.yaml
import pytest

from actions.policy import (
    Actor,
    Allowed,
    Appeal,
    AppealFacts,
    AppealStatus,
    AppealType,
    Canceller,
    Evidence,
    EvidenceKind,
    FileAppeal,
    GoodsOrder,
    Infraction,
    Limits,
    Refund,
    RefundCategory,
    Refused,
    Responsibility,
    Role,
    Subject,
    SubjectKind,
    SubmitAppeal,
    Verdict,
    decide,
)

from .moments import DAY, NOW

ACTORS = {
    "merchant": Actor(Role.SELLER, "m-1"),
    "another merchant": Actor(Role.SELLER, "m-2"),
    "customer": Actor(Role.CUSTOMER, "m-1"),
}
PROOF = {
    "image": Evidence(EvidenceKind.IMAGE),
    "carrier link": Evidence(EvidenceKind.LINK, carrier_listed=True),
    "other link": Evidence(EvidenceKind.LINK),
}
KEYS = {
    "id", "rules", "by", "type", "subject", "order", "infraction", "has", "others", "tracking_number", "ground",
    "limits", "filed", "refused", "undetermined",
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    id: str
    rules: tuple[str, ...]
    facts: AppealFacts
    command: SubmitAppeal
    actor: Actor
    limits: Limits
    expected: dict[str, Any]


def row_of(entry: dict[str, Any]) -> Row:
    assert set(entry) <= KEYS, set(entry) - KEYS
    infraction = _infraction(entry["infraction"]) if "infraction" in entry else None
    policy_type = infraction is not None and "order" not in entry
    on_infraction = entry.get("subject") == "infraction" or policy_type
    facts = AppealFacts(
        entry["type"],
        "m-1",
        Subject(SubjectKind.INFRACTION, "V-1") if on_infraction else Subject(SubjectKind.ORDER, "WO-1"),
        infraction=infraction,
        order=_order(entry["order"]) if "order" in entry else None,
        tracking_number=entry.get("tracking_number"),
        evidence=tuple(PROOF[name] for name in entry.get("has", ())),
        others=tuple(_other(text, number) for number, text in enumerate(entry.get("others", ()), start=1)),
    )
    return Row(
        entry["id"],
        tuple(entry["rules"]),
        facts,
        SubmitAppeal(entry.get("ground", "Die Daten stimmen nicht")),
        ACTORS[entry.get("by", "merchant")],
        Limits(**entry.get("limits", {})),
        {key: entry[key] for key in ("filed", "refused", "undetermined") if key in entry},
    )


def _ago(days: int | None) -> datetime | None:
    return None if days is None else NOW - days * DAY


def _infraction(given: dict[str, Any]) -> Infraction:
    return Infraction(
        "V-1", given["type"], _ago(given.get("day")), _ago(given.get("notified_day")), "WO-1",
        given.get("is_reversed", False),
    )  # fmt: skip


def _order(given: dict[str, Any]) -> GoodsOrder:
    refunds = []
    for number, text in enumerate(given.get("refunds", ())):
        category, bearer, rejected = text.split()
        refunds.append(Refund(f"r{number}", RefundCategory(category), Responsibility(bearer), int(rejected)))
    return GoodsOrder(
        "WO-1",
        _ago(given.get("released_day")),
        _ago(given.get("confirmed_day")),
        given.get("is_cancelled", "cancelled_by" in given),
        Canceller(given["cancelled_by"]) if "cancelled_by" in given else None,
        given.get("tracking_number"),
        tuple(refunds),
    )


def _other(text: str, number: int) -> Appeal:
    kind, status, *where = text.split()
    place = "2" if where == ["elsewhere"] else "1"
    metric = kind in ("fulfilment_rate", "valid_tracking_rate", "confirmed_fulfilment_speed", "refund")
    infraction_id = None if metric else f"V-{place}" if kind != "misleading_tracking" else "V-9"
    return Appeal(
        f"a{number}", kind, AppealStatus(status), f"WO-{place}", infraction_id, NOW - DAY, NOW + DAY
    )  # fmt: skip


def told(verdict: Verdict, expected: dict[str, Any]) -> dict[str, Any]:
    """The verdict in the table's words; of a reason's parameters only those that the table speaks of."""
    if isinstance(verdict, Allowed):
        (effect,) = verdict.effects
        assert isinstance(effect, FileAppeal)
        days = (
            "no limit" if effect.closes_at is None else f"{(effect.closes_at.date() - NOW.date()).days - 1} days left"
        )
        return {"filed": days + (f", attempt {effect.attempt}" if effect.attempt > 1 else "")}
    if not isinstance(verdict, Refused):
        return {"undetermined": list(verdict.missing)}
    words: list[Any] = []
    for index, reason in enumerate(verdict.reasons):
        name, wanted = f"{reason.rule} {reason.code}", expected.get("refused", [])
        entry = wanted[index] if index < len(wanted) else None
        if isinstance(entry, dict):
            asked = next(iter(entry.values()))
            values = {key: reason.params.get(key) for key in asked}
            plain = {key: value.isoformat() if isinstance(value, date) else value for key, value in values.items()}
            words.append({name: plain})
        else:
            words.append(name)
    return {"refused": words}


TABLE = Path(__file__).parent / "tables" / "appeals.yml"
ROWS = [row_of(entry) for entry in msgspec.yaml.decode(TABLE.read_text(encoding="utf-8"))]


@pytest.mark.unit
@pytest.mark.parametrize(
    "row", [pytest.param(row, id=row.id, marks=pytest.mark.rule(*row.rules)) for row in ROWS]
)  # fmt: skip
def test_row(row: Row) -> None:
    assert told(decide(row.facts, row.command, row.actor, NOW, row.limits), row.expected) == row.expected


@pytest.mark.unit
def test_the_table_covers_every_type_and_its_ids_are_unique() -> None:
    assert {row.facts.type for row in ROWS} >= set(AppealType)
    assert len({row.id for row in ROWS}) == len(ROWS)
