"""Receivers of events: registering them, reading how they fare, sending again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec
from aiohttp import web
from yarl import URL

from actions.backend import webhook_types
from actions.backend.webhook_views import Delivery, DeliveryStatus, NewSecret, Webhook, WebhookConflict
from bot.gateway.operations import json_response
from bot.gateway.permission import OperatorCall
from bot.gateway.problems import Problem, not_found
from bot.gateway.schemas.webhooks import (
    DeliveriesOut,
    DeliveriesQuery,
    DeliveryOut,
    DeliveryPath,
    NewWebhook,
    Replay,
    Rotation,
    TestOut,
    TryOut,
    WebhookChange,
    WebhookOut,
    WebhookPath,
    WebhookSecretOut,
    WebhooksOut,
)
from bot.gateway.webhooks.destinations import AddressRefused, NameUnknown


async def post_webhook(call: OperatorCall, body: NewWebhook) -> web.Response:
    """Register a receiver of events. The secret in the answer is shown this once; it can be rotated, not read.

    A URL is registered once: asked again, the answer is 409 `webhook_exists`, and no second receiver is made.
    """
    await _check(call, body.url)
    try:
        made = await call.services.backend.webhooks.create(
            body.url, body.types, body.description, enabled=body.enabled, after=body.after
        )
    except WebhookConflict as conflict:
        raise Problem(409, conflict.code, str(conflict)) from None
    return json_response(_secret_out(made), status=201)


async def get_webhooks(call: OperatorCall) -> WebhooksOut:
    """All receivers."""
    found = await call.services.backend.webhooks.list()
    return WebhooksOut(webhooks=tuple(_webhook_out(webhook) for webhook in found))


async def get_webhook(call: OperatorCall, path: WebhookPath) -> WebhookOut:
    """A receiver and how it stands."""
    return _webhook_out(_found(await call.services.backend.webhooks.get(path.id)))


async def patch_webhook(call: OperatorCall, path: WebhookPath, body: WebhookChange) -> WebhookOut:
    """Change a receiver. One that is enabled again goes on where it stood: nothing is lost meanwhile."""
    if body.url is not None:
        await _check(call, body.url)
    fields: dict[str, Any] = {name: getattr(body, name) for name in body.__struct_fields__}
    if body.types is not None:
        fields["types"] = list(body.types)
    given = {name: value for name, value in fields.items() if value is not None}
    try:
        return _webhook_out(_found(await call.services.backend.webhooks.change(path.id, **given)))
    except WebhookConflict as conflict:
        raise Problem(409, conflict.code, str(conflict)) from None


async def delete_webhook(call: OperatorCall, path: WebhookPath) -> WebhookOut:
    """Forget a receiver and its deliveries; answers what it was."""
    return _webhook_out(_found(await call.services.backend.webhooks.delete(path.id)))


async def post_webhook_secret(call: OperatorCall, path: WebhookPath, body: Rotation) -> WebhookSecretOut:
    """A new secret, shown this once. Messages are signed with the old ones as well for `keep_hours`."""
    made = await call.services.backend.webhooks.rotate(path.id, timedelta(hours=body.keep_hours))
    if made is None:
        raise _no_webhook()
    return _secret_out(made)


async def post_webhook_test(call: OperatorCall, path: WebhookPath) -> TestOut:
    """Send a `lotse.webhook.test` event now, once, also to a disabled receiver, and answer what came of it."""
    sent = await call.services.couriers.test(path.id)
    if sent is None:
        raise _no_webhook()
    message_id, tried = sent
    return TestOut(id=message_id, delivered=tried.ok, attempt=_try_out(tried.to_json()))


async def post_webhook_resend(call: OperatorCall, path: WebhookPath, body: Replay) -> WebhookOut:
    """Send everything after an event again, in order; what the receiver had already comes under the same ids."""
    return _webhook_out(_found(await call.services.backend.webhooks.replay(path.id, body.after)))


async def get_webhook_deliveries(call: OperatorCall, path: WebhookPath, query: DeliveriesQuery) -> DeliveriesOut:
    """What was sent to a receiver, with its tries. What was delivered or given up is listed for 30 days."""
    status = DeliveryStatus(query.status) if query.status else None
    found = await call.services.backend.webhooks.deliveries(path.id, status, query.before, query.limit)
    if found is None:
        raise _no_webhook()
    following = found[-1].seq if len(found) == query.limit else None
    return DeliveriesOut(deliveries=tuple(_delivery_out(delivery) for delivery in found), next=following)


async def post_delivery_resend(call: OperatorCall, path: DeliveryPath) -> DeliveryOut:
    """Send one event again, with three days of tries from now on, whatever became of it before."""
    delivery = await call.services.backend.webhooks.resend(path.id, path.seq)
    if delivery is None:
        raise not_found("event_not_found", "there is no such receiver, or no such event that it wants")
    call.services.webhook_loop.kick()
    return _delivery_out(delivery)


async def _check(call: OperatorCall, url: str) -> None:
    try:
        await call.services.couriers.destinations.check(URL(url))
    except NameUnknown as error:
        raise Problem(409, "url_unresolved", str(error)) from None
    except AddressRefused as error:
        raise Problem(409, "url_refused", str(error)) from None
    except ValueError:
        raise Problem(409, "url_refused", "the host is not one that can be connected to") from None


def _found(webhook: Webhook | None) -> Webhook:
    if webhook is None:
        raise _no_webhook()
    return webhook


def _no_webhook() -> Problem:
    return not_found("webhook_not_found", "there is no such receiver")


def _webhook_out(webhook: Webhook) -> WebhookOut:
    return msgspec.convert(webhook, WebhookOut, from_attributes=True)


def _secret_out(made: NewSecret) -> WebhookSecretOut:
    return WebhookSecretOut(webhook=_webhook_out(made.webhook), secret=made.secret)


def _try_out(tried: Mapping[str, Any]) -> TryOut:
    return msgspec.convert({**tried, "at": datetime.fromisoformat(tried["at"])}, TryOut)


def _delivery_out(delivery: Delivery) -> DeliveryOut:
    return DeliveryOut(
        seq=delivery.seq,
        id=webhook_types.message_id(delivery.seq),
        type=delivery.type,
        status=delivery.status.value,
        attempts=delivery.attempts,
        next_try_at=delivery.next_at,
        tries=tuple(_try_out(tried) for tried in delivery.tries),
    )
