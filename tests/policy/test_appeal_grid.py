"""Every combination of type, subject, window, conditions and other appeals, against the appeal oracle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, time, timedelta
from itertools import product
from typing import Any

import pytest

from actions.policy import (
    Actor,
    Allowed,
    Appeal,
    AppealCommand,
    AppealFacts,
    AppealStatus,
    AppealType,
    Canceller,
    CloseAppeal,
    CorrectMetric,
    DecideAppeal,
    Evidence,
    EvidenceKind,
    FileAppeal,
    GoodsOrder,
    Infraction,
    LapseAppeal,
    Limits,
    MoveRefunds,
    Outcome,
    Refund,
    RefundCategory,
    Refused,
    Responsibility,
    ReverseInfraction,
    Role,
    Subject,
    SubjectKind,
    SubmitAppeal,
    Undetermined,
    Verdict,
    WithdrawAppeal,
    decide,
)

from .appeal_oracle import CANCELLATION, CLOCKED, LINES, METRICS, Penalty, judge
from .moments import DAY, NOW

MERCHANT = Actor(Role.SELLER, "m-1")
ACTORS = {
    "merchant": [MERCHANT],
    "stranger": [Actor(Role.SELLER, "m-2"), Actor(Role.CUSTOMER, "m-1")],
    "platform": [Actor(Role.PLATFORM, "m-1")],
}
COMMANDS: dict[str, AppealCommand] = {
    "withdraw": WithdrawAppeal(),
    "approve": DecideAppeal(Outcome.APPROVED),
    "reject": DecideAppeal(Outcome.REJECTED, "Grund"),
    "lapse": LapseAppeal(),
}
TWIN = {"fulfilment_rate": "order_cancellation", "order_cancellation": "fulfilment_rate"}
MIDNIGHT = datetime.combine(NOW.date(), time(), NOW.tzinfo)
# Any time of the anchor's day counts the same; now is 10 o'clock.
TIMES = [timedelta(0), timedelta(hours=9), timedelta(days=1) - timedelta.resolution]


def anchor(days_ago: int | None, index: int) -> datetime | None:
    return None if days_ago is None else MIDNIGHT - days_ago * DAY + TIMES[index % len(TIMES)]


def facts_of(p: Penalty, index: int) -> AppealFacts:
    infraction = None
    if p.infraction is not None:
        issued = anchor(p.issued_day, index)
        infraction = Infraction("V-1", p.infraction, issued, order_id="WO-1", is_reversed=p.is_reversed)
    on_order = p.on == "order" or infraction is None
    return AppealFacts(
        type=p.type,
        seller_id="m-1",
        subject=Subject(SubjectKind.ORDER, "WO-1") if on_order else Subject(SubjectKind.INFRACTION, "V-1"),
        infraction=infraction,
        order=_order(p, index) if p.order_known else None,
        tracking_number=None if not p.tracking else "RR123456785DE" if index % 2 else "  ",
        evidence=_evidence(p.proof),
        appeal=_appeal("own", p.type, p.own, p) if p.own else None,
        others=tuple(_others(p)),
    )


def _order(p: Penalty, index: int) -> GoodsOrder:
    who = {"merchant": Canceller.MERCHANT, "customer": Canceller.CUSTOMER, "platform": Canceller.PLATFORM}
    return GoodsOrder(
        "WO-1",
        released_at=anchor(p.released_day, index),
        confirmed_fulfilled_at=NOW - 5 * DAY if p.confirmed else None,
        is_cancelled=p.cancelled != "nobody",
        cancelled_by=who.get(p.cancelled),
        # The order's own number or the one the merchant adds: either will do.
        tracking_number="RR123456785DE" if p.tracking and index % 2 == 0 else None,
        refunds=_refunds(p),
    )


def _refunds(p: Penalty) -> tuple[Refund, ...]:
    ours = Refund("r1", RefundCategory.QUALITY, Responsibility.MERCHANT, min(p.rejected, 1))
    theirs = Refund("r2", RefundCategory.LOGISTICS, Responsibility.PLATFORM, min(p.rejected, 1))
    other = Refund("r3", RefundCategory.OTHER, Responsibility.MERCHANT, min(p.rejected, 1))
    mixed = (other, replace(theirs, rejected_appeals=0), replace(ours, rejected_appeals=0))
    return {"none": (), "ours": (ours,), "theirs": (theirs,), "other": (other,), "mixed": mixed}[p.refunds]


def _evidence(proof: str) -> tuple[Evidence, ...]:
    return {
        "": (),
        "image": (Evidence(EvidenceKind.IMAGE),),
        "carrier link": (Evidence(EvidenceKind.LINK), Evidence(EvidenceKind.LINK, carrier_listed=True)),
        "other link": (Evidence(EvidenceKind.LINK),),
    }[proof]


def _appeal(name: str, kind: str, status: str, p: Penalty, suffix: str = "1") -> Appeal:
    over = p.own_over if name == "own" else status == "overdue"
    endless = p.own_endless if name == "own" else False
    stored = AppealStatus.SUBMITTED if status == "overdue" else AppealStatus(status)
    return Appeal(
        name,
        kind,
        stored,
        order_id=f"WO-{suffix}",
        infraction_id=f"V-{suffix}" if kind not in METRICS else None,
        filed_at=NOW - 50 * DAY,
        closes_at=None if endless else NOW if over else NOW + timedelta.resolution,
    )


def _others(p: Penalty) -> Iterator[Appeal]:
    if p.other:
        stranger = "unfulfilled_order" if p.type == "misleading_tracking" else "misleading_tracking"
        kind = TWIN.get(p.type, stranger) if p.other_is == "twin" else p.type
        yield _appeal("other", kind, p.other, p, "2" if p.other_is == "elsewhere" else "1")
    before = min(p.rejected, 1) if p.type == "refund" and p.order_known and p.refunds != "none" else 0
    for number in range(p.rejected - before):
        yield _appeal(f"rejected {number}", p.type, "rejected", p)


def in_words(verdict: Verdict) -> tuple[str, object]:
    match verdict:
        case Allowed(effects):
            return "allowed", tuple(_effect(effect) for effect in effects)
        case Refused(reasons):
            assert len({reason.code for reason in reasons}) == len(reasons)
            return "refused", frozenset((reason.rule, reason.code) for reason in reasons)
        case Undetermined(missing):
            return "undetermined", frozenset(missing)
    raise AssertionError(verdict)


def _effect(effect: object) -> str:
    match effect:
        case FileAppeal(closes_at, attempt):
            days = None if closes_at is None else (closes_at - MIDNIGHT).days - 1
            return f"filed, attempt {attempt}, days left {days}"
        case CloseAppeal("own", status):
            return str(status)
        case ReverseInfraction("V-1"):
            return "infraction reversed"
        case CorrectMetric(kind, "WO-1"):
            return f"{kind} corrected"
        case MoveRefunds("WO-1"):
            return "refunds moved"
    raise AssertionError(effect)


def grid(**dimensions: list[Any]) -> Iterator[dict[str, Any]]:
    for values in product(*dimensions.values()):
        yield dict(zip(dimensions, values, strict=True))


DAYS = [None, 0, 89, 90, 91, 400]
OWN: dict[str, dict[str, list[Any]]] = {
    "fulfilment_rate": {
        "order_known": [True, False],
        "cancelled": ["merchant", "customer", "platform", "nobody", "somebody"],
    },
    "valid_tracking_rate": {
        "order_known": [True, False],
        "released_day": DAYS,
        "confirmed": [True, False],
        "tracking": [True, False],
        "proof": ["", "image", "carrier link", "other link"],
    },
    "confirmed_fulfilment_speed": {
        "order_known": [True, False],
        "confirmed": [True, False],
        "proof": ["", "image", "carrier link", "other link"],
    },
    "refund": {
        "order_known": [True, False],
        "refunds": ["none", "ours", "theirs", "other", "mixed"],
        "rejected": [0, 1, 2, 3, 4],
    },
}


def filings() -> Iterator[Penalty]:
    """Filing, with the conditions of each type, windows, infractions at hand and other appeals."""
    for kind in [*AppealType, "bestseller_rank"]:
        days = [None, 90, 91] if kind == "valid_tracking_rate" else DAYS
        infractions = [None, str(kind), TWIN.get(kind, "late_confirmed_fulfilment"), "misleading_listing"]
        for own in grid(**OWN.get(kind, {"rejected": [0, 5]})):
            base = Penalty("submit", "merchant", str(kind), **own)
            for more in grid(on=["order", "infraction"], infraction=infractions, issued_day=days, ground=[True, False]):
                if more["infraction"] or (more["on"] == "order" and more["issued_day"] is None):
                    yield replace(base, **more)
            kinds = ["draft", "submitted", "approved", "withdrawn", "lapsed", "overdue"]
            about = None if kind == "refund" else str(kind)
            for more in grid(other=kinds, other_is=["same", "twin", "elsewhere"], honour=[True, False]):
                yield replace(base, infraction=about, issued_day=5, on="order", **more)
            if own.get("order_known", True):
                yield replace(base, infraction=about, issued_day=5, on="order", is_reversed=True)


def the_rest() -> Iterator[Penalty]:
    """Every command in every state of the appeal at hand, and everybody who has no business here."""
    states = ["", "draft", "submitted", "approved", "rejected", "withdrawn", "lapsed"]
    for kind in [*AppealType, "bestseller_rank"]:
        for more in grid(
            asks=["submit", "withdraw", "approve", "reject", "lapse"],
            who=["merchant", "stranger", "platform"],
            own=states,
            own_over=[True, False],
            honour=[True, False],
            is_reversed=[True, False],
            infraction=[None, str(kind), TWIN.get(kind, "late_confirmed_fulfilment"), "repeat_ip_infringement", "new"],
        ):
            refunds = "mixed" if kind == "refund" else "none"
            yield Penalty(type=str(kind), refunds=refunds, own_endless=kind == "refund", issued_day=5, **more)


@pytest.mark.unit
@pytest.mark.slow
@pytest.mark.rule(
    "W-02", "W-05", "W-20", "W-22", "W-23", "W-24", "Q15", "Q15b", "Q15c", "Q16", "Q17", "Q17b", "Q20", "Q20b", "Q23",
    *sorted({line.rule for line in LINES}),
)  # fmt: skip
def test_decide_agrees_with_the_policy_read_a_second_time() -> None:
    seen: Counter[object] = Counter()
    switches = {honour: Limits(late_confirmation=("strict", "honour_if_filed_in_time")[honour]) for honour in (0, 1)}
    for index, penalty in enumerate(p for source in (filings(), the_rest()) for p in source):
        facts = facts_of(penalty, index)
        command = SubmitAppeal("Falsche Daten" if penalty.ground else " ") if penalty.asks == "submit" else None
        expected = judge(penalty)
        seen[expected[0]] += 1
        if expected[0] == "refused":
            seen.update(expected[1])  # type: ignore[call-overload]
        for actor in ACTORS[penalty.who]:
            verdict = decide(facts, command or COMMANDS[penalty.asks], actor, NOW, switches[penalty.honour])
            assert in_words(verdict) == expected, penalty
    assert seen["allowed"] > 500 and seen["undetermined"] > 100
    # A condition that the grid never breaks would be no test of it.
    broken = {(line.rule, line.code) for line in LINES}
    more = {"not_submitted", "appeal_gone", "appeal_lapsed", "not_due", "no_access", "platform_only", "repeat_ip"}
    assert broken <= set(seen)
    assert more | {"type_mismatch", "not_appealable"} <= {entry[1] for entry in seen if isinstance(entry, tuple)}
    assert set(AppealType) - {"refund", "repeat_ip_infringement"} == CLOCKED and CANCELLATION <= CLOCKED
