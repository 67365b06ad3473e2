"""What the merchant is told about an appeal. Nobody else ever is.

`own_` codes are copies for a merchant who acted outside the chat, which answers by itself. Params (JSON; instants ISO
8601 in UTC, days ISO 8601, absent values null): appeal_id, type, subject_kind, subject_id, order_id, infraction_id,
title, status, filed_at, closes_at, last_day, days_left, attempt, attempts_limit, late_confirmation (the switch, Q15),
reason (the platform's words), again (whether another appeal could be filed now, evidence granted), by_role, by_name,
recipient_role, seller_name, at.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from actions.backend.appeal_store import ALL_EVIDENCE, Account
from actions.backend.appeal_tables import AppealRow
from actions.backend.views import plain
from actions.policy import (
    Actor,
    Allowed,
    AppealEffect,
    AppealStatus,
    CloseAppeal,
    FileAppeal,
    Limits,
    Role,
    Subject,
    SubjectKind,
    appealable,
)

WARNING = "appeal_warning"
_CLOSED = {
    AppealStatus.APPROVED: "appeal_approved",
    AppealStatus.REJECTED: "appeal_rejected",
    AppealStatus.LAPSED: "appeal_lapsed",
    AppealStatus.WITHDRAWN: "own_appeal_withdrawn",
}
CODES: tuple[str, ...] = ("own_appeal_submitted", WARNING, *_CLOSED.values())
"""Every code about appeals that can be in the outbox."""


def code_of(effect: AppealEffect, *, was: AppealStatus, origin: str) -> str | None:
    """The notice of an effect on an appeal that had the status `was`; None for what nobody is told."""
    code = None
    if isinstance(effect, FileAppeal):
        code = "own_appeal_submitted"
    elif isinstance(effect, CloseAppeal) and was is not AppealStatus.DRAFT:  # a draft has never been anywhere
        code = _CLOSED[effect.status]
    return None if code and code.startswith("own_") and origin == "chat" else code


def params(account: Account, row: AppealRow, actor: Actor, now: datetime, limits: Limits) -> dict[str, Any]:
    """What a notice about the appeal carries, but for names."""
    appeal = account.snapshot(row, now, limits)
    option = account.option(row, now, limits)
    # As a new one on the same subject, after this one.
    facts = account.facts(row.type, Subject(SubjectKind(row.subject_kind), row.subject_id), assume=ALL_EVIDENCE)
    again = isinstance(appealable(facts, account.actor, now, limits).verdict, Allowed)
    shown = (
        *("type", "order_id", "infraction_id", "title", "status", "filed_at", "closes_at", "last_day"),
        *("attempt", "attempts_limit"),
    )
    return {
        **{name: plain(getattr(appeal, name)) for name in shown},
        "appeal_id": appeal.id,
        "subject_kind": appeal.subject.kind.value,
        "subject_id": appeal.subject.id,
        "days_left": option.days_left,
        "late_confirmation": limits.late_confirmation,
        "reason": appeal.decision_reason,
        "again": again,
        "by_role": actor.role.value,
        "recipient_role": Role.SELLER.value,
        "at": plain(now),
    }
