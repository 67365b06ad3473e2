"""Appeals and their evidence: the scan, drafts, commands, the review."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from bot.gateway.schemas.commands import IdempotencyValue
from bot.gateway.schemas.common import Identifier, Instant, PersonId, Request, Struct, Text
from bot.gateway.schemas.infractions import TypeName
from bot.gateway.schemas.problems import ReasonOut

Status = Literal["draft", "submitted", "approved", "rejected", "withdrawn", "lapsed"]
TrackingNumber = Annotated[str, Meta(pattern=r"^[^\x00-\x1f\x7f]{0,100}(?![\s\S])", examples=["RR123456785DE"])]


class SellerPath(Request, kw_only=True):
    """Names a merchant."""

    id: PersonId


class AppealableQuery(Request, kw_only=True):
    """At which instant; without `at` now."""

    at: Instant | msgspec.UnsetType = msgspec.UNSET


class SubjectIn(Request, kw_only=True):
    """What is appealed: an infraction, or an order (for refunds always the order)."""

    kind: Literal["infraction", "order"]
    id: Identifier


class SubjectOut(Struct, kw_only=True):
    """What is appealed."""

    kind: Literal["infraction", "order"]
    id: str


class EvidenceOut(Struct, kw_only=True):
    """A link (`url`), or an image with `media_type`, `size` in bytes and `digest` (SHA-256), at `/v1/evidence/{id}`.

    A link counts as proof alone when its host is on the list of carriers (`carrier_listed`). It is never fetched.
    """

    id: str
    kind: Literal["link", "image"]
    url: str | None
    media_type: str | None
    carrier_listed: bool
    size: int | None
    digest: str | None
    added_at: datetime | None


class AppealOut(Struct, kw_only=True):
    """An appeal. For a draft, `attempt`, `last_day` and `closes_at` are what filing it now would give.

    `last_day` is the last calendar day in UTC for filing and confirmation, `closes_at` the first instant after it; null
    without a window. `attempts_limit` null: no cap. `tracking_doubtful`: worth a second look, never a refusal.
    """

    id: str
    seller_id: str
    type: str
    subject: SubjectOut
    order_id: str | None
    infraction_id: str | None
    title: str
    ground: str
    tracking_number: str | None
    tracking_doubtful: bool
    evidence: tuple[EvidenceOut, ...]
    status: Status
    created_at: datetime
    filed_at: datetime | None
    decided_at: datetime | None
    decision_reason: str | None
    ended_at: datetime | None
    closes_at: datetime | None
    last_day: date | None
    attempt: int
    attempts_limit: int | None
    version: int


class AppealableOut(Struct, kw_only=True):
    """One thing that could be appealed. The verdict takes the ground and nothing else as given.

    `standing`, from most to least that can be done: possible, missing (something of `needs`), running (an appeal is
    submitted), unknown (`missing` facts), referred (to the account manager), settled (reversed), lost. `days_left`
    counts calendar days in UTC, 0 on the last one. `appeal` is the open draft or submitted appeal.
    """

    type: str
    subject: SubjectOut
    title: str
    order_id: str | None
    infraction_id: str | None
    standing: Literal["possible", "missing", "running", "unknown", "referred", "settled", "lost"]
    verdict: Literal["allowed", "refused", "undetermined"]
    rules: tuple[str, ...]
    reasons: tuple[ReasonOut, ...]
    missing: tuple[str, ...]
    needs: tuple[str, ...]
    anchor: Annotated[str | None, Meta(description="What the window counts from: issued or released.")]
    anchor_at: datetime | None
    closes_at: datetime | None
    last_day: date | None
    days_left: int | None
    is_urgent: bool
    attempt: int
    attempts_limit: int | None
    appeal: AppealOut | None


class ScanOut(Struct, kw_only=True):
    """Everything that a merchant could appeal at `at`: what can be done first, then the fewest days left."""

    seller_id: str
    at: datetime
    subjects: tuple[AppealableOut, ...]


class DraftIn(Request, kw_only=True):
    """Begin an appeal. Evidence and even the ground may come later."""

    seller_id: PersonId
    type: TypeName
    subject: SubjectIn
    ground: Text = ""


class OptionalKeyHeaders(Request, kw_only=True):
    """With a key, the same request again answers the first result, and another one under it is an error."""

    idempotency_key: IdempotencyValue | None = msgspec.field(default=None, name="Idempotency-Key")


class AppealPath(Request, kw_only=True):
    """Names an appeal."""

    id: Identifier


class QueueQuery(Request, kw_only=True):
    """Which appeals, the most urgent first; `after` is an earlier page's `next`."""

    status: Status | None = None
    seller: PersonId | None = None
    after: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,400}(?![\s\S])")] | None = None
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class QueueOut(Struct, kw_only=True):
    """Part of the review queue. A page may be shorter than `limit` although more follow; `next` is null at the end."""

    appeals: tuple[AppealOut, ...]
    next: str | None


class AppealCommandBase(Request, kw_only=True, tag_field="command"):
    """A command of the merchant whose appeal it is."""


class SubmitAppealIn(AppealCommandBase, kw_only=True, tag="submit"):
    """File the draft, with its own ground or another one."""

    ground: Text = ""


class WithdrawAppealIn(AppealCommandBase, kw_only=True, tag="withdraw"):
    """Take a draft or a submitted appeal back; it does not count as an attempt."""


class AttachEvidenceIn(AppealCommandBase, kw_only=True, tag="attach_evidence"):
    """Attach a link to a draft: https, to a public host."""

    url: Annotated[str, Meta(pattern=r"^[^\x00-\x20\x7f]{1,2000}(?![\s\S])", examples=["https://www.dhl.de/123"])]


class EditAppealIn(AppealCommandBase, kw_only=True, tag="edit"):
    """Change a draft; what is absent stays. An empty tracking number removes it."""

    ground: Text | None = None
    tracking_number: TrackingNumber | None = None


AppealCommandIn = SubmitAppealIn | WithdrawAppealIn | AttachEvidenceIn | EditAppealIn


class AppealCommandOut(Struct, kw_only=True):
    """An executed command or decision, its effects, and the appeal afterwards.

    `replayed`: this key had been executed before, nothing was done again; null for edit and attach_evidence, where a
    repeat makes no difference.
    """

    status: Literal["executed"] = "executed"
    command: Literal["submit", "withdraw", "attach_evidence", "edit", "decide"]
    replayed: bool | None
    rules: tuple[str, ...]
    effects: tuple[dict[str, Any], ...]
    appeal: AppealOut


class DecisionIn(Request, kw_only=True):
    """What the platform decides. Approval reverses the infraction, or moves the refunds, at once."""

    outcome: Literal["approved", "rejected"]
    reason: Text = ""
