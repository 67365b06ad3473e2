"""What deletions say: what is still open, and how far a deletion is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from actions.backend.errors import BackendError


class ErasureStatus(StrEnum):
    """`NOTHING`: nothing was known of this person (any more)."""

    DONE = "done"
    RUNNING = "running"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class OpenCase:
    """A case of the person that is not over; `kind` is dispute, appeal or handover."""

    kind: str
    id: str
    order_id: str | None = None
    due_at: datetime | None = None


class CaseOpen(BackendError):
    """The person has open cases, and the deletion was not forced."""

    def __init__(self, cases: Sequence[OpenCase]) -> None:
        super().__init__(f"{len(cases)} open cases")
        self.cases = tuple(cases)


@dataclass(frozen=True, slots=True)
class Job:
    """A deletion under way."""

    id: str
    role: str
    person_id: str
    pseudonym: str
