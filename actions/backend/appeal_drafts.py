"""Drafts: beginning an appeal, changing it, attaching evidence. What is submitted is not changed any more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from actions.backend import evidence_rules
from actions.backend.appeal_changes import AppealChanges, is_stale
from actions.backend.appeal_loading import attach, load_appeal, load_subject, new_appeal, new_evidence
from actions.backend.appeal_reading import AppealReading
from actions.backend.appeal_store import ALL_EVIDENCE, Account
from actions.backend.appeal_tables import AppealRow
from actions.backend.appeal_views import AppealSnapshot, DraftResult, EditResult, StoredImage
from actions.backend.columns import new_id
from actions.backend.errors import EvidenceRefused
from actions.backend.idempotency import KeyUse, first_result, keep
from actions.backend.openings import keep_subject
from actions.backend.results import IdempotencyKey
from actions.policy import (
    APPEAL_TYPES,
    Actor,
    Allowed,
    AppealStatus,
    EvidenceKind,
    Reason,
    Refused,
    Role,
    Subject,
    SubjectKind,
    SubmitAppeal,
    appealable,
    decide,
)
from actions.policy.appeal_conditions import claim_of

MAX_EVIDENCE = 20
"""Links and images on one appeal."""


def no_subject(type: str, subject: Subject) -> Refused:
    """The refusal for a subject that does not exist: the same as for somebody else's (W-05)."""
    params = {
        "type": type,
        "subject_kind": subject.kind,
        "subject_id": subject.id,
        "order_id": subject.id if subject.kind is SubjectKind.ORDER else None,
        "infraction_id": subject.id if subject.kind is SubjectKind.INFRACTION else None,
    }
    return Refused((Reason("W-05", "no_access", params),))


def no_appeal(appeal_id: str) -> Refused:
    """The refusal for an appeal that does not exist: the same as for somebody else's (W-05)."""
    return Refused((Reason("W-05", "no_access", {"appeal_id": appeal_id}),))


class AppealDrafts(AppealReading):
    """Changing drafts. The same key again gives the first result; with other content it raises IdempotencyConflict."""

    async def draft(
        self,
        actor: Actor,
        type: str,
        subject: Subject,
        *,
        ground: str = "",
        origin: str = "api",
        key: IdempotencyKey,
        conversation_id: str | None = None,
    ) -> DraftResult:
        """Begin an appeal, or return the open one with the same claim (W-26), which may have the other of two types.

        Refused or Undetermined when it could not be filed now even with ground and all evidence: there is no draft
        then. Evidence may be missing. `conversation_id`: the conversation that is about it from now on.
        """
        use = KeyUse(key, origin, (actor, type, subject.kind, subject.id, ground))

        def work(session: Session) -> DraftResult:
            result = begin(session)
            if conversation_id is not None and isinstance(result, AppealSnapshot):  # one that was there already
                keep_subject(session, conversation_id, result.id)
            return result

        def begin(session: Session) -> DraftResult:
            if actor.role is not Role.SELLER:
                return no_subject(type, subject)
            account = load_subject(session, actor.id, subject, lock=True)
            first: AppealSnapshot | None = first_result(session, use)
            if first is not None:
                return first
            if not account.knows(subject):
                return no_subject(type, subject)
            now = self._clock.read(session)
            running = account.open_row(type, subject, now, self._limits)
            if running is not None and running.status == AppealStatus.SUBMITTED:
                return account.snapshot(running, now, self._limits)
            facts = account.facts(type, subject, assume=ALL_EVIDENCE)
            verdict = appealable(facts, actor, now, self._limits).verdict
            if not isinstance(verdict, Allowed):
                return verdict
            if running is not None:
                return account.snapshot(running, now, self._limits)
            changes = self._changes(session, account, now)
            for row in account.appeals:
                if row.status == AppealStatus.SUBMITTED and is_stale(row, now, self._limits):
                    changes.lapse(row)
            account.save(session)  # before a new row meets the unique index
            kind = APPEAL_TYPES[type]
            claim, claim_id = claim_of(kind, facts.order_id, facts.infraction_id)
            row = new_appeal(
                session,
                id=new_id("A"),
                seller_id=actor.id,
                type=kind.key,
                claim=claim,
                claim_id=claim_id or subject.id,
                subject_kind=subject.kind.value,
                subject_id=subject.id,
                order_id=facts.order_id,
                infraction_id=facts.infraction_id,
                title=account.title(facts),
                ground=ground.strip(),
                tracking_number=None,
                status=AppealStatus.DRAFT.value,
                version=1,
                created_at=now,
                filed_at=None,
                closes_at=None,
                attempt=None,
                warned_at=None,
                ended_at=None,
                decision_reason=None,
            )
            account.appeals.append(row)
            account.index()
            changes.audit(row, None, "draft", actor, origin=origin, rules=verdict.rules, key=use.text)
            made = account.snapshot(row, now, self._limits)
            keep(session, use, made, self._clock.real_now())
            if conversation_id is not None:  # notices lock a conversation first, too, and then the events' numbers
                keep_subject(session, conversation_id, made.id)
            changes.finish()
            return made

        return await self._database.upsert(work, short=True)

    async def edit(
        self,
        appeal_id: str,
        actor: Actor,
        *,
        ground: str | None = None,
        tracking_number: str | None = None,
        origin: str = "api",
        key: IdempotencyKey,
    ) -> EditResult:
        """Change a draft; None leaves as it is, an empty tracking number removes it. Refused for what is no draft."""

        def change(account: Account, row: AppealRow, now: datetime) -> bool:
            before = (row.ground, row.tracking_number)
            if ground is not None:
                row.ground = ground.strip()
            if tracking_number is not None:
                row.tracking_number = tracking_number.strip() or None
            return (row.ground, row.tracking_number) != before

        use = KeyUse(key, origin, (appeal_id, actor, ground, tracking_number))
        return await self._change(appeal_id, actor, "edit", change, use)

    async def attach(
        self,
        appeal_id: str,
        actor: Actor,
        *,
        link: str | None = None,
        image: StoredImage | None = None,
        origin: str = "api",
        key: IdempotencyKey,
    ) -> EditResult:
        """Attach a link or an image (exactly one) to a draft; what is attached already changes nothing.

        EvidenceRefused with a code of evidence_rules, or `too_many` beyond MAX_EVIDENCE. Refused for what is no draft.
        """
        if (link is None) == (image is None):
            raise ValueError("either a link or an image")
        checked = None if link is None else evidence_rules.check_link(link, self._carrier_hosts)

        def change(account: Account, row: AppealRow, now: datetime) -> bool:
            attached = account.evidence[row.id]
            url, digest = checked and checked.url, image and image.digest
            if any((item.url, item.digest) == (url, digest) for item in attached):
                return False
            if len(attached) >= MAX_EVIDENCE:
                raise EvidenceRefused("too_many", f"more than {MAX_EVIDENCE} pieces of evidence")
            attached.append(
                new_evidence(
                    id=new_id("E"),
                    appeal_id=row.id,
                    number=len(attached) + 1,
                    kind=(EvidenceKind.LINK if checked else EvidenceKind.IMAGE).value,
                    url=url,
                    carrier_listed=checked is not None and checked.carrier_listed,
                    digest=digest,
                    media_type=image and image.media_type,
                    size=image and image.size,
                    added_at=now,
                )
            )
            return True

        use = KeyUse(key, origin, (appeal_id, actor, link, image))
        return await self._change(appeal_id, actor, "attach_evidence", change, use)

    async def _change(
        self,
        appeal_id: str,
        actor: Actor,
        command: str,
        change: Callable[[Account, AppealRow, datetime], bool],
        use: KeyUse,
    ) -> EditResult:
        def work(session: Session) -> EditResult:
            found = load_appeal(session, appeal_id, lock=True)
            if found is None or found[0].actor != actor:
                return no_appeal(appeal_id)
            account, row = found
            first: AppealSnapshot | None = first_result(session, use)
            if first is not None:
                return first
            now = self._clock.read(session)
            if row.status != AppealStatus.DRAFT:
                verdict = decide(account.of(row), SubmitAppeal(row.ground), actor, now, self._limits)
                assert isinstance(verdict, Refused)  # only a draft can be submitted
                return verdict
            changes = self._changes(session, account, now)
            before, attached = changes.audited(row), len(account.evidence[row.id])
            if not change(account, row, now):
                return account.snapshot(row, now, self._limits)
            attach(session, account.evidence[row.id][attached:])
            row.version += 1
            changes.audit(row, before, command, actor, origin=use.origin, key=use.text)
            changed = account.snapshot(row, now, self._limits)
            keep(session, use, changed, self._clock.real_now())
            changes.finish()
            return changed

        return await self._database.write(work, short=True)

    def _changes(self, session: Session, account: Account, now: datetime) -> AppealChanges:
        return AppealChanges(session, account, now, self._clock.real_now(), self._limits)
