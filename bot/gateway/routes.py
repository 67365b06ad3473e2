"""The table of the API: which view answers where, and what can go wrong there."""

from __future__ import annotations

from aiohttp import web

from bot.gateway.desk_routes import DESK_OPERATIONS
from bot.gateway.operations import FileOut, Operation
from bot.gateway.rights_routes import RIGHTS_OPERATIONS
from bot.gateway.schemas.appeals import AppealOut
from bot.gateway.schemas.evidence import Uploaded
from bot.gateway.schemas.health import ReadyOut
from bot.gateway.uploads import MEDIA_TYPES
from bot.gateway.views import (
    appeals,
    calendars,
    chat,
    commands,
    events,
    evidence,
    health,
    infractions,
    ops,
    orders,
    people,
)
from bot.gateway.webhook_routes import WEBHOOK_OPERATIONS

_NO_ORDER = "No such order for this person (`order_not_found`)."
_NO_APPEAL = "No such appeal (`appeal_not_found`)."
_REFUSED = "Refused: `code` is the first reason's, `undetermined` when facts are missing, or `idempotency_conflict`."
_NO_CLOCK = "There is no test clock in production."

OPERATIONS = (
    Operation("PUT", "/v1/people/{role}/{id}", people.put_person, "people", "Name somebody's language and zone", {}),
    *RIGHTS_OPERATIONS,
    Operation(
        "PUT",
        "/v1/orders/{id}",
        orders.put_order,
        "orders",
        "Push an order",
        {409: "An open state for an order that Lotse cancelled (`order_cancelled`)."},
    ),
    Operation("GET", "/v1/orders/{id}", orders.get_order, "orders", "An order and its disputes", {404: _NO_ORDER}),
    Operation("GET", "/v1/orders/{id}/events", orders.get_order_events, "orders", "Its audit trail", {404: _NO_ORDER}),
    Operation(
        "GET", "/v1/orders/{id}/actions", commands.get_actions, "orders", "What somebody may do now", {404: _NO_ORDER}
    ),
    Operation(
        "POST",
        "/v1/orders/{id}/commands",
        commands.post_command,
        "orders",
        "Execute a command for a party",
        {
            400: "The Idempotency-Key is missing, or the body is no JSON (`invalid_request`).",
            404: _NO_ORDER,
            409: "Refused: `code` is the first reason's, `dispute_changed` when the dispute is no longer open, "
            "`undetermined` when facts are missing, or `idempotency_conflict`.",
        },
    ),
    Operation("PUT", "/v1/infractions/{id}", infractions.put_infraction, "appeals", "Push an infraction", {}),
    Operation(
        "GET",
        "/v1/infractions/{id}",
        infractions.get_infraction,
        "appeals",
        "An infraction",
        {404: "No such infraction (`infraction_not_found`)."},
    ),
    Operation(
        "GET", "/v1/sellers/{id}/appealable", appeals.get_appealable, "appeals", "What a merchant could appeal", {}
    ),
    Operation(
        "POST",
        "/v1/appeals",
        appeals.post_appeal,
        "appeals",
        "Begin an appeal",
        {404: "No such order or infraction of this seller (`subject_not_found`).", 409: _REFUSED},
        answers={200: AppealOut, 201: AppealOut},
    ),
    Operation(
        "GET",
        "/v1/appeals",
        appeals.get_appeals,
        "appeals",
        "The review queue",
        {404: "This `after` was never handed out (`cursor_unknown`)."},
    ),
    Operation("GET", "/v1/appeals/{id}", appeals.get_appeal, "appeals", "An appeal", {404: _NO_APPEAL}),
    Operation(
        "GET", "/v1/appeals/{id}/events", appeals.get_appeal_events, "appeals", "Its audit trail", {404: _NO_APPEAL}
    ),
    Operation(
        "POST",
        "/v1/appeals/{id}/commands",
        appeals.post_appeal_command,
        "appeals",
        "Execute a command for the merchant",
        {
            400: "The Idempotency-Key is missing, or the body is no JSON (`invalid_request`).",
            404: _NO_APPEAL,
            409: _REFUSED + " Links: `link_invalid`, `link_not_https`, `link_not_public`, `too_many`.",
        },
    ),
    Operation(
        "POST",
        "/v1/appeals/{id}/decision",
        appeals.post_decision,
        "appeals",
        "Approve or reject",
        {404: _NO_APPEAL, 409: _REFUSED},
    ),
    Operation(
        "GET",
        "/v1/evidence/{id}",
        evidence.get_evidence,
        "appeals",
        "An image",
        {404: "No such image for this person (`evidence_not_found`)."},
        answers={200: FileOut(MEDIA_TYPES)},
    ),
    Operation("GET", "/v1/events", events.get_events, "events", "Every change and notice", {}),
    *DESK_OPERATIONS,
    *WEBHOOK_OPERATIONS,
    Operation("GET", "/v1/test-clock", events.get_test_clock, "test clock", "Read it", {404: _NO_CLOCK}),
    Operation("PUT", "/v1/test-clock", events.put_test_clock, "test clock", "Set it", {404: _NO_CLOCK}),
    Operation("DELETE", "/v1/test-clock", events.delete_test_clock, "test clock", "Let it run", {404: _NO_CLOCK}),
    Operation(
        "POST",
        "/v1/chat/messages",
        chat.post_message,
        "chat",
        "Say something",
        {
            404: "The payload was never handed out to this person (`button_unknown`).",
            409: "This id was used before for other content (`message_conflict`).",
        },
        message=True,
    ),
    Operation("GET", "/v1/chat/messages", chat.get_messages, "chat", "Replay the conversation", {}),
    Operation("POST", "/v1/chat/seen", chat.post_seen, "chat", "Say what is on the screen", {}),
    Operation(
        "POST",
        "/v1/chat/evidence",
        evidence.post_evidence,
        "chat",
        "Upload a screenshot",
        {
            403: "The person is no seller (`seller_only`).",
            409: "The conversation is not about a draft (`no_appeal_open`), or it has enough evidence (`too_many`).",
            413: "More than 10 MB, or too many pixels (`evidence_too_large`).",
            415: "No PNG, JPEG or WebP (`evidence_type`), or no multipart form (`unsupported_media_type`).",
            422: "A damaged image (`evidence_unreadable`), or the part is missing (`invalid_request`).",
        },
        answers={200: Uploaded, 201: Uploaded},
        message=True,
    ),
    Operation(
        "GET",
        "/v1/chat/appeals/{id}/deadlines.ics",
        calendars.get_appeal_deadlines,
        "chat",
        "An appeal's deadlines as a calendar file",
        {404: "No such appeal for this person (`appeal_not_found`), or none that has a deadline (`no_deadline`)."},
        answers={200: FileOut(("text/calendar",))},
    ),
    Operation(
        "GET",
        "/v1/chat/deadlines.ics",
        calendars.get_deadlines,
        "chat",
        "All open deadlines as a calendar file",
        {404: "There is no open deadline (`no_deadline`)."},
        answers={200: FileOut(("text/calendar",))},
    ),
    Operation("GET", "/v1/ops/overview", ops.get_overview, "operations", "How things stand", {}),
    Operation("GET", "/health", health.get_health, "health", "Alive", {}),
    Operation(
        "GET",
        "/ready",
        health.get_ready,
        "health",
        "Ready, part by part",
        {},
        answers={200: ReadyOut, 503: ReadyOut},
    ),
)


def add_routes(app: web.Application) -> None:
    """Register every operation. Balancers and monitors may ask for health and readiness with HEAD."""
    for operation in OPERATIONS:
        handler = operation.handler()
        app.router.add_route(operation.method, operation.path, handler)
        if operation.tag == "health":
            app.router.add_route("HEAD", operation.path, handler)
