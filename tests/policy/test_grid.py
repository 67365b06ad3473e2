"""Every combination of actor, command, order state, lateness, extension and open dispute, against the oracle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from actions.policy import (
    Accept,
    Allowed,
    AnswerUpdate,
    CancelOrder,
    CloseDispute,
    Decline,
    Dispute,
    DisputeKind,
    DisputeStatus,
    Expire,
    ForceCancel,
    Limits,
    MoveDelivery,
    OpenDispute,
    OrderCommand,
    OrderFacts,
    OrderState,
    Refused,
    RequestCancellation,
    RequestExtension,
    RequestUpdate,
    Role,
    Undetermined,
    Verdict,
    Withdraw,
    decide,
)

from .moments import HOUR, NOW, US
from .oracle import LINES, Situation, judge
from .order_tables import ACTORS

TICK = US / HOUR
LATENESS = [None, -72.0, 0.0, 24 - TICK, 24.0, 72.0]
STATES = ["active", "delivered", "completed", "cancelled"]
KINDS = ["update", "cancellation", "extension"]
PARTIES = ["customer", "seller"]
# No dispute; each kind by each party: fresh, at the last instant, just over, long over (stored as open all the same).
OPEN: list[dict[str, Any]] = [{}] + [
    {"open_kind": kind, "open_by": by, "open_for": age, "extension_to": to}
    for kind, by, age in product(KINDS, PARTIES, [1.0, 48.0, 48 + TICK, 200.0])
    for to in ([100.0, -1.0] if kind == "extension" else [0.0])
]
TARGETS: list[dict[str, Any]] = [{"target": target} for target in ("open", "withdrawn", "unknown")] + [
    {"target": "expired", "expired_kind": kind, "expired_by": by} for kind, by in product(KINDS, PARTIES)
]
ASKS: list[dict[str, Any]] = [
    {"asks": "request_update"},
    *(
        {"asks": "request_cancellation", "says_reason": reason, "says_text": text, "withdraws": withdraws}
        for reason, text, withdraws in product([None, "listed", "unlisted"], [True, False], [None, "open", "unknown"])
    ),
    *({"asks": "request_extension", "asked_date": date} for date in (None, -1.0, 0.0, TICK, 71.0, 72.0, 72 + TICK)),
    {"asks": "force_cancel"},
    *({"asks": name, **target} for name, target in product(["accept", "decline", "withdraw", "expire"], TARGETS)),
    *({"asks": "answer_update", "says_text": text, **target} for text, target in product([True, False], TARGETS)),
]
ACTOR = {
    "customer": [ACTORS["customer"]],
    "seller": [ACTORS["seller"]],
    "platform": [ACTORS["platform"]],
    "stranger": [value for key, value in ACTORS.items() if key not in ("customer", "seller", "platform")],
}


def hours(count: float) -> timedelta:
    """Whole microseconds, so that the grid's boundaries are exact."""
    return round(count / TICK) * US


def facts_of(s: Situation) -> OrderFacts:
    delivery = None if s.hours_past_delivery is None else NOW - hours(s.hours_past_delivery)
    older = None if delivery is None else delivery - 50 * HOUR
    return OrderFacts(
        id="FO-1",
        customer_id="c-1",
        seller_id="s-1",
        state=OrderState(s.order),
        expected_delivery_at=older if s.extension_agreed else delivery,
        agreed_delivery_at=delivery if s.extension_agreed else None,
        delivered_at=NOW - HOUR if s.order == "delivered" else None,
        open_dispute=None
        if s.open_kind is None or s.open_by is None
        else _dispute(s, "open", s.open_kind, s.open_by, s.open_for, DisputeStatus.OPEN),
        past_disputes=(
            _dispute(s, "withdrawn", "update", "customer", 300.0, DisputeStatus.WITHDRAWN),
            *(
                [_dispute(s, "expired", s.expired_kind, s.expired_by, 300.0, DisputeStatus.EXPIRED)]
                if s.expired_kind and s.expired_by
                else []
            ),
        ),
    )


def _dispute(s: Situation, name: str, kind: str, by: str, age: float, status: DisputeStatus) -> Dispute:
    limit = s.extension_hours if kind == "extension" else 48.0
    opened_at = NOW - hours(age)
    return Dispute(
        id=name,
        kind=DisputeKind(kind),
        filed_by=Role(by),
        opened_at=opened_at,
        due_at=None if limit is None else opened_at + hours(limit),
        status=status,
        # An ended extension asked for a far date, so that only its time speaks against accepting it.
        new_delivery_at=NOW + hours(s.extension_to if name == "open" else 900.0) if kind == "extension" else None,
    )


def command_of(s: Situation) -> OrderCommand:
    target, text = s.target or "", "Text" if s.says_text else " "
    reason = {None: None, "listed": "other", "unlisted": "made up"}[s.says_reason]
    asked = None if s.asked_date is None else NOW + hours(s.asked_date)
    commands: dict[str, OrderCommand] = {
        "request_update": RequestUpdate(),
        "request_cancellation": RequestCancellation(reason, text, s.withdraws),
        "request_extension": RequestExtension(asked),
        "force_cancel": ForceCancel(),
        "accept": Accept(target),
        "decline": Decline(target),
        "withdraw": Withdraw(target),
        "expire": Expire(target),
        "answer_update": AnswerUpdate(target, text),
    }
    return commands[s.asks]


def limits_of(s: Situation) -> Limits:
    window = None if s.extension_hours is None else hours(s.extension_hours)
    return Limits(
        cancel_silence="auto_cancel" if s.silence_cancels else "close_keep_active", extension_answer_window=window
    )


def in_words(verdict: Verdict) -> tuple[str, object]:
    match verdict:
        case Allowed(effects):
            return "allowed", tuple(_effect(effect) for effect in effects)
        case Refused(reasons):
            assert len({(reason.rule, reason.code) for reason in reasons}) == len(reasons)
            return "refused", frozenset((reason.rule, reason.code) for reason in reasons)
        case Undetermined(missing):
            return "undetermined", missing
    raise AssertionError(verdict)


def _effect(effect: object) -> str:
    match effect:
        case OpenDispute(kind, due_at):
            return f"open {kind}" if due_at is None else f"open {kind} {(due_at - NOW) / HOUR:.0f}"
        case CloseDispute("open", status):
            return f"close {status}"
        case CancelOrder():
            return "cancel order"
        case MoveDelivery():
            return "move delivery"
    raise AssertionError(effect)


def situations(name: str, silence_cancels: bool, extension_hours: float | None) -> Iterator[Situation]:
    base = Situation("", "", "active", None, silence_cancels=silence_cancels, extension_hours=extension_hours)
    for asks, open_dispute in product([asks for asks in ASKS if asks["asks"] == name], OPEN):
        kinds = {open_dispute.get("open_kind"), "extension" if asks["asks"] == "request_extension" else None}
        # A switch is turned only where there is something for it to change.
        if (silence_cancels and "cancellation" not in kinds) or (extension_hours and "extension" not in kinds):
            continue
        asked = replace(base, **asks, **open_dispute)
        whos = ["customer", "seller", "platform"]
        for who, order, late, agreed in product(whos, STATES, LATENESS, [False, True]):
            if (who == "platform") == (asks["asks"] == "expire") and (late is not None or not agreed):
                yield replace(asked, who=who, order=order, hours_past_delivery=late, extension_agreed=agreed)
        # Who has no business here is told so, whatever else is the case.
        for who, order, late in product(["stranger", "platform", "customer"], STATES, [None, 72.0]):
            if who != "customer" or asks["asks"] == "expire":
                yield replace(asked, who=who, order=order, hours_past_delivery=late)


@pytest.mark.unit
@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.rule(*sorted({line.rule for line in LINES if name in line.commands})))
        for name in dict.fromkeys(asks["asks"] for asks in ASKS)
    ],
)
@pytest.mark.parametrize(
    ("silence_cancels", "extension_hours"),
    [
        pytest.param(False, None, id="silence keeps"),
        pytest.param(True, None, id="silence cancels"),
        pytest.param(False, 48.0, id="extensions limited"),
    ],
)
def test_decide_agrees_with_the_policy_read_a_second_time(
    name: str, silence_cancels: bool, extension_hours: float | None
) -> None:
    limits = limits_of(Situation("", "", "", None, silence_cancels=silence_cancels, extension_hours=extension_hours))
    seen: Counter[object] = Counter()
    for situation in situations(name, silence_cancels, extension_hours):
        facts, command = facts_of(situation), command_of(situation)
        expected = judge(situation)
        seen[expected[0]] += 1
        if expected[0] == "refused":
            seen.update(expected[1])
        for actor in ACTOR[situation.who]:
            assert in_words(decide(facts, command, actor, NOW, limits)) == expected, situation
    if not silence_cancels and extension_hours is None:
        assert seen["allowed"] > 50
        assert (seen["undetermined"] > 10) == (name == "force_cancel")
        # A condition that the grid never breaks would be no test of it.
        assert {(line.rule, line.code) for line in LINES if name in line.commands} <= set(seen)
