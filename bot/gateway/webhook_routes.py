"""The part of the API's table that is about receivers of events."""

from __future__ import annotations

from bot.gateway.operations import Operation
from bot.gateway.schemas.webhooks import WebhookSecretOut
from bot.gateway.views import webhooks

_NO_WEBHOOK = "No such receiver (`webhook_not_found`)."
_NO_RECEIVER = (
    "The URL has a receiver (`webhook_exists`), must not be sent to (`url_refused`) or has no address "
    "(`url_unresolved`); or there are 50 receivers (`too_many_webhooks`)."
)

WEBHOOK_OPERATIONS = (
    Operation(
        "POST",
        "/v1/webhooks",
        webhooks.post_webhook,
        "webhooks",
        "Register a receiver of events",
        {409: _NO_RECEIVER},
        answers={201: WebhookSecretOut},
    ),
    Operation("GET", "/v1/webhooks", webhooks.get_webhooks, "webhooks", "All receivers", {}),
    Operation("GET", "/v1/webhooks/{id}", webhooks.get_webhook, "webhooks", "A receiver", {404: _NO_WEBHOOK}),
    Operation(
        "PATCH",
        "/v1/webhooks/{id}",
        webhooks.patch_webhook,
        "webhooks",
        "Change it",
        {404: _NO_WEBHOOK, 409: _NO_RECEIVER},
    ),
    Operation("DELETE", "/v1/webhooks/{id}", webhooks.delete_webhook, "webhooks", "Forget it", {404: _NO_WEBHOOK}),
    Operation(
        "POST",
        "/v1/webhooks/{id}/secret",
        webhooks.post_webhook_secret,
        "webhooks",
        "Rotate its secret",
        {404: _NO_WEBHOOK},
    ),
    Operation(
        "POST", "/v1/webhooks/{id}/test", webhooks.post_webhook_test, "webhooks", "Try it now", {404: _NO_WEBHOOK}
    ),
    Operation(
        "POST",
        "/v1/webhooks/{id}/resend",
        webhooks.post_webhook_resend,
        "webhooks",
        "Send everything after an event again",
        {404: _NO_WEBHOOK},
    ),
    Operation(
        "GET",
        "/v1/webhooks/{id}/deliveries",
        webhooks.get_webhook_deliveries,
        "webhooks",
        "What was sent to it, with its tries",
        {404: _NO_WEBHOOK},
    ),
    Operation(
        "POST",
        "/v1/webhooks/{id}/deliveries/{seq}/resend",
        webhooks.post_delivery_resend,
        "webhooks",
        "Send one event again",
        {404: "No such receiver, or no such event that it wants (`event_not_found`)."},
    ),
)
