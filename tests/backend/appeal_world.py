"""A merchant's orders, infractions and appeals, and small helpers that the tests of appeals share."""

from __future__ import annotations

import itertools
from datetime import timedelta
from io import BytesIO
from typing import Any

from PIL import Image

from actions.backend import (
    AppealOutcome,
    AppealSnapshot,
    Backend,
    IdempotencyKey,
    InfractionPush,
    OrderPush,
    ScanItem,
)
from actions.policy import (
    Actor,
    AppealType,
    OrderState,
    Outcome,
    Role,
    Subject,
    SubjectKind,
    SubmitAppeal,
    WithdrawAppeal,
)
from tests.backend.world import DAY, NOW

MERCHANT = Actor(Role.SELLER, "mona")
STRANGER = Actor(Role.SELLER, "eve")
GROUND = "Das Paket war am selben Tag beim Boten."
CARRIER_LINK = "https://www.dhl.de/de/privatkunden/pakete-empfangen/verfolgen.html?piececode=1"
MONTHS = timedelta(days=91)

_keys = itertools.count(1)


def goods(order_id: str = "WO-1", **changes: Any) -> OrderPush:
    """An order of goods, released ten days ago; `changes` replace fields."""
    fields: dict[str, Any] = {
        "id": order_id,
        "customer_id": "anna",
        "seller_id": MERCHANT.id,
        "title": "Blaue Tasse",
        "state": OrderState.ACTIVE,
        "updated_at": NOW - DAY,
        "released_at": NOW - 10 * DAY,
        "tracking": {"carrier": "DHL", "number": "JD014600006281230704", "url": None},
        **changes,
    }
    return OrderPush(**fields)


def refund(refund_id: str = "R-1", **changes: Any) -> dict[str, Any]:
    """A refund for quality at the merchant's cost, never appealed."""
    return {
        "id": refund_id,
        "category": "quality",
        "responsibility": "merchant",
        "rejected_appeals": 0,
        "refunded_at": (NOW - 200 * DAY).isoformat(),
        **changes,
    }


def infraction(infraction_id: str = "V-1", **changes: Any) -> InfractionPush:
    """An infraction for misleading tracking, issued ten days ago on no order."""
    fields: dict[str, Any] = {
        "id": infraction_id,
        "seller_id": MERCHANT.id,
        "type": AppealType.MISLEADING_TRACKING.value,
        "updated_at": NOW - DAY,
        "issued_at": NOW - 10 * DAY,
        "title": "Irreführende Sendungsverfolgung",
        **changes,
    }
    return InfractionPush(**fields)


def of_order(order_id: str = "WO-1") -> Subject:
    return Subject(SubjectKind.ORDER, order_id)


def of_infraction(infraction_id: str = "V-1") -> Subject:
    return Subject(SubjectKind.INFRACTION, infraction_id)


def key(command: str, subject: str, value: str | None = None) -> IdempotencyKey:
    """A key that no other call uses, unless `value` says so."""
    return IdempotencyKey(value or f"a{next(_keys)}", command, subject)


async def drafted(
    backend: Backend,
    subject: Subject | None = None,
    type: str = AppealType.MISLEADING_TRACKING.value,
    *,
    ground: str = GROUND,
    actor: Actor = MERCHANT,
) -> AppealSnapshot:
    """A draft on what exists already."""
    subject = subject or of_infraction()
    made = await backend.appeals.draft(actor, type, subject, ground=ground, key=key("draft", subject.id))
    assert isinstance(made, AppealSnapshot), made
    return made


async def submit(backend: Backend, appeal_id: str, actor: Actor = MERCHANT, **options: Any) -> AppealOutcome:
    options.setdefault("key", key("submit", appeal_id))
    return await backend.appeals.execute(appeal_id, SubmitAppeal(), actor, **options)


async def withdraw(backend: Backend, appeal_id: str, actor: Actor = MERCHANT, **options: Any) -> AppealOutcome:
    options.setdefault("key", key("withdraw", appeal_id))
    return await backend.appeals.execute(appeal_id, WithdrawAppeal(), actor, **options)


async def submitted(
    backend: Backend, subject: Subject | None = None, type: str = AppealType.MISLEADING_TRACKING.value
) -> AppealSnapshot:
    """A submitted appeal on what exists already, filed in the chat (so that nobody is told)."""
    draft = await drafted(backend, subject, type)
    outcome = await submit(backend, draft.id, origin="chat")
    assert outcome.allowed and outcome.appeal, outcome.verdict
    return outcome.appeal


async def decided(backend: Backend, appeal_id: str, outcome: Outcome, reason: str = "geprüft") -> AppealOutcome:
    return await backend.appeals.decide(appeal_id, outcome, reason)


async def appeal(backend: Backend, appeal_id: str) -> AppealSnapshot:
    found = await backend.appeals.get(appeal_id)
    assert found is not None
    return found


async def commands_of(backend: Backend, appeal_id: str) -> list[str]:
    """The commands in the audit trail."""
    return [event.data["command"] for event in await backend.appeals.events(appeal_id)]


async def entry(backend: Backend, type: str, subject_id: str) -> ScanItem:
    """The one entry of the scan about this."""
    (found,) = [item for item in await backend.appeals.scan(MERCHANT.id) if item.key[::2] == (type, subject_id)]
    return found


def codes(result: Any) -> tuple[str, ...]:
    """The codes of a refusal, of an outcome or verdict."""
    return tuple(getattr(getattr(result, "verdict", result), "codes", ()))


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 30), mode: str = "RGB", **options: Any) -> bytes:
    """A small image with some colours in it."""
    image = Image.linear_gradient("L").resize(size).convert(mode)
    written = BytesIO()
    image.save(written, kind, **options)
    return written.getvalue()
