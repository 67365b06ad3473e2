"""The operations around the assistant: support desk, feedback, the welcome before the first message, a transcript."""

from __future__ import annotations

from bot.gateway.operations import FileOut, Operation
from bot.gateway.views import feedback, handovers, welcome

_NO_HANDOVER = "No such handover (`handover_not_found`)."

DESK_OPERATIONS = (
    Operation("GET", "/v1/handovers", handovers.get_handovers, "support desk", "Who was handed over", {}),
    Operation(
        "GET",
        "/v1/handovers/{id}",
        handovers.get_handover,
        "support desk",
        "A handover with what was agreed to, and the talk",
        {404: _NO_HANDOVER},
    ),
    Operation(
        "POST",
        "/v1/handovers/{id}/messages",
        handovers.post_handover_message,
        "support desk",
        "Write to the person",
        {
            400: "The Idempotency-Key is missing, or the body is no JSON (`invalid_request`).",
            404: _NO_HANDOVER,
            409: "It has ended (`handover_closed`), or `idempotency_conflict`.",
        },
    ),
    Operation(
        "POST",
        "/v1/handovers/{id}/close",
        handovers.post_handover_close,
        "support desk",
        "Give the conversation back to the assistant",
        {404: _NO_HANDOVER},
    ),
    Operation("GET", "/v1/feedback", feedback.get_feedback, "feedback", "Ratings of settled cases", {}),
    Operation("GET", "/v1/chat/welcome", welcome.get_welcome, "chat", "What stands before the first message", {}),
    Operation(
        "GET",
        "/v1/chat/transcript",
        welcome.get_transcript,
        "chat",
        "The conversation as a file",
        {},
        answers={200: FileOut(("text/plain", "text/html"))},
    ),
)
