"""Reading what appeals are judged by, with locks where it is going to be changed.

Whoever changes appeals locks in this order: the order, its infractions, the appeals, each by their ids.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TypeVar

from sqlalchemy import Select, String, cast, or_, select
from sqlalchemy.orm import Session

from actions.backend.appeal_store import Account
from actions.backend.appeal_tables import AppealRow, EvidenceRow, InfractionRow
from actions.backend.tables import OrderRow
from actions.policy import Subject, SubjectKind

R = TypeVar("R", OrderRow, InfractionRow, AppealRow)

_GOODS = or_(
    OrderRow.released_at.is_not(None),
    OrderRow.confirmed_fulfilled_at.is_not(None),
    OrderRow.cancelled_by.is_not(None),
    OrderRow.tracking.is_not(None),
    cast(OrderRow.refunds, String) != "[]",
)
"""Only an order of goods can be penalised; services have none of these."""


def load_seller(session: Session, seller_id: str) -> Account:
    """Everything that a merchant could appeal."""
    orders = select(OrderRow).where(OrderRow.seller_id == seller_id, _GOODS)
    infractions = select(InfractionRow).where(InfractionRow.seller_id == seller_id)
    appeals = select(AppealRow).where(AppealRow.seller_id == seller_id)
    return _account(
        session, seller_id, _rows(session, orders), _rows(session, infractions), _rows(session, appeals)
    ).index()


def load_subject(session: Session, seller_id: str, subject: Subject, *, lock: bool) -> Account:
    """What surrounds one subject of this merchant; empty for a foreign or unknown one."""
    if subject.kind is SubjectKind.ORDER:
        return _around(session, seller_id, {subject.id}, set(), lock=lock)
    mine = (InfractionRow.id == subject.id) & (InfractionRow.seller_id == seller_id)
    order_id = session.scalar(select(InfractionRow.order_id).where(mine))
    return _around(session, seller_id, {order_id} if order_id else set(), {subject.id}, lock=lock)


def load_appeal(session: Session, appeal_id: str, *, lock: bool) -> tuple[Account, AppealRow] | None:
    """One appeal and what surrounds it, None when there is none. With `lock` nobody else changes it meanwhile."""
    columns = (AppealRow.seller_id, AppealRow.subject_kind, AppealRow.subject_id)
    where = session.execute(select(*columns, AppealRow.order_id, AppealRow.infraction_id).filter_by(id=appeal_id))
    found = where.first()
    if found is None:
        return None
    seller_id, kind, subject_id, order_id, infraction_id = found
    orders = {item for item in (order_id, subject_id if kind == SubjectKind.ORDER else None) if item}
    infractions = {item for item in (infraction_id, subject_id if kind == SubjectKind.INFRACTION else None) if item}
    account = _around(session, seller_id, orders, infractions, lock=lock)
    return account, account.appeal(appeal_id)


def load_appeals(session: Session, rows: Iterable[AppealRow]) -> dict[str, Account]:
    """What surrounds these appeals, by merchant."""
    sellers: dict[str, list[AppealRow]] = {}
    for row in rows:
        sellers.setdefault(row.seller_id, []).append(row)
    return {
        seller_id: _around(
            session,
            seller_id,
            {row.order_id for row in mine if row.order_id},
            {row.infraction_id for row in mine if row.infraction_id},
            lock=False,
        )
        for seller_id, mine in sellers.items()
    }


def _around(
    session: Session, seller_id: str, order_ids: Collection[str], infraction_ids: Collection[str], *, lock: bool
) -> Account:
    orders = select(OrderRow).where(OrderRow.id.in_(order_ids), OrderRow.seller_id == seller_id)
    found = _rows(session, orders, lock=lock)
    about = or_(InfractionRow.id.in_(infraction_ids), InfractionRow.order_id.in_(order_ids))
    infractions = _rows(session, select(InfractionRow).where(InfractionRow.seller_id == seller_id, about), lock=lock)
    ids = {*infraction_ids, *(infraction.id for infraction in infractions)}
    concerned = or_(AppealRow.order_id.in_(order_ids), AppealRow.infraction_id.in_(ids))
    appeals = select(AppealRow).where(AppealRow.seller_id == seller_id, concerned)
    return _account(session, seller_id, found, infractions, _rows(session, appeals, lock=lock)).index()


def _account(
    session: Session,
    seller_id: str,
    orders: list[OrderRow],
    infractions: list[InfractionRow],
    appeals: list[AppealRow],
) -> Account:
    account = Account(
        seller_id,
        orders={row.id: row for row in orders},
        infractions={row.id: row for row in infractions},
        appeals=sorted(appeals, key=lambda row: (row.created_at, row.id)),
    )
    if appeals:
        ids = [row.id for row in appeals]
        attached = select(EvidenceRow).where(EvidenceRow.appeal_id.in_(ids)).order_by(EvidenceRow.number)
        for item in session.scalars(attached):
            account.evidence[item.appeal_id].append(item)
    return account


def _rows(session: Session, query: Select[R], *, lock: bool = False) -> list[R]:
    query = query.order_by(query.column_descriptions[0]["entity"].id)
    if lock:  # what was read before waiting for the lock may be old
        query = query.with_for_update().execution_options(populate_existing=True)
    return list(session.scalars(query))
