"""Deletions, the parts around orders and appeals: whether there is anything, what is open, what is left, the end."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, or_, select
from sqlalchemy.orm import Session

from actions.backend import erasure_orders, events, handover_rows
from actions.backend.appeal_tables import AppealProposalRow, AppealRow, InfractionRow
from actions.backend.chat_tables import ConversationRow
from actions.backend.clock import Clock
from actions.backend.erasure_views import Job, OpenCase
from actions.backend.handover_tables import FeedbackRow, HandoverRow
from actions.backend.pseudonyms import Traces
from actions.backend.rights_tables import ErasureRow
from actions.backend.tables import DisputeRow, EventRow, NoticeRow, OrderRow, PersonRow, ProposalRow
from actions.policy import AppealStatus, DisputeStatus, Role

MOST_CASES = 100
_EVENTS_AT_ONCE = 2000
_BY_ACTOR = (FeedbackRow, HandoverRow, ProposalRow, AppealProposalRow)


def running(session: Session, role: str, person_id: str) -> Job | None:
    """The deletion of this person that is under way."""
    mine = (ErasureRow.role == role) & (ErasureRow.person_id == person_id) & ErasureRow.finished_at.is_(None)
    row = session.scalar(select(ErasureRow).where(mine))
    return Job(row.id, role, person_id, row.pseudonym) if row else None


def known(session: Session, role: str, person_id: str) -> bool:
    """Whether there is anything of this person."""
    places: list[Any] = [
        exists().where(PersonRow.role == role, PersonRow.id == person_id),
        exists().where(ConversationRow.role == role, ConversationRow.sub == person_id),
        exists().where(erasure_orders.column(role) == person_id),
        exists().where(NoticeRow.recipient_role == role, NoticeRow.recipient_id == person_id),
        *(exists().where(kind.actor_role == role, kind.actor_id == person_id) for kind in _BY_ACTOR),
    ]
    if role == Role.SELLER:
        places += [exists().where(kind.seller_id == person_id) for kind in (AppealRow, InfractionRow)]
    return bool(session.scalar(select(or_(*places))))


def open_cases(session: Session, role: str, person_id: str, now: datetime) -> list[OpenCase]:
    """What is not over at `now` (the business clock), at most MOST_CASES: disputes, filed appeals, handovers."""
    mine = (erasure_orders.column(role) == person_id) & (DisputeRow.status == DisputeStatus.OPEN.value)
    in_time = or_(DisputeRow.due_at.is_(None), DisputeRow.due_at >= now)
    disputes = select(DisputeRow.id, DisputeRow.order_id, DisputeRow.due_at).join(OrderRow).where(mine, in_time)
    cases = [OpenCase("dispute", *found) for found in session.execute(disputes.limit(MOST_CASES))]
    if role == Role.SELLER:
        filed = (AppealRow.seller_id == person_id) & (AppealRow.status == AppealStatus.SUBMITTED.value)
        appeals = select(AppealRow.id, AppealRow.order_id, AppealRow.closes_at).where(filed).limit(MOST_CASES)
        cases += [OpenCase("appeal", *found) for found in session.execute(appeals)]
    talking = (HandoverRow.actor_role == role) & (HandoverRow.actor_id == person_id)
    handovers = select(HandoverRow.id).where(talking, HandoverRow.status.in_(handover_rows.OPEN))
    cases += [OpenCase("handover", found) for found in session.scalars(handovers.limit(MOST_CASES))]
    return cases[:MOST_CASES]


def loose_events(session: Session, job: Job, after: int) -> int | None:
    """Take the person out of the next events about no order and no appeal; the last number, None at the end."""
    numbers = select(EventRow.seq).where(EventRow.seq > after).order_by(EventRow.seq).limit(_EVENTS_AT_ONCE)
    found = session.scalars(numbers).all()
    if not found:
        return None
    penalties = set(session.scalars(select(InfractionRow.id).where(InfractionRow.seller_id == job.pseudonym)))

    def blank(row: EventRow) -> frozenset[str]:
        subject = row.data.get("subject") or {}
        mine = isinstance(subject, dict) and subject.get("kind") == "infraction" and subject.get("id") in penalties
        return erasure_orders.OF_PENALTIES if mine else frozenset()

    about_nothing = EventRow.order_id.is_(None) & EventRow.appeal_id.is_(None)
    which = EventRow.seq.between(found[0], found[-1]) & about_nothing
    traces = Traces(job.role, job.person_id, job.pseudonym, erasure_orders.names_of(session, job))
    erasure_orders.scrub_events(session, which, traces, blank)
    return found[-1]


def leftovers(session: Session, job: Job) -> None:
    """What is the person's alone and hangs on nothing else."""
    quietly = {"synchronize_session": False}
    mine = (NoticeRow.recipient_role == job.role) & (NoticeRow.recipient_id == job.person_id)
    session.execute(delete(NoticeRow).where(mine), execution_options=quietly)
    for kind in _BY_ACTOR:
        gone = delete(kind).where(kind.actor_role == job.role, kind.actor_id == job.person_id)
        session.execute(gone, execution_options=quietly)
    who = (PersonRow.role == job.role) & (PersonRow.id == job.person_id)
    session.execute(delete(PersonRow).where(who), execution_options=quietly)


def finish(session: Session, job: Job, clock: Clock) -> None:
    """Forget whom the pseudonym stands for, and say in the feed that somebody was deleted, once."""
    row = session.scalar(select(ErasureRow).where(ErasureRow.id == job.id).with_for_update())
    if row is None or row.finished_at is not None:
        return
    now = clock.real_now()
    row.person_id, row.finished_at = None, now
    session.flush()
    data = {"type": "person.erased", "erasure_id": row.id, "role": row.role}
    events.append(session, [events.NewEvent(events.ERASURE, clock.read(session), None, data)], now)
