"""Reads the decision tables in tables/*.yml: facts, command and verdict in words that need no Python to be checked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

import msgspec.yaml

from actions.policy import (
    PLATFORM,
    Actor,
    Allowed,
    CancelOrder,
    CloseDispute,
    Dispute,
    DisputeKind,
    DisputeStatus,
    Limits,
    MoveDelivery,
    OpenDispute,
    OrderCommand,
    OrderFacts,
    OrderState,
    Refused,
    Role,
    Verdict,
)

from .moments import HOUR, is_moment, moment

COMMANDS: dict[str, Any] = {entry.name: entry for entry in get_args(OrderCommand)}
ACTORS = {
    "customer": Actor(Role.CUSTOMER, "c-1"),
    "seller": Actor(Role.SELLER, "s-1"),
    "another customer": Actor(Role.CUSTOMER, "c-2"),
    "another seller": Actor(Role.SELLER, "s-2"),
    "the seller's id as a customer": Actor(Role.CUSTOMER, "s-1"),
    "the customer's id as a seller": Actor(Role.SELLER, "c-1"),
    "platform": PLATFORM,
}


@dataclass(frozen=True)
class Row:
    """One line of a table."""

    id: str
    rules: tuple[str, ...]
    facts: OrderFacts
    command: OrderCommand
    actor: Actor
    limits: Limits
    expected: dict[str, Any]


def rows(path: Path) -> list[Row]:
    return [_row(entry) for entry in msgspec.yaml.decode(path.read_text(encoding="utf-8"))]


def _row(entry: dict[str, Any]) -> Row:
    unknown = set(entry) - {"id", "rules", "given", "by", "does", "limits", "allowed", "refused", "undetermined"}
    assert not unknown, f"{entry['id']}: {unknown}"
    return Row(
        id=entry["id"],
        rules=tuple(entry["rules"]),
        facts=_facts(entry.get("given", {})),
        command=_command(entry["does"]),
        actor=ACTORS[entry["by"]],
        limits=Limits(**_timed(entry.get("limits", {}))),
        expected={key: entry[key] for key in ("allowed", "refused", "undetermined") if key in entry},
    )


def _timed(values: dict[str, Any]) -> dict[str, Any]:
    return {key: moment(value) - moment("now") if is_moment(value) else value for key, value in values.items()}


def _instant(value: str | None) -> datetime | None:
    return None if value is None else moment(value)


def _facts(given: dict[str, Any]) -> OrderFacts:
    unknown = set(given) - {"state", "expected", "agreed", "delivered", "open", "past"}
    assert not unknown, unknown
    return OrderFacts(
        id="FO-1",
        customer_id="c-1",
        seller_id="s-1",
        state=OrderState(given.get("state", "active")),
        expected_delivery_at=_instant(given.get("expected", "+3d")),
        agreed_delivery_at=_instant(given.get("agreed")),
        delivered_at=_instant(given.get("delivered")),
        open_dispute=_dispute(given["open"]) if "open" in given else None,
        past_disputes=tuple(_dispute(entry) for entry in given.get("past", ())),
    )


def _dispute(text: str) -> Dispute:
    """`customer's update since -47h [to +5d] [status withdrawn] [as d9]`; 48 hours to answer, extensions have none."""
    words = text.replace("'s", "").split()
    more = dict(zip(words[4::2], words[5::2], strict=True))
    assert words[2] == "since" and set(more) <= {"to", "status", "as"}, text
    kind, opened = DisputeKind(words[1]), moment(words[3])
    return Dispute(
        id=more.get("as", "d1"),
        kind=kind,
        filed_by=Role(words[0]),
        opened_at=opened,
        due_at=None if kind is DisputeKind.EXTENSION else opened + 48 * HOUR,
        status=DisputeStatus(more.get("status", "open")),
        new_delivery_at=moment(more.get("to", "+9d")) if kind is DisputeKind.EXTENSION else None,
    )


def _command(does: str | dict[str, dict[str, Any]]) -> OrderCommand:
    name, fields = (does, {}) if isinstance(does, str) else next(iter(does.items()))
    values = {key: moment(value) if is_moment(value) else value for key, value in fields.items()}
    command: OrderCommand = COMMANDS[name](**values)
    return command


def told(verdict: Verdict, expected: dict[str, Any]) -> dict[str, Any]:
    """The verdict in the table's words; of a reason's parameters only those that the table speaks of."""
    if isinstance(verdict, Allowed):
        return {"allowed": [_effect(effect) for effect in verdict.effects]}
    if not isinstance(verdict, Refused):
        return {"undetermined": list(verdict.missing)}
    wanted = expected.get("refused", [])
    told_reasons: list[Any] = []
    for index, reason in enumerate(verdict.reasons):
        name = f"{reason.rule} {reason.code}"
        entry = wanted[index] if index < len(wanted) else None
        if isinstance(entry, dict):
            asked = next(iter(entry.values()))
            told_reasons.append({name: {key: _plain(reason.params.get(key), asked[key]) for key in asked}})
        else:
            told_reasons.append(name)
    return {"refused": told_reasons}


def _plain(value: Any, wanted: Any) -> Any:
    if isinstance(value, datetime):
        return wanted if is_moment(wanted) and moment(wanted) == value else value.isoformat()
    return str(value) if isinstance(value, Role | DisputeKind | DisputeStatus | OrderState) else value


def _effect(effect: object) -> str:
    match effect:
        case OpenDispute(kind, due_at, new_delivery_at):
            until = "for ever" if due_at is None else f"until {_ago(due_at)}"
            return f"open {kind} {until}" + (f" to {_ago(new_delivery_at)}" if new_delivery_at else "")
        case CloseDispute(dispute_id, status):
            return f"close {dispute_id} {status}"
        case CancelOrder():
            return "cancel order"
        case MoveDelivery(new_delivery_at):
            return f"move delivery to {_ago(new_delivery_at)}"
    raise AssertionError(effect)


def _ago(instant: datetime) -> str:
    hours = (instant - moment("now")) / HOUR
    return f"{hours:+.0f}h" if hours.is_integer() else instant.isoformat()
