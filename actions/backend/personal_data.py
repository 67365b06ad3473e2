"""Everything that is kept about a person, page by page: each page is one short read, so that nobody waits for it.

The parts, in order: profile, conversations, messages, assistant_memory, handovers, feedback, proposals,
misunderstood, orders (with disputes and events), infractions, appeals (with evidence and events), waiting_notices.
Rows are JSON objects with the names that the tables have; instants are RFC 3339 in UTC. Of the other party there is
what they said to the person, and neither their id nor their name.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from actions.backend.appeal_tables import AppealProposalRow, AppealRow, EvidenceRow, InfractionRow
from actions.backend.chat_tables import ConversationRow, MessageRow
from actions.backend.database import Database
from actions.backend.forgetting import Memory
from actions.backend.handover_tables import FeedbackRow, HandoverRow
from actions.backend.review_tables import UnderstoodRow
from actions.backend.tables import Base, DisputeRow, EventRow, NoticeRow, OrderRow, PersonRow, ProposalRow
from actions.backend.views import plain
from actions.policy import Role

Rows = list[dict[str, Any]]
PARTS = (
    *("profile", "conversations", "messages", "assistant_memory", "handovers", "feedback", "proposals"),
    *("misunderstood", "orders", "infractions", "appeals", "waiting_notices"),
)
_PAGE = 200
_INTERNAL = frozenset({"lease_owner", "lease_until", "retry_at", "pending"})
_OTHER = {"customer": "seller", "seller": "customer"}


class PersonalData:
    """Reading what there is of a person."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def pages(self, role: Role, person_id: str, memory: Memory | None) -> AsyncIterator[tuple[str, Rows]]:
        """(part, rows) in the order of PARTS, each part in as many pages as it takes, none for an empty one."""
        who = role.value
        profile = select(PersonRow).where(PersonRow.role == who, PersonRow.id == person_id)
        async for rows in self._all("profile", profile, PersonRow.id):
            yield rows
        mine = select(ConversationRow).where(ConversationRow.role == who, ConversationRow.sub == person_id)
        async for part in self._all("conversations", mine, ConversationRow.id):
            yield part
        ids = await self._database.read(lambda session: [row.id for row in session.scalars(mine)])
        for id_ in ids:
            said = select(MessageRow).where(MessageRow.conversation_id == id_)
            async for part in self._all("messages", said, MessageRow.seq):
                yield part
        if memory is not None:
            for id_ in ids:
                async for page in memory.pages(id_):
                    yield "assistant_memory", [dict(row) for row in page]
        for name, kind in (("handovers", HandoverRow), ("feedback", FeedbackRow)):
            own = select(kind).where(kind.actor_role == who, kind.actor_id == person_id)
            async for part in self._all(name, own, kind.id):
                yield part
        for asked in (ProposalRow, AppealProposalRow):
            proposed = select(asked).where(asked.actor_role == who, asked.actor_id == person_id)
            async for part in self._all("proposals", proposed, asked.id):
                yield part
        reviewed = select(UnderstoodRow).where(UnderstoodRow.conversation_id.in_(ids))
        async for part in self._all("misunderstood", reviewed, UnderstoodRow.id):
            yield part
        async for part in self._cases(who, person_id):
            yield part
        notices = select(NoticeRow).where(NoticeRow.recipient_role == who, NoticeRow.recipient_id == person_id)
        async for name, waiting in self._all(
            "waiting_notices", notices.where(NoticeRow.delivered_at.is_(None)), NoticeRow.id
        ):
            yield name, [_without_other(row, who) for row in waiting]

    async def _cases(self, role: str, person_id: str) -> AsyncIterator[tuple[str, Rows]]:
        party = OrderRow.customer_id if role == Role.CUSTOMER else OrderRow.seller_id
        async for rows in self._pages(select(OrderRow).where(party == person_id), OrderRow.id):
            yield "orders", await self._database.read(partial(_orders, rows=rows, role=role, person_id=person_id))
        if role != Role.SELLER:
            return
        async for part in self._all(
            "infractions", select(InfractionRow).where(InfractionRow.seller_id == person_id), InfractionRow.id
        ):
            yield part
        async for rows in self._pages(select(AppealRow).where(AppealRow.seller_id == person_id), AppealRow.id):
            yield "appeals", await self._database.read(partial(_appeals, rows=rows, role=role, person_id=person_id))

    async def _all(
        self, name: str, query: Select[Any], key: InstrumentedAttribute[Any]
    ) -> AsyncIterator[tuple[str, Rows]]:
        async for rows in self._pages(query, key):
            yield name, [_row(row) for row in rows]

    async def _pages(self, query: Select[Any], key: InstrumentedAttribute[Any]) -> AsyncIterator[Sequence[Any]]:
        """The rows of a query in the order of `key`, which no two of them share."""
        last: Any = None
        while True:
            page = query if last is None else query.where(key > last)
            ordered = page.order_by(key).limit(_PAGE)
            rows = await self._database.read(lambda session, ordered=ordered: session.scalars(ordered).all())  # type: ignore[misc]
            if rows:
                yield rows
                last = getattr(rows[-1], key.key)
            if len(rows) < _PAGE:
                return


def _row(row: Base) -> dict[str, Any]:
    names = [column.name for column in row.__table__.columns if column.name not in _INTERNAL]
    values = {name: plain(getattr(row, name)) for name in names}
    if "buttons" in values:  # what they carried is of no use to anybody any more
        values["buttons"] = [button["title"] for button in values["buttons"]]
    return values


def _orders(session: Session, rows: Sequence[OrderRow], role: str, person_id: str) -> Rows:
    """Orders, what was filed in them by either side, and what the person did."""
    ids, found = [row.id for row in rows], []
    disputes = session.scalars(select(DisputeRow).where(DisputeRow.order_id.in_(ids)).order_by(DisputeRow.number)).all()
    done = _events(session, EventRow.order_id.in_(ids), role, person_id)
    for row in rows:
        order = _row(row)
        del order[f"{_OTHER[role]}_id"]
        order["disputes"] = [
            {**_row(dispute), "filed_by_this_person": dispute.filed_by == role}
            for dispute in disputes
            if dispute.order_id == row.id
        ]
        order["events"] = [event for event in done if event["order_id"] == row.id and event["appeal_id"] is None]
        found.append(order)
    return found


def _appeals(session: Session, rows: Sequence[AppealRow], role: str, person_id: str) -> Rows:
    ids = [row.id for row in rows]
    attached = select(EvidenceRow).where(EvidenceRow.appeal_id.in_(ids)).order_by(EvidenceRow.number)
    evidence = [_row(row) for row in session.scalars(attached)]
    done = _events(session, EventRow.appeal_id.in_(ids), role, person_id)
    return [
        {
            **_row(row),
            "evidence": [item for item in evidence if item["appeal_id"] == row.id],
            "events": [event for event in done if event["appeal_id"] == row.id],
        }
        for row in rows
    ]


def _events(session: Session, which: Any, role: str, person_id: str) -> Rows:
    """What the person did, and what they were told."""
    found = [_row(row) for row in session.scalars(select(EventRow).where(which).order_by(EventRow.seq))]
    me = {"role": role, "id": person_id}
    return [
        {**event, "data": _without_other(event["data"], role)}
        for event in found
        if me in (event["data"].get("actor"), event["data"].get("recipient"))
    ]


def _without_other(value: Any, role: str) -> Any:
    other = [f"{_OTHER[role]}_id", f"{_OTHER[role]}_name"]
    if isinstance(value, Mapping):
        if value.get("by_role") == _OTHER[role]:
            other.append("by_name")
        return {key: _without_other(item, role) for key, item in value.items() if key not in other}
    return [_without_other(item, role) for item in value] if isinstance(value, list) else value
