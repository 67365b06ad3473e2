"""What the appeals side of the backend takes and returns. Frozen values; every instant is aware and in UTC."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Literal

from actions.backend.results import ConfirmStatus
from actions.backend.tracking_numbers import is_doubtful
from actions.backend.views import plain
from actions.policy import (
    Actor,
    Allowed,
    AppealOption,
    AppealStatus,
    EvidenceKind,
    Refused,
    Subject,
    Undetermined,
    Verdict,
)

Assumption = Literal["proof", "tracking_number", "confirmed"]
"""What a what-if may take as given: proof attached, a tracking number told, a confirmed fulfilment date entered."""

ProposedAppealCommand = Literal["submit", "withdraw"]


class InfractionStatus(StrEnum):
    """REVERSED only by an approved appeal (W-21)."""

    ACTIVE = "active"
    REVERSED = "reversed"


@dataclass(frozen=True, slots=True)
class InfractionPush:
    """An infraction as the marketplace issued it (`PUT /v1/infractions/{id}`): it replaces all of these fields.

    `notified_at` only where the marketplace tells it apart from `issued_at` (Q12).
    """

    id: str
    seller_id: str
    type: str
    updated_at: datetime
    issued_at: datetime | None = None
    order_id: str | None = None
    listing: str | None = None
    title: str = ""
    notified_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class InfractionSnapshot:
    """An infraction; `reversed_by` is the appeal whose approval reversed it."""

    id: str
    seller_id: str
    type: str
    status: InfractionStatus
    updated_at: datetime
    issued_at: datetime | None = None
    order_id: str | None = None
    listing: str | None = None
    title: str = ""
    notified_at: datetime | None = None
    reversed_at: datetime | None = None
    reversed_by: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The infraction as in api.md."""
        json: dict[str, Any] = plain(asdict(self))
        return json


@dataclass(frozen=True, slots=True)
class PutInfraction:
    """`applied` is False when the push was older than what is stored; `infraction` is what is stored now."""

    applied: bool
    infraction: InfractionSnapshot


@dataclass(frozen=True, slots=True)
class StoredImage:
    """An image that was checked, re-encoded and stored; `digest` (SHA-256, hex) of what is stored is its address."""

    digest: str
    media_type: str
    size: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class EvidenceSnapshot:
    """One piece of evidence. `url` for a link; `media_type`, `size` (bytes) and `digest` (SHA-256) for an image."""

    id: str
    kind: EvidenceKind
    url: str | None = None
    media_type: str | None = None
    carrier_listed: bool = False
    size: int | None = None
    added_at: datetime | None = None
    digest: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The evidence as JSON."""
        json: dict[str, Any] = plain(asdict(self))
        return json


@dataclass(frozen=True, slots=True)
class AppealSnapshot:
    """One appeal. `status` is judged by the clock at reading: past its window it has lapsed, swept or not (Q15).

    `closes_at` is the first instant at which it can no longer be confirmed, `last_day` the last calendar day in UTC;
    both None without a window. For a draft they and `attempt` are what filing it now would give. `attempts_limit` None:
    no cap. `decided_at` and `decision_reason` belong to a decision only, `ended_at` to every end.
    """

    id: str
    seller_id: str
    type: str
    subject: Subject
    order_id: str | None
    infraction_id: str | None
    title: str
    ground: str
    tracking_number: str | None
    evidence: tuple[EvidenceSnapshot, ...]
    status: AppealStatus
    created_at: datetime
    filed_at: datetime | None
    decided_at: datetime | None
    decision_reason: str | None
    closes_at: datetime | None
    last_day: date | None
    attempt: int
    attempts_limit: int | None
    version: int
    ended_at: datetime | None = None

    @property
    def is_draft(self) -> bool:
        """Whether it can still be changed."""
        return self.status is AppealStatus.DRAFT

    @property
    def is_open(self) -> bool:
        """Whether it is a draft or waits for the platform."""
        return self.status in (AppealStatus.DRAFT, AppealStatus.SUBMITTED)

    @property
    def tracking_doubtful(self) -> bool:
        """Whether the tracking number has no large carrier's form, or a wrong check digit: a question, no refusal."""
        return self.tracking_number is not None and is_doubtful(self.tracking_number)

    def to_json(self) -> dict[str, Any]:
        """The appeal as in api.md, with `tracking_doubtful`."""
        return {
            **plain(asdict(self)),
            "tracking_doubtful": self.tracking_doubtful,
            "evidence": [item.to_json() for item in self.evidence],
        }


@dataclass(frozen=True, slots=True)
class ScanItem:
    """Something that can be looked at as an appeal of this type, and how it stands.

    `appeal` is the open draft or submitted appeal with the same claim, which may have the other of two types that share
    one (Q20). `order_id` and `infraction_id` are what is known behind the subject.
    """

    type: str
    subject: Subject
    title: str
    order_id: str | None
    infraction_id: str | None
    option: AppealOption
    appeal: AppealSnapshot | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """Type, kind of subject, and its id."""
        return self.type, self.subject.kind.value, self.subject.id


@dataclass(frozen=True, slots=True)
class AppealOutcome:
    """What became of a command on an appeal. `appeal` is the appeal afterwards, None when this actor has none such.

    `replayed`: the first result again, nothing was done now. `changed`: the rules allow it, but not with the effects
    that were shown; nothing was done (only from a proposal).
    """

    verdict: Verdict
    appeal: AppealSnapshot | None
    replayed: bool = False
    changed: bool = False

    @property
    def allowed(self) -> bool:
        """Whether the command was executed (now or, when replayed, the first time)."""
        return isinstance(self.verdict, Allowed) and not self.changed


@dataclass(frozen=True, slots=True)
class AppealItem:
    """One appeal of a proposal: as it is, the verdict on the command, the last day and the attempt it would have."""

    appeal: AppealSnapshot
    verdict: Verdict
    last_day: date | None
    attempt: int


@dataclass(frozen=True, slots=True)
class AppealProposal:
    """A command on one or more appeals, waiting for a yes until `expires_at`. `items` is what a yes executes.

    `left_out`: what was asked for but is refused or undetermined.
    """

    id: str
    conversation_id: str
    command: ProposedAppealCommand
    items: tuple[AppealItem, ...]
    expires_at: datetime
    actor: Actor
    left_out: tuple[AppealItem, ...] = ()


@dataclass(frozen=True, slots=True)
class AppealConfirmation:
    """Result of a yes. `proposal` is None only for UNKNOWN.

    `results` has one outcome for each item, in their order: what was done for EXECUTED and ALREADY_DONE, else what the
    rules say now. An item may be refused although others were executed. `feedback_id` as in Confirmation.
    """

    status: ConfirmStatus
    proposal: AppealProposal | None = None
    results: tuple[AppealOutcome, ...] = ()
    feedback_id: str | None = None


@dataclass(frozen=True, slots=True)
class AppealPage:
    """A part of the queue, the most urgent first; `next` goes on, None at the end."""

    appeals: tuple[AppealSnapshot, ...]
    next: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The page as in api.md."""
        return {"appeals": [appeal.to_json() for appeal in self.appeals], "next": self.next}


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """An image as it is handed out."""

    id: str
    media_type: str
    content: bytes = field(repr=False)


DraftResult = AppealSnapshot | Refused | Undetermined
EditResult = AppealSnapshot | Refused
