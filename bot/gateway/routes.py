"""The table of the API: which view answers where, and what can go wrong there."""

from __future__ import annotations

from aiohttp import web

from bot.gateway.operations import Operation
from bot.gateway.schemas.health import ReadyOut
from bot.gateway.views import chat, commands, events, health, orders, people

_NO_ORDER = "No such order for this person (`order_not_found`)."
_NO_CLOCK = "There is no test clock in production."

OPERATIONS = (
    Operation("PUT", "/v1/people/{role}/{id}", people.put_person, "people", "Name somebody's language and zone", {}),
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
    Operation("GET", "/v1/events", events.get_events, "events", "Every change and notice", {}),
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
    ),
    Operation("GET", "/v1/chat/messages", chat.get_messages, "chat", "Replay the conversation", {}),
    Operation("POST", "/v1/chat/seen", chat.post_seen, "chat", "Say what is on the screen", {}),
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
    """Register every operation; HEAD is answered by aiohttp for each GET."""
    for operation in OPERATIONS:
        app.router.add_route(operation.method, operation.path, operation.handler())
