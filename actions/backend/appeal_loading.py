"""Reading what appeals are judged by, with locks where it is going to be changed.

Whoever changes appeals locks in this order: the order, its infractions, the appeals, each by their ids.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, TypeVar

from sqlalchemy import BindParameter, ColumnElement, Select, String, bindparam, cast, or_, select
from sqlalchemy.orm import Session

from actions.backend.appeal_store import Account
from actions.backend.appeal_tables import AppealRow, EvidenceRow, InfractionRow
from actions.backend.prepared import Prepared
from actions.backend.tables import OrderRow, table
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


_infractions, _appeals = table(InfractionRow), table(AppealRow)
_ORDER_OF_INFRACTION = Prepared(
    select(_infractions.c.order_id).where(
        _infractions.c.id == bindparam("infraction"), _infractions.c.seller_id == bindparam("seller")
    )
)
_SUBJECT_OF_APPEAL = Prepared(
    select(
        *(_appeals.c.seller_id, _appeals.c.subject_kind, _appeals.c.subject_id),
        *(_appeals.c.order_id, _appeals.c.infraction_id),
    ).where(_appeals.c.id == bindparam("appeal"))
)


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
    order_id = _ORDER_OF_INFRACTION.scalar(session, {"infraction": subject.id, "seller": seller_id})
    return _around(session, seller_id, {order_id} if order_id else set(), {subject.id}, lock=lock)


def load_appeal(session: Session, appeal_id: str, *, lock: bool) -> tuple[Account, AppealRow] | None:
    """One appeal and what surrounds it, None when there is none. With `lock` nobody else changes it meanwhile."""
    found = _SUBJECT_OF_APPEAL.first(session, {"appeal": appeal_id})
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
    asked = {"seller": seller_id, "orders": list(order_ids), "infractions": list(infraction_ids)}
    found = list(session.scalars(_ORDERS[lock], asked)) if order_ids else []
    infractions = list(session.scalars(_INFRACTIONS[lock], asked))
    asked["infractions"] = list({*infraction_ids, *(infraction.id for infraction in infractions)})
    appeals = list(session.scalars(_APPEALS[lock], asked))
    return _account(session, seller_id, found, infractions, appeals).index()


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
        for item in session.scalars(_EVIDENCE, {"appeals": [row.id for row in appeals]}):
            account.evidence[item.appeal_id].append(item)
    return account


def _rows(session: Session, query: Select[R]) -> list[R]:
    return list(session.scalars(query.order_by(query.column_descriptions[0]["entity"].id)))


def _both(entity: type[R], *conditions: ColumnElement[bool]) -> dict[bool, Select[R]]:
    """The statement by whether it locks what it finds."""
    query = select(entity).where(entity.seller_id == bindparam("seller"), *conditions).order_by(entity.id)
    # What was read before waiting for the lock may be old.
    return {False: query, True: query.with_for_update().execution_options(populate_existing=True)}


# Made once: to build these costs more than to run them, and each question about an appeal asks them.
_IN_ORDERS: BindParameter[Any] = bindparam("orders", expanding=True)
_IN_INFRACTIONS: BindParameter[Any] = bindparam("infractions", expanding=True)
_ORDERS = _both(OrderRow, OrderRow.id.in_(_IN_ORDERS))
_INFRACTIONS = _both(InfractionRow, or_(InfractionRow.id.in_(_IN_INFRACTIONS), InfractionRow.order_id.in_(_IN_ORDERS)))
_APPEALS = _both(AppealRow, or_(AppealRow.order_id.in_(_IN_ORDERS), AppealRow.infraction_id.in_(_IN_INFRACTIONS)))
_EVIDENCE = (
    select(EvidenceRow)
    .where(EvidenceRow.appeal_id.in_(bindparam("appeals", expanding=True)))
    .order_by(EvidenceRow.number)
)
