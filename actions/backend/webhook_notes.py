"""Writing down what became of a batch, inside its transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from actions.backend import events
from actions.backend import webhook_schedule as schedule
from actions.backend.clock import Clock
from actions.backend.webhook_rows import audited
from actions.backend.webhook_tables import DeliveryRow, WebhookRow
from actions.backend.webhook_types import type_of
from actions.backend.webhook_views import Batch, DeliveryStatus, Noted, Try
from actions.policy import PLATFORM

_KEPT_TRIES = 20
GONE = "gone"


class Notes:
    """The receiver's row is locked first: whoever asks for something to be sent again waits for its end."""

    def __init__(self, clock: Clock, chance: schedule.Random) -> None:
        self._clock, self._chance = clock, chance

    def write(self, session: Session, owner: str, batch: Batch, tries: Sequence[Try]) -> Noted | None:
        """Note the tries; events of the batch that were not tried are due at once. None: the lease was lost."""
        row = session.scalar(select(WebhookRow).where(WebhookRow.id == batch.webhook_id).with_for_update())
        if row is None or row.lease_owner != owner:
            return None
        now = self._clock.real_now()
        if row.position == batch.start:  # else it was set back meanwhile, and everything since comes again
            row.position = batch.end
        numbers = [event.seq for event in batch.events]
        query = select(DeliveryRow).where(DeliveryRow.webhook_id == row.id, DeliveryRow.seq.in_(numbers))
        known = {found.seq: found for found in session.scalars(query)}
        done = {one.seq: one for one in tries}
        first_tries_failed = given_up = 0
        for event in batch.events:
            one = done.get(event.seq)
            delivery = known.get(event.seq)
            asked_again = delivery is not None and delivery.next_at is not None and delivery.next_at > batch.taken_at
            if delivery is None:
                delivery = _new(row.id, event.seq, type_of(event), now)
                session.add(delivery)
            if one is not None:
                first_tries_failed += event.seq > batch.start and not one.ok
                _add(delivery, one)
                if not asked_again:
                    given_up += not self._settle(delivery, one, now)
        delivered = sum(one.ok for one in tries)
        gone = any(one.gone for one in tries)
        self._rest(session, row, tries, first_tries_failed, now)
        if gone and row.enabled:
            self._disable(session, row, now)
        return Noted(delivered, len(tries) - delivered - given_up, given_up, gone)

    def _settle(self, delivery: DeliveryRow, one: Try, now: datetime) -> bool:
        """What a try means for its delivery; False when that was its last and it failed."""
        if delivery.since is None or delivery.status != DeliveryStatus.WAITING.value:
            delivery.since = one.at
        delivery.next_at, delivery.settled_at = None, now
        if one.ok:
            delivery.status = DeliveryStatus.DELIVERED.value
            return True
        since = delivery.since
        failed = sum(datetime.fromisoformat(kept["at"]) >= since for kept in delivery.tries)
        delivery.next_at = schedule.next_try(since, failed, now, one.retry_after, self._chance)
        if delivery.next_at is None:
            delivery.status = DeliveryStatus.FAILED.value
            return False
        delivery.status, delivery.settled_at = DeliveryStatus.WAITING.value, None
        return True

    def _rest(self, session: Session, row: WebhookRow, tries: Sequence[Try], new_failed: int, now: datetime) -> None:
        """Leave a receiver alone that is down, or that asked for it; back again, it gets at once what waits."""
        down = row.failures >= schedule.BREAK_AFTER
        if any(one.ok for one in tries):
            if down:
                waiting = (
                    DeliveryRow.webhook_id == row.id,
                    DeliveryRow.status == DeliveryStatus.WAITING.value,
                    DeliveryRow.attempts > 0,
                    DeliveryRow.next_at > now,
                )
                session.flush()
                session.execute(update(DeliveryRow).where(*waiting).values(next_at=now))
            row.failures, row.rest_until = 0, None
        else:
            # What fails again says nothing new about the receiver, unless it is known to be down.
            row.failures += sum(not one.ok for one in tries) if down else new_failed
            if row.failures >= schedule.BREAK_AFTER and tries:
                row.rest_until = now + schedule.rest(row.failures, self._chance)
        wishes = [one.retry_after for one in tries if one.retry_after is not None]
        if wishes:
            asked = now + min(max(wishes), schedule.LONGEST_WISH)
            row.rest_until = max(asked, row.rest_until or asked)

    def _disable(self, session: Session, row: WebhookRow, now: datetime) -> None:
        before = audited(row)
        row.enabled, row.disabled_reason, row.failures, row.rest_until = False, GONE, 0, None
        session.flush()
        change = events.change(
            self._clock.read(session),
            None,
            command="disable_webhook",
            actor=PLATFORM,
            origin="receiver",
            rules=(),
            before=before,
            after=audited(row),
            subject={"kind": "webhook", "id": row.id},
        )
        events.append(session, [change], now)


def _add(delivery: DeliveryRow, one: Try) -> None:
    delivery.attempts += 1
    delivery.tries = [*delivery.tries, one.to_json()][-_KEPT_TRIES:]


def _new(webhook_id: str, seq: int, type_: str, now: datetime) -> DeliveryRow:
    return DeliveryRow(
        webhook_id=webhook_id,
        seq=seq,
        type=type_,
        status=DeliveryStatus.WAITING.value,
        attempts=0,
        tries=[],
        since=None,
        next_at=now,
        settled_at=None,
    )


def again(session: Session, webhook_id: str, seq: int, type_: str, now: datetime) -> DeliveryRow:
    """The delivery of an event, due now, with three days from now on."""
    row = session.get(DeliveryRow, (webhook_id, seq))
    if row is None:
        row = _new(webhook_id, seq, type_, now)
        session.add(row)
    row.status, row.next_at, row.since, row.settled_at = DeliveryStatus.WAITING.value, now, None, None
    return row
