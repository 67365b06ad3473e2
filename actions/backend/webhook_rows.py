"""The row of a receiver: its secrets, and what is shown of it."""

from __future__ import annotations

import secrets
from base64 import b64encode
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from actions.backend.tables import EventRow
from actions.backend.webhook_tables import DeliveryRow, WebhookRow
from actions.backend.webhook_views import Delivery, DeliveryStatus, Webhook, WebhookHealth

_SECRET_OCTETS = 32
MOST_SECRETS = 5
"""The newest and the older ones that still sign; each makes the header longer."""


def new_secret() -> str:
    """A secret as Standard Webhooks writes it: `whsec_` and base64 of 24 to 64 random bytes."""
    return f"whsec_{b64encode(secrets.token_bytes(_SECRET_OCTETS)).decode()}"


def valid_secrets(row: WebhookRow, now: datetime) -> Iterator[tuple[str, datetime | None]]:
    """The secrets that sign now, each with its end; the newest has none."""
    for kept in row.secrets:
        until = datetime.fromisoformat(kept["until"]) if kept["until"] else None
        if until is None or until > now:
            yield kept["secret"], until


def rotated(row: WebhookRow, secret: str, now: datetime, until: datetime) -> list[dict[str, Any]]:
    """The secrets with a new one; those before it sign until `until` at most."""
    older: list[dict[str, Any]] = [
        {"secret": old, "until": min(end or until, until).isoformat()} for old, end in valid_secrets(row, now)
    ]
    return [{"secret": secret, "until": None}, *(older if until > now else [])][:MOST_SECRETS]


def last_seq(session: Session) -> int:
    """The number of the newest event."""
    return session.scalar(select(func.max(EventRow.seq))) or 0


def audited(row: WebhookRow) -> dict[str, Any]:
    """The receiver as it stands in audit rows, which every receiver may get: never a secret, of the URL the host."""
    return {
        "id": row.id,
        "host": urlsplit(row.url).hostname,
        "types": list(row.types),
        "description": row.description,
        "enabled": row.enabled,
        "disabled_reason": row.disabled_reason,
    }


def shown(session: Session, row: WebhookRow, now: datetime) -> Webhook:
    """The receiver and how it stands."""
    kept = {DeliveryStatus.WAITING.value: 0, DeliveryStatus.FAILED.value: 0}
    for status in kept:
        of_status = (DeliveryRow.webhook_id == row.id, DeliveryRow.status == status)
        kept[status] = session.scalar(select(func.count()).select_from(DeliveryRow).where(*of_status)) or 0
    ends = [end for _, end in valid_secrets(row, now) if end is not None]
    return Webhook(
        id=row.id,
        url=row.url,
        types=tuple(row.types),
        description=row.description,
        enabled=row.enabled,
        disabled_reason=row.disabled_reason,
        created_at=row.created_at,
        position=row.position,
        last=last_seq(session),
        waiting=kept[DeliveryStatus.WAITING.value],
        failed=kept[DeliveryStatus.FAILED.value],
        failures=row.failures,
        rest_until=row.rest_until if row.rest_until and row.rest_until > now else None,
        old_secret_until=max(ends, default=None),
    )


def delivery_view(row: DeliveryRow) -> Delivery:
    """The delivery as it is listed."""
    return Delivery(row.seq, row.type, DeliveryStatus(row.status), row.attempts, row.next_at, tuple(row.tries))


def health(session: Session) -> WebhookHealth:
    """How all receivers stand together."""
    rows, last = session.scalars(select(WebhookRow)).all(), last_seq(session)
    active = [row for row in rows if row.enabled]
    waiting = (
        DeliveryRow.status == DeliveryStatus.WAITING.value,
        DeliveryRow.webhook_id.in_([row.id for row in active]),
    )
    failing = func.count().filter(DeliveryRow.attempts > 0)
    count, failed, first = session.execute(
        select(func.count(), failing, func.min(DeliveryRow.seq)).where(*waiting)
    ).one()
    behind = [row.position for row in active if row.position < last]
    oldest = min([*([first] if first else []), *(position + 1 for position in behind)], default=None)
    return WebhookHealth(
        endpoints=len(rows),
        disabled=len(rows) - len(active),
        waiting=count + sum(last - position for position in behind),
        failing=failed,
        oldest_at=session.scalar(select(EventRow.recorded_at).where(EventRow.seq == oldest)) if oldest else None,
    )
