"""What a merchant could appeal: which infractions and which orders, each as what.

Every infraction stands under its own type. An order stands for a metric that no infraction of its own carries:
refund               money went back at the merchant's cost (W-13);
fulfilment_rate      the merchant cancelled it (W-10), which counts as an infraction that Lotse was not told of;
valid_tracking_rate  it was released, is neither cancelled nor confirmed as fulfilled, and its expected delivery has
                     passed or is not known (W-11): while there is still time nothing counts against the merchant;
confirmed_fulfilment_speed
                     it was confirmed late: an infraction of that name anchors the metric as well (Q20b).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime

from actions.backend.appeal_rows import order_facts
from actions.backend.appeal_store import Account
from actions.backend.appeal_views import Assumption, ScanItem
from actions.backend.tables import OrderRow
from actions.policy import (
    APPEAL_TYPES,
    AppealType,
    Canceller,
    Limits,
    Responsibility,
    Standing,
    Subject,
    SubjectKind,
    appealable,
)

Candidate = tuple[str, Subject]
_STANDINGS = list(Standing)


def item(
    account: Account,
    candidate: Candidate,
    now: datetime,
    limits: Limits,
    assume: Collection[Assumption] = (),
) -> ScanItem:
    """How one candidate stands at `now`, with what a draft of it already has."""
    kind, subject = candidate
    row = account.open_row(kind, subject, now, limits)
    facts = account.facts(kind, subject, row if row and row.type == kind else None, assume)
    return ScanItem(
        type=kind,
        subject=subject,
        title=account.title(facts),
        order_id=facts.order_id,
        infraction_id=facts.infraction_id,
        option=appealable(facts, account.actor, now, limits),
        appeal=account.snapshot(row, now, limits) if row else None,
    )


def ranked(items: Iterable[ScanItem]) -> list[ScanItem]:
    """What can be done first, then what is left of time; without a window after those with one."""

    def key(entry: ScanItem) -> tuple[int, bool, int, str, str]:
        days = entry.option.days_left
        rank = _STANDINGS.index(entry.option.standing)
        return rank, days is None, days or 0, entry.subject.id, entry.type

    return sorted(items, key=key)


def everything(account: Account, now: datetime, limits: Limits) -> list[Candidate]:
    """All candidates of a merchant, and whatever has an open appeal."""
    found: dict[Candidate, None] = {(row.type, _infraction(row.id)): None for row in account.infractions.values()}
    for order in account.orders.values():
        metrics = (kind for kind in _metrics(account, order) if _counts(kind, order, now))
        found |= {(kind, _order(order.id)): None for kind in metrics}
    covered = {row.id for kind, subject in found if (row := account.open_row(kind, subject, now, limits))}
    for row in account.appeals:
        subject = Subject(SubjectKind(row.subject_kind), row.subject_id)
        running = account.open_row(row.type, subject, now, limits)
        if running is row and row.id not in covered and account.knows(subject):
            found[row.type, subject] = None
    return list(found)


def on_order(account: Account, order_id: str, kind: str | None = None) -> list[Candidate]:
    """What naming an order can mean, whether it counts against the merchant by now or not; with `kind` as that type."""
    penalties = [(row.type, _infraction(row.id)) for row in account.on_order(order_id)]
    if kind is not None:
        return [found for found in penalties if found[0] == kind] or [(kind, _order(order_id))]
    return [*penalties, *((metric, _order(order_id)) for metric in _metrics(account, account.orders[order_id]))]


def _metrics(account: Account, order: OrderRow) -> Iterator[str]:
    facts, issued = order_facts(order), {row.type for row in account.on_order(order.id)}
    if any(refund.responsibility is Responsibility.MERCHANT for refund in facts.refunds):
        yield AppealType.REFUND
    carried = {kind.key for kind in APPEAL_TYPES.values() if issued & {*kind.infractions}}
    if facts.cancelled_by is Canceller.MERCHANT and AppealType.FULFILMENT_RATE not in carried:
        yield AppealType.FULFILMENT_RATE
    pending = facts.released_at and facts.confirmed_fulfilled_at is None and not facts.is_cancelled
    if pending and AppealType.VALID_TRACKING_RATE not in carried:
        yield AppealType.VALID_TRACKING_RATE
    anchored = issued & {*APPEAL_TYPES[AppealType.CONFIRMED_FULFILMENT_SPEED].anchors}
    if anchored and AppealType.CONFIRMED_FULFILMENT_SPEED not in carried:
        yield AppealType.CONFIRMED_FULFILMENT_SPEED


def _counts(kind: str, order: OrderRow, now: datetime) -> bool:
    if kind != AppealType.VALID_TRACKING_RATE:
        return True
    expected = order.agreed_delivery_at or order.expected_delivery_at
    return expected is None or expected < now


def _infraction(infraction_id: str) -> Subject:
    return Subject(SubjectKind.INFRACTION, infraction_id)


def _order(order_id: str) -> Subject:
    return Subject(SubjectKind.ORDER, order_id)
