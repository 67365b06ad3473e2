"""Taking a merchant out of their penalties and appeals: dates, verdicts and numbers stay, words and evidence go."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from actions.backend import erasure_orders
from actions.backend.appeal_loading import load_appeal
from actions.backend.appeal_tables import AppealRow, EvidenceRow, InfractionRow
from actions.backend.erasure_views import Job
from actions.backend.pseudonyms import Traces
from actions.backend.tables import EventRow


def _traces(session: Session, job: Job) -> Traces:
    names = erasure_orders.names_of(session, job)
    return Traces(job.role, job.person_id, job.pseudonym, names, blank=erasure_orders.OF_PENALTIES)


def appeals(session: Session, job: Job, limit: int) -> list[str]:
    """Appeals that still name the person."""
    mine = select(AppealRow.id).where(AppealRow.seller_id == job.person_id)
    return list(session.scalars(mine.order_by(AppealRow.id).limit(limit)))


def erase_appeal(session: Session, job: Job, appeal_id: str) -> list[str]:
    """Take the merchant out of an appeal; the digests of the images that it had."""
    found = load_appeal(session, appeal_id, lock=True)
    if found is None or found[1].seller_id != job.person_id:
        return []
    account, row = found
    traces = _traces(session, job)
    own_keys = erasure_orders.scrub_events(session, EventRow.appeal_id == appeal_id, traces)
    for subject in {appeal_id, row.subject_id}:
        erasure_orders.scrub_results(session, subject, traces, own_keys)
    attached = EvidenceRow.appeal_id == appeal_id
    digests = [digest for digest in session.scalars(select(EvidenceRow.digest).where(attached)) if digest]
    session.execute(delete(EvidenceRow).where(attached), execution_options={"synchronize_session": False})
    row.seller_id = job.pseudonym
    row.title = row.ground = ""
    row.tracking_number = row.decision_reason = None
    account.save(session)
    return digests


def infractions(session: Session, job: Job, limit: int) -> list[str]:
    """Infractions that still name the person."""
    mine = select(InfractionRow.id).where(InfractionRow.seller_id == job.person_id)
    return list(session.scalars(mine.order_by(InfractionRow.id).limit(limit)))


def erase_infraction(session: Session, job: Job, infraction_id: str) -> None:
    """Take the merchant out of an infraction, and of what the feed says of it where it belongs to an order."""
    row = session.scalar(select(InfractionRow).where(InfractionRow.id == infraction_id).with_for_update())
    if row is None or row.seller_id != job.person_id:
        return
    if row.order_id:
        traces = Traces(job.role, job.person_id, job.pseudonym, erasure_orders.names_of(session, job))
        erasure_orders.scrub_events(session, EventRow.order_id == row.order_id, traces)
    row.seller_id, row.title, row.listing = job.pseudonym, "", None
