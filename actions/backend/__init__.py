"""The backend: orders, disputes, conversations and everything that must survive a crash.

One `Backend` holds the engine; its components are attributes. Each public method is one transaction.
"""

from __future__ import annotations

from actions.backend.backend import Backend
from actions.backend.chat_views import (
    Author,
    Completed,
    Conversation,
    Head,
    MessageState,
    Notice,
    OutboxRow,
    Received,
    Reply,
    ReplyButton,
    StoredButton,
    StoredMessage,
)
from actions.backend.errors import (
    BackendError,
    BadValue,
    ClockUnavailable,
    DatabaseUnavailable,
    IdempotencyConflict,
    MessageConflict,
    OrderCancelled,
    UnknownButton,
    VersionChanged,
)
from actions.backend.views import (
    Confirmation,
    ConfirmStatus,
    DisputeSnapshot,
    Event,
    IdempotencyKey,
    OrderPush,
    OrderSnapshot,
    Outcome,
    PersonRecord,
    Proposal,
    PutResult,
)

__all__ = [
    "Author",
    "Backend",
    "BackendError",
    "BadValue",
    "ClockUnavailable",
    "Completed",
    "ConfirmStatus",
    "Confirmation",
    "Conversation",
    "DatabaseUnavailable",
    "DisputeSnapshot",
    "Event",
    "Head",
    "IdempotencyConflict",
    "IdempotencyKey",
    "MessageConflict",
    "MessageState",
    "Notice",
    "OrderCancelled",
    "OrderPush",
    "OrderSnapshot",
    "OutboxRow",
    "Outcome",
    "PersonRecord",
    "Proposal",
    "PutResult",
    "Received",
    "Reply",
    "ReplyButton",
    "StoredButton",
    "StoredMessage",
    "UnknownButton",
    "VersionChanged",
]
