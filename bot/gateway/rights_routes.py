"""The operations of people's rights, and of the messages kept for review."""

from __future__ import annotations

from bot.gateway.operations import FileOut, Operation
from bot.gateway.schemas.rights import ErasureOut
from bot.gateway.views import review, rights

RIGHTS_OPERATIONS = (
    Operation(
        "GET",
        "/v1/people/{role}/{id}/export",
        rights.get_export,
        "people",
        "Everything about a person as a ZIP file",
        {},
        answers={200: FileOut(("application/zip",))},
    ),
    Operation(
        "DELETE",
        "/v1/people/{role}/{id}",
        rights.delete_person,
        "people",
        "Delete a person",
        {409: "The person has open cases (`case_open`); `reasons` name them."},
        answers={200: ErasureOut, 202: ErasureOut},
    ),
    Operation("GET", "/v1/ops/messages", review.get_review_messages, "operations", "What was hardly understood", {}),
)
