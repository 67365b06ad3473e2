"""Numbers for Prometheus: what this process counted, and how things stand in the database."""

from __future__ import annotations

import asyncio
import math
from datetime import datetime

from aiohttp import web

from actions.backend import DatabaseUnavailable
from actions.backend.overview import Standing
from actions.backend.webhook_views import WebhookHealth
from bot import exposition
from bot.gateway import metrics
from bot.gateway.problems import unauthorized
from bot.gateway.services import SERVICES, Services

PATH = "/metrics"
_DATABASE_WITHIN = 2.0


async def get_metrics(request: web.Request) -> web.Response:
    """For the metrics key; where none is set, for the operator key."""
    services = request.app[SERVICES]
    config = services.config
    given = request.headers.get("Authorization", "")
    if not exposition.admits(given, config.metrics_key or config.operator_key):
        if given:
            await services.rates.failed(request)
        raise unauthorized("the metrics key is not valid")
    await _look(services)
    return web.Response(body=exposition.text(), headers={"Content-Type": exposition.CONTENT_TYPE})


async def _look(services: Services) -> None:
    for loop in services.loops:
        metrics.LOOP_LAG.labels(loop.name).set(loop.lag())
    try:
        async with asyncio.timeout(_DATABASE_WITHIN):
            _set(await services.backend.overview.standing())
            _set_webhooks(await services.backend.webhooks.health(), services.backend.clock.real_now())
    except (DatabaseUnavailable, TimeoutError):
        _forget()


def _set(standing: Standing) -> None:
    metrics.OUTBOX_WAITING.set(standing.outbox.waiting)
    metrics.OUTBOX_AGE.set(standing.outbox.age.total_seconds())
    metrics.PENDING_MESSAGES.set(standing.messages.waiting)
    metrics.PENDING_AGE.set(standing.messages.age.total_seconds())
    overdue = standing.overdue_since
    metrics.SWEEPER_LAG.set((standing.at - overdue).total_seconds() if overdue else 0.0)
    metrics.OPEN_APPEALS.set(standing.open_appeals)
    metrics.OPEN_DISPUTES.clear()
    for kind, count in standing.open_disputes.items():
        metrics.OPEN_DISPUTES.labels(kind).set(count)


def _set_webhooks(health: WebhookHealth, now: datetime) -> None:
    metrics.WEBHOOKS.labels("enabled").set(health.endpoints - health.disabled)
    metrics.WEBHOOKS.labels("disabled").set(health.disabled)
    metrics.WEBHOOK_WAITING.set(health.waiting)
    metrics.WEBHOOK_FAILING.set(health.failing)
    metrics.WEBHOOK_AGE.set(max(0.0, (now - health.oldest_at).total_seconds()) if health.oldest_at else 0.0)


def _forget() -> None:
    """Nothing is known: an old number would look like a healthy one."""
    for gauge in (metrics.OUTBOX_WAITING, metrics.OUTBOX_AGE, metrics.PENDING_MESSAGES, metrics.PENDING_AGE):
        gauge.set(math.nan)
    for gauge in (metrics.WEBHOOK_WAITING, metrics.WEBHOOK_FAILING, metrics.WEBHOOK_AGE):
        gauge.set(math.nan)
    metrics.WEBHOOKS.clear()
    metrics.SWEEPER_LAG.set(math.nan)
    metrics.OPEN_APPEALS.set(math.nan)
    metrics.OPEN_DISPUTES.clear()
