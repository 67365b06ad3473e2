"""What the backend raises. A refusal by a rule is not an error: it is an `Outcome` with a `Refused` verdict."""

from __future__ import annotations


class BackendError(Exception):
    """Base of everything raised here on purpose."""


class DatabaseUnavailable(BackendError):
    """The database did not answer in time; nothing was changed unless a repeat with the same key says so."""


class BadValue(BackendError):
    """A text that the database cannot keep or look for: a NUL character, or half a surrogate pair."""


class IdempotencyConflict(BackendError):
    """The key was used before for other content."""


class MessageConflict(BackendError):
    """The client's message id was used before for other content."""


class NoConversation(LookupError):
    """There is no such conversation (any more)."""


class UnknownButton(BackendError):
    """The payload was never handed out in this conversation."""


class VersionChanged(BackendError):
    """The order is no longer at the expected version."""


class OrderCancelled(BackendError):
    """The marketplace pushed an open state for an order that Lotse cancelled (api.md: 409 order_cancelled)."""


class HandoverClosed(BackendError):
    """The handover has ended: the desk can no longer write to the person (409 handover_closed)."""


class ClockUnavailable(BackendError):
    """The test clock does not exist in production."""


class EvidenceRefused(BackendError):
    """A link or image that cannot be evidence. `code` is stable: see evidence_rules.py and evidence_images.py."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class StorageUnavailable(DatabaseUnavailable):
    """The evidence storage did not answer; like the database, it may later."""
