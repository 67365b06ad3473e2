"""Taking a person out of one order: their words and name go, the case and the other side's part of it stay.

Whoever changes an order locks it first; so does this, and a command that comes later no longer finds the person in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import String, cast, delete, or_, select, update
from sqlalchemy.orm import Session

from actions.backend import events
from actions.backend.chat_tables import ConversationRow, MessageRow
from actions.backend.chat_views import Author
from actions.backend.erasure_views import Job
from actions.backend.handover_tables import HandoverRow
from actions.backend.pseudonyms import Traces, matching
from actions.backend.tables import DisputeRow, EventRow, IdempotencyRow, NoticeRow, OrderRow, PersonRow, ProposalRow

_OTHER = {"customer": "seller", "seller": "customer"}
_KEY = re.compile(r"[a-z_]{1,40}")  # a reason that was chosen rather than written
OF_PENALTIES = frozenset(
    {"title", "listing", "ground", "decision_reason", "reason", "tracking_number", "url", "text", "digest"}
)


@dataclass(frozen=True, slots=True)
class Case:
    """One order of the person: the traces of them in it, and the other side's conversations, which may quote them."""

    traces: Traces
    conversation_ids: Sequence[str]


def column(role: str) -> Any:
    """Where an order names the person."""
    return OrderRow.customer_id if role == "customer" else OrderRow.seller_id


def names_of(session: Session, job: Job) -> list[str]:
    """What the person is called in notices."""
    row = session.get(PersonRow, (job.role, job.person_id))
    return [name for name in (row.name, row.token_name) if name] if row else []


def case_of(session: Session, job: Job, order_id: str) -> Case:
    """What there is of the person in this order."""
    order = session.scalar(select(OrderRow).where(OrderRow.id == order_id))
    disputes = session.scalars(select(DisputeRow).where(DisputeRow.order_id == order_id)).all()
    words = [row.text if row.filed_by == job.role else row.answer or "" for row in disputes]
    words += [row.reason for row in disputes if row.filed_by == job.role and row.reason and not _chosen(row.reason)]
    traces = Traces(job.role, job.person_id, job.pseudonym, names_of(session, job), words)
    other = _OTHER[job.role]
    party = None if order is None else order.seller_id if other == "seller" else order.customer_id
    theirs = select(ConversationRow.id).where(ConversationRow.role == other, ConversationRow.sub == party)
    return Case(traces, list(session.scalars(theirs)))


def erase(session: Session, job: Job, order_id: str) -> bool:
    """Take the person out of the order; False if they are no longer in it."""
    order = session.scalar(select(OrderRow).where(OrderRow.id == order_id).with_for_update())
    if order is None or getattr(order, column(job.role).key) != job.person_id:
        return False
    case = case_of(session, job, order_id)
    own_keys = scrub_events(session, EventRow.order_id == order_id, case.traces)
    for dispute in session.scalars(select(DisputeRow).where(DisputeRow.order_id == order_id)):
        if dispute.filed_by == job.role:
            dispute.text = ""
            dispute.reason = dispute.reason if _chosen(dispute.reason) else None
        else:
            dispute.answer = None
    scrub_notices(session, NoticeRow.order_id == order_id, case.traces)
    scrub_results(session, order_id, case.traces, own_keys)
    _scrub_conversations(session, case, order_id)
    setattr(order, column(job.role).key, job.pseudonym)
    return True


def _chosen(reason: str | None) -> bool:
    return reason is None or _KEY.fullmatch(reason) is not None


def scrub_events(
    session: Session, which: Any, traces: Traces, blank: Callable[[EventRow], frozenset[str]] | None = None
) -> set[str]:
    """Take the person out of these events; returns the keys of what they did themselves.

    A notice that was for them loses what it said. `blank` names the keys that an event loses as a whole.
    """
    own: set[str] = set()
    for row in session.scalars(select(EventRow).where(which)):
        data = dict(row.data)
        if _is(data.get("actor"), traces):
            own.add(str(data.get("key")))
        if row.kind == events.NOTICE and _is(data.get("recipient"), traces):
            data |= {"text": "", "params": {}}
        keys = blank(row) if blank else _about_penalty(data, traces)
        found = traces if not keys else traces.with_blank(keys)
        scrubbed = found.json(data)
        if scrubbed != row.data:
            row.data = scrubbed
    session.flush()
    return own


def _about_penalty(data: dict[str, Any], traces: Traces) -> frozenset[str]:
    kind = (data.get("subject") or {}).get("kind") if isinstance(data.get("subject"), dict) else None
    return OF_PENALTIES if kind == "infraction" and traces.role == "seller" else frozenset()


def _is(somebody: Any, traces: Traces) -> bool:
    """Also by the pseudonym: an event may be about an order and an appeal, and so be looked at twice."""
    names = (traces.person_id, traces.pseudonym)
    return isinstance(somebody, dict) and somebody.get("role") == traces.role and somebody.get("id") in names


def scrub_notices(session: Session, which: Any, traces: Traces) -> None:
    """Notices for the person go; those for others lose the traces.

    One that is being delivered right now was read before: the counted try makes that delivery begin anew.
    """
    mine = (NoticeRow.recipient_role == traces.role) & (NoticeRow.recipient_id == traces.person_id)
    session.execute(delete(NoticeRow).where(which, mine), execution_options={"synchronize_session": False})
    for row in session.scalars(select(NoticeRow).where(which).with_for_update()):
        params = traces.json(row.params)
        if params != row.params:
            row.params = params
            row.attempts += 1
    session.flush()


def scrub_results(session: Session, subject: str, traces: Traces, own_keys: set[str]) -> None:
    """First results of commands on this subject: the person's own go, others' lose the traces."""
    for row in session.scalars(select(IdempotencyRow).where(IdempotencyRow.subject == subject)):
        if ":".join((row.value, row.command, row.subject)) in own_keys:
            session.delete(row)
        elif (outcome := traces.json(row.outcome)) != row.outcome:
            row.outcome = outcome
    session.flush()


def _scrub_conversations(session: Session, case: Case, order_id: str) -> None:
    """What the other side was told; what they wrote themselves is theirs."""
    traces, ids = case.traces, case.conversation_ids
    if not ids:
        return
    columns = (MessageRow.text, cast(MessageRow.custom, String), cast(MessageRow.buttons, String))
    suspect = or_(MessageRow.order_id == order_id, *matching(columns, traces.probes))
    said = select(MessageRow).where(
        MessageRow.conversation_id.in_(ids), MessageRow.author != Author.PERSON.value, suspect
    )
    for message in session.scalars(said):
        new = {
            "text": traces.text(message.text),
            "custom": traces.json(message.custom),
            "buttons": [{**button, "title": traces.text(button["title"])} for button in message.buttons],
        }
        changed = {name: value for name, value in new.items() if getattr(message, name) != value}
        if changed:
            here = (MessageRow.conversation_id == message.conversation_id) & (MessageRow.seq == message.seq)
            session.execute(
                update(MessageRow).where(here).values(changed), execution_options={"synchronize_session": False}
            )
    asked = select(ProposalRow).where(ProposalRow.conversation_id.in_(ids), ProposalRow.order_id == order_id)
    for proposal in session.scalars(asked):
        proposal.command, proposal.effects = traces.json(proposal.command), traces.json(proposal.effects)
        proposal.outcome = traces.json(proposal.outcome)
    for handover in session.scalars(select(HandoverRow).where(HandoverRow.conversation_id.in_(ids))):
        handover.sentence, handover.material = traces.text(handover.sentence), traces.json(handover.material)
    session.flush()
