"""The demo merchant's account: penalties in every standing there is, from "can be appealed" to "lost".

Loading it again changes nothing while each still stands as it should. What only grew old gets new dates; what somebody
has appealed stays as it is, and a new one with the next number takes its place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from actions.backend import (
    AppealSnapshot,
    Backend,
    IdempotencyKey,
    InfractionPush,
    OrderPush,
    ScanItem,
)
from actions.policy import (
    Actor,
    AppealStatus,
    AppealType,
    OrderState,
    Outcome,
    Role,
    Standing,
    Subject,
    SubjectKind,
    SubmitAppeal,
)

SELLER = Actor(Role.SELLER, "demo-verkaeufer")
_CUSTOMER_ID = "demo-kunde"
_FIRST = 2000
_SET = 20  # numbers a generation takes up
_GROUND = "Die Angaben stimmen nicht: Das Material liegt bei und zeigt es."


@dataclass(frozen=True, slots=True)
class Sample:
    """One penalty. `issued` and the order's instants are days ago; without `infraction` the order itself is penalised.

    `ends` is what has become of an appeal: submitted, or approved.
    """

    title: str
    type: AppealType | str
    standing: Standing
    issued: int | None = None
    infraction: bool = True
    order: Mapping[str, Any] | None = None
    ends: AppealStatus | None = None
    days_left: range = field(default=range(-100_000, 100_000))


def _refund(rejected: int) -> tuple[dict[str, Any], ...]:
    return ({"id": "R-1", "category": "quality", "responsibility": "merchant", "rejected_appeals": rejected},)


SAMPLES = (
    Sample(
        "Keramikvase",
        AppealType.MISLEADING_TRACKING,
        Standing.POSSIBLE,
        issued=84,
        order={"released": 90, "confirmed": 80},
        days_left=range(2, 7),
    ),
    Sample("Messer mit Feststellklinge", AppealType.PROHIBITED_PRODUCT, Standing.POSSIBLE, issued=20),
    Sample(
        "Leinentasche",
        AppealType.ORDER_CANCELLATION,
        Standing.POSSIBLE,
        issued=40,
        order={"released": 45, "cancelled_by": "merchant"},
    ),
    Sample(
        "Teeservice",
        AppealType.REFUND,
        Standing.POSSIBLE,
        infraction=False,
        order={"released": 200, "confirmed": 190, "refunds": _refund(2)},
    ),
    Sample(
        "Wanduhr",
        AppealType.VALID_TRACKING_RATE,
        Standing.MISSING,
        infraction=False,
        order={"released": 30, "number": "JD014600006281230704"},
    ),
    Sample(
        "Holzschale",
        AppealType.CONFIRMED_FULFILMENT_SPEED,
        Standing.MISSING,
        issued=15,
        order={"released": 30, "confirmed": 16},
    ),
    Sample(
        "Poster „Leuchtturm“",
        AppealType.IP_INFRINGEMENT,
        Standing.RUNNING,
        issued=25,
        ends=AppealStatus.SUBMITTED,
        days_left=range(10, 100),
    ),
    Sample("Wollmütze", AppealType.UNFULFILLED_ORDER, Standing.UNKNOWN, order={"released": 60, "confirmed": 50}),
    Sample("Poster „Comicheld“", AppealType.REPEAT_IP_INFRINGEMENT, Standing.REFERRED, issued=12),
    Sample(
        "Steppdecke",
        AppealType.MATERIAL_LISTING_CHANGE,
        Standing.SETTLED,
        issued=10,
        ends=AppealStatus.APPROVED,
    ),
    Sample("Lederimitat-Gürtel", AppealType.MISLEADING_LISTING, Standing.LOST, issued=120),
    Sample(
        "Gartenstuhl",
        AppealType.REFUND,
        Standing.LOST,
        infraction=False,
        order={"released": 150, "confirmed": 140, "refunds": _refund(3)},
    ),
    Sample("Antwortzeit im Mai", "late_response_rate", Standing.LOST, issued=30),
)


async def load(backend: Backend) -> list[ScanItem]:
    """Make sure that every standing occurs, and return the account as the merchant sees it."""
    now = (await backend.clock.now()).replace(minute=0, second=0, microsecond=0)
    account = {item.subject: item for item in await backend.appeals.scan(SELLER.id)}
    used = {appeal.subject for appeal in await backend.appeals.of_seller(SELLER.id)}
    for slot, sample in enumerate(SAMPLES, start=1):
        number = _FIRST + slot
        while _subject(sample, number + _SET) in account:
            number += _SET
        subject = _subject(sample, number)
        if _as_it_should(sample, account.get(subject)):
            continue
        await _make(backend, sample, number + _SET if subject in used else number, now)
    return await backend.appeals.scan(SELLER.id)


def _subject(sample: Sample, number: int) -> Subject:
    if sample.infraction:
        return Subject(SubjectKind.INFRACTION, f"V-{number}")
    return Subject(SubjectKind.ORDER, f"WO-{number}")


def _as_it_should(sample: Sample, item: ScanItem | None) -> bool:
    if item is None or item.option.standing is not sample.standing:
        return False
    if item.appeal is not None and item.appeal.status is not sample.ends:  # somebody began an appeal
        return False
    return item.option.days_left is None or item.option.days_left in sample.days_left


async def _make(backend: Backend, sample: Sample, number: int, now: datetime) -> None:
    order_id = f"WO-{number}" if sample.order is not None else None
    if sample.order is not None:
        await backend.orders.put(_order(sample, sample.order, f"WO-{number}", now))
    if sample.infraction:
        await backend.infractions.put(
            InfractionPush(
                id=f"V-{number}",
                seller_id=SELLER.id,
                type=str(sample.type),
                updated_at=now,
                issued_at=None if sample.issued is None else now - timedelta(days=sample.issued),
                order_id=order_id,
                listing=None if order_id else f"L-{number}",
                title=sample.title,
            )
        )
    if sample.ends is not None:
        await _appeal(backend, str(sample.type), _subject(sample, number), sample.ends)


def _order(sample: Sample, order: Mapping[str, Any], order_id: str, now: datetime) -> OrderPush:
    def ago(name: str) -> datetime | None:
        return now - timedelta(days=order[name]) if name in order else None

    released = ago("released")
    refunded = (now - timedelta(days=100)).isoformat()
    return OrderPush(
        id=order_id,
        customer_id=_CUSTOMER_ID,
        seller_id=SELLER.id,
        title=sample.title,
        state=OrderState.CANCELLED if "cancelled_by" in order else OrderState.COMPLETED,
        updated_at=now,
        expected_delivery_at=released and released + timedelta(days=5),
        released_at=released,
        confirmed_fulfilled_at=ago("confirmed"),
        cancelled_by=order.get("cancelled_by"),
        tracking={"carrier": "DHL", "number": order["number"], "url": None} if "number" in order else None,
        refunds=tuple({**refund, "refunded_at": refunded} for refund in order.get("refunds", ())),
    )


async def _appeal(backend: Backend, type: str, subject: Subject, ends: AppealStatus) -> None:
    def key(command: str, subject_id: str) -> IdempotencyKey:
        return IdempotencyKey(f"demo-{subject.id}", command, subject_id)

    made = await backend.appeals.draft(
        SELLER, type, subject, ground=_GROUND, origin="chat", key=key("draft", subject.id)
    )
    if not isinstance(made, AppealSnapshot):
        raise RuntimeError(f"the demo data cannot be made: {type} on {subject.id}: {made}")
    filed = await backend.appeals.execute(made.id, SubmitAppeal(), SELLER, key=key("submit", made.id), origin="chat")
    if not filed.allowed:
        raise RuntimeError(f"the demo data cannot be made: {type} on {subject.id}: {filed.verdict}")
    if ends is AppealStatus.APPROVED:
        await backend.appeals.decide(made.id, Outcome.APPROVED, "Die Angaben waren vollständig.")
