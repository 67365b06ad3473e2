"""Turns a penalty as the oracle describes it into facts, commands and actors for `decide`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, time, timedelta

from actions.policy import (
    Actor,
    Appeal,
    AppealCommand,
    AppealFacts,
    AppealStatus,
    Canceller,
    DecideAppeal,
    Evidence,
    EvidenceKind,
    GoodsOrder,
    Infraction,
    LapseAppeal,
    Outcome,
    Refund,
    RefundCategory,
    Responsibility,
    Role,
    Subject,
    SubjectKind,
    WithdrawAppeal,
)

from .appeal_oracle import METRICS, Penalty
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
