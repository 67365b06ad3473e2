"""Receivers of events, as the operator manages them. Sending is webhook_queue.py and, outside, bot/gateway/webhooks.

Every change leaves an audit row in the feed. Whether an address may be sent to is the gateway's to check: it needs the
network. Secrets are made here, handed out once, and never read back to anybody.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from actions.backend import events
from actions.backend.clock import Clock
from actions.backend.columns import new_id
from actions.backend.database import Database
from actions.backend.events import as_event
from actions.backend.tables import EventRow
from actions.backend.webhook_notes import again
from actions.backend.webhook_rows import (
    audited,
    delivery_view,
    health,
    last_seq,
    new_secret,
    rotated,
    shown,
    valid_secrets,
)
from actions.backend.webhook_tables import DeliveryRow, WebhookRow
from actions.backend.webhook_types import type_of, wanted
from actions.backend.webhook_views import (
    MOST_WEBHOOKS,
    Delivery,
    DeliveryStatus,
    NewSecret,
    Webhook,
    WebhookConflict,
    WebhookHealth,
)
from actions.policy import PLATFORM

BY_OPERATOR = "operator"


class Webhooks:
    """Each method is one transaction; None means that there is no such receiver (or event)."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def create(
        self, url: str, types: Sequence[str], description: str = "", *, enabled: bool = True, after: int | None = None
    ) -> NewSecret:
        """Register a receiver, from the next event on, or for everything after the event `after`.

        WebhookConflict: `webhook_exists` for a URL that has one (so a repeated call makes no second),
        `too_many_webhooks`.
        """
        secret = new_secret()

        def work(session: Session) -> NewSecret:
            now, last = self._clock.real_now(), last_seq(session)
            _check_url(session, url)
            if (session.scalar(select(func.count()).select_from(WebhookRow)) or 0) >= MOST_WEBHOOKS:
                raise WebhookConflict("too_many_webhooks", f"there are {MOST_WEBHOOKS} receivers already")
            row = WebhookRow(
                id=new_id("WH"),
                url=url,
                types=list(types),
                description=description,
                enabled=enabled,
                disabled_reason=None if enabled else BY_OPERATOR,
                secrets=[{"secret": secret, "until": None}],
                created_at=now,
                position=last if after is None else min(after, last),
                failures=0,
                rest_until=None,
                lease_owner=None,
                lease_until=None,
            )
            session.add(row)
            self._audit(session, row.id, "create_webhook", None, audited(row))
            return NewSecret(shown(session, row, now), secret)

        return await self._database.upsert(work)

    async def get(self, webhook_id: str) -> Webhook | None:
        """The receiver."""

        def work(session: Session) -> Webhook | None:
            row = session.get(WebhookRow, webhook_id)
            return None if row is None else shown(session, row, self._clock.real_now())

        return await self._database.read(work)

    async def list(self) -> tuple[Webhook, ...]:
        """All receivers, the oldest first."""
        query = select(WebhookRow).order_by(WebhookRow.created_at, WebhookRow.id)
        now = self._clock.real_now()
        return await self._database.read(
            lambda session: tuple(shown(session, row, now) for row in session.scalars(query).all())
        )

    async def change(self, webhook_id: str, **fields: Any) -> Webhook | None:
        """Change `url`, `types`, `description`, `enabled`, those that are given.

        Enabled again, it goes on where it stood. WebhookConflict `webhook_exists`.
        """

        def work(session: Session) -> Webhook | None:
            row, now = _locked(session, webhook_id), self._clock.real_now()
            if row is None:
                return None
            new = {name: value for name, value in fields.items() if getattr(row, name) != value}
            if not new:
                return shown(session, row, now)
            before = audited(row)
            if "url" in new:
                _check_url(session, new["url"])
            for name, value in new.items():
                setattr(row, name, value)
            row.disabled_reason = None if row.enabled else row.disabled_reason or BY_OPERATOR
            if "url" in new or "enabled" in new:
                row.failures, row.rest_until = 0, None
            self._audit(session, row.id, "change_webhook", before, audited(row), sorted(new))
            return shown(session, row, now)

        return await self._database.upsert(work)

    async def rotate(self, webhook_id: str, keep: timedelta) -> NewSecret | None:
        """A new secret; the old ones sign as well for so long. Called twice, it loses no secret that still signs."""
        secret = new_secret()

        def work(session: Session) -> NewSecret | None:
            row, now = _locked(session, webhook_id), self._clock.real_now()
            if row is None:
                return None
            row.secrets = rotated(row, secret, now, now + keep)
            self._audit(session, row.id, "rotate_webhook_secret", None, audited(row))
            return NewSecret(shown(session, row, now), secret)

        return await self._database.write(work)

    async def delete(self, webhook_id: str) -> Webhook | None:
        """Forget the receiver and its deliveries; as it was."""

        def work(session: Session) -> Webhook | None:
            row = _locked(session, webhook_id)
            if row is None:
                return None
            was, before = shown(session, row, self._clock.real_now()), audited(row)
            session.execute(delete(DeliveryRow).where(DeliveryRow.webhook_id == webhook_id))
            session.delete(row)
            self._audit(session, webhook_id, "delete_webhook", before, {})
            return was

        return await self._database.write(work)

    async def deliveries(
        self, webhook_id: str, status: DeliveryStatus | None = None, before: int | None = None, limit: int = 50
    ) -> tuple[Delivery, ...] | None:
        """Deliveries of a receiver, the newest event first, those of events before `before`."""
        query = select(DeliveryRow).where(DeliveryRow.webhook_id == webhook_id)
        if status is not None:
            query = query.where(DeliveryRow.status == status.value)
        if before is not None:
            query = query.where(DeliveryRow.seq < before)
        query = query.order_by(DeliveryRow.seq.desc()).limit(limit)

        def work(session: Session) -> tuple[Delivery, ...] | None:
            if session.get(WebhookRow, webhook_id) is None:
                return None
            return tuple(delivery_view(row) for row in session.scalars(query))

        return await self._database.read(work)

    async def resend(self, webhook_id: str, seq: int) -> Delivery | None:
        """Send one event again, now, and for three days from now. None: no such receiver, or no such event for it."""

        def work(session: Session) -> Delivery | None:
            row, event = _locked(session, webhook_id), session.get(EventRow, seq)
            if row is None or event is None or not wanted(as_event(event), row.types):
                return None
            return delivery_view(again(session, row.id, seq, type_of(as_event(event)), self._clock.real_now()))

        return await self._database.upsert(work)

    async def replay(self, webhook_id: str, after: int) -> Webhook | None:
        """Send everything after event `after` again, in order."""

        def work(session: Session) -> Webhook | None:
            row = _locked(session, webhook_id)
            if row is None:
                return None
            row.position = min(row.position, after)
            later = (DeliveryRow.webhook_id == webhook_id, DeliveryRow.seq > after)
            session.execute(update(DeliveryRow).where(*later).values(since=None))
            return shown(session, row, self._clock.real_now())

        return await self._database.write(work)

    async def signing(self, webhook_id: str) -> tuple[str, tuple[str, ...]] | None:
        """URL and valid secrets, for a test event alone."""

        def work(session: Session) -> tuple[str, tuple[str, ...]] | None:
            row = session.get(WebhookRow, webhook_id)
            if row is None:
                return None
            return row.url, tuple(secret for secret, _ in valid_secrets(row, self._clock.real_now()))

        return await self._database.read(work)

    async def health(self) -> WebhookHealth:
        """How the receivers stand together."""
        return await self._database.read(health)

    def _audit(
        self,
        session: Session,
        webhook_id: str,
        command: str,
        before: dict[str, Any] | None,
        after: dict[str, Any],
        changed: Sequence[str] = (),
    ) -> None:
        session.flush()
        about: dict[str, Any] = {"changed": list(changed)} if changed else {}
        change = events.change(
            self._clock.read(session),
            None,
            command=command,
            actor=PLATFORM,
            origin="api",
            rules=(),
            before=before,
            after=after,
            subject={"kind": "webhook", "id": webhook_id},
            **about,
        )
        events.append(session, [change], self._clock.real_now())


def _locked(session: Session, webhook_id: str) -> WebhookRow | None:
    return session.scalar(select(WebhookRow).where(WebhookRow.id == webhook_id).with_for_update())


def _check_url(session: Session, url: str) -> None:
    if session.scalar(select(WebhookRow.id).where(WebhookRow.url == url)) is not None:
        raise WebhookConflict("webhook_exists", "this URL is registered already; its secret can be rotated")
