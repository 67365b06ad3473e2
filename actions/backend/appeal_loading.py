"""Reading what appeals are judged by, with locks where it is going to be changed.

Whoever changes appeals locks in this order: the order, its infractions, the appeals, each by their ids.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, cast

from sqlalchemy import BindParameter, ColumnElement, Select, String, Table, bindparam, insert, or_, select
from sqlalchemy import cast as sql_cast
from sqlalchemy.orm import Session

from actions.backend.appeal_store import Account
from actions.backend.appeal_tables import AppealRow, EvidenceRow, InfractionRow
from actions.backend.prepared import Kept, Prepared, kept
from actions.backend.tables import OrderRow, table
from actions.policy import Subject, SubjectKind

_orders, _infractions, _appeals, _evidence = (table(row) for row in (OrderRow, InfractionRow, AppealRow, EvidenceRow))
_GOODS = or_(
    _orders.c.released_at.is_not(None),
    _orders.c.confirmed_fulfilled_at.is_not(None),
    _orders.c.cancelled_by.is_not(None),
    _orders.c.tracking.is_not(None),
    sql_cast(_orders.c.refunds, String) != "[]",
)
"""Only an order of goods can be penalised; services have none of these."""


# Made once: to build these costs more than to run them, and each question about an appeal asks them.
def _mine(of: Table, *conditions: ColumnElement[bool]) -> Select[Any]:
    return select(of).where(of.c.seller_id == bindparam("seller"), *conditions).order_by(of.c.id)


def _prepared(query: Select[Any]) -> dict[bool, Prepared]:
    """The statement by whether it locks what it finds."""
    return {False: Prepared(query), True: Prepared(query.with_for_update())}


_ALL = [Prepared(query) for query in (_mine(_orders, _GOODS), _mine(_infractions), _mine(_appeals))]
_ORDER: BindParameter[Any] = bindparam("order", type_=String())
_INFRACTION: BindParameter[Any] = bindparam("infraction", type_=String())
_ON_ORDER = select(_infractions.c.id).where(
    _infractions.c.seller_id == bindparam("seller"), _infractions.c.order_id == _ORDER
)
# What surrounds one order, one infraction, or both.
_ITS_ORDER = _prepared(_mine(_orders, _orders.c.id == _ORDER))
_ITS_INFRACTIONS = _prepared(
    _mine(_infractions, or_(_infractions.c.id == _INFRACTION, _infractions.c.order_id == _ORDER))
)
_ITS_APPEALS = _prepared(
    _mine(
        _appeals,
        or_(
            _appeals.c.order_id == _ORDER,
            _appeals.c.infraction_id == _INFRACTION,
            _appeals.c.infraction_id.in_(_ON_ORDER),
        ),
    )
)
# What surrounds several.
_IN_ORDERS: BindParameter[Any] = bindparam("orders", expanding=True)
_IN_INFRACTIONS: BindParameter[Any] = bindparam("infractions", expanding=True)
_THEIR_ORDERS = _mine(_orders, _orders.c.id.in_(_IN_ORDERS))
_THEIR_INFRACTIONS = _mine(
    _infractions, or_(_infractions.c.id.in_(_IN_INFRACTIONS), _infractions.c.order_id.in_(_IN_ORDERS))
)
_THEIR_APPEALS = _mine(
    _appeals, or_(_appeals.c.order_id.in_(_IN_ORDERS), _appeals.c.infraction_id.in_(_IN_INFRACTIONS))
)
_ITS_EVIDENCE = Prepared(
    select(_evidence).where(_evidence.c.appeal_id == bindparam("appeal")).order_by(_evidence.c.number)
)
_THEIR_EVIDENCE = (
    select(_evidence)
    .where(_evidence.c.appeal_id.in_(bindparam("appeals", expanding=True)))
    .order_by(_evidence.c.number)
)
_FEW = 8  # appeals whose evidence is sooner asked for one by one
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

_NEW_APPEAL, _NEW_EVIDENCE = (Prepared(insert(new), new.columns.keys()) for new in (_appeals, _evidence))


def load_seller(session: Session, seller_id: str) -> Account:
    """Everything that a merchant could appeal."""
    orders, infractions, appeals = (query.kept(session, {"seller": seller_id}) for query in _ALL)
    return _account(session, seller_id, orders, infractions, appeals)


def load_appeals_of(session: Session, seller_id: str) -> Account:
    """All appeals of a merchant and what surrounds them."""
    return load_appeals(session, _ALL[-1].kept(session, {"seller": seller_id})).get(seller_id) or Account(seller_id)


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
    if len(order_ids) > 1 or len(infraction_ids) > 1:
        assert not lock  # a command is about one
        return _around_all(session, seller_id, order_ids, infraction_ids)
    asked = {"seller": seller_id, "order": next(iter(order_ids), None), "infraction": next(iter(infraction_ids), None)}
    orders = _ITS_ORDER[lock].kept(session, asked) if order_ids else []
    infractions = _ITS_INFRACTIONS[lock].kept(session, asked)
    return _account(session, seller_id, orders, infractions, _ITS_APPEALS[lock].kept(session, asked))


def _around_all(
    session: Session, seller_id: str, order_ids: Collection[str], infraction_ids: Collection[str]
) -> Account:
    asked = {"seller": seller_id, "orders": list(order_ids), "infractions": list(infraction_ids)}
    orders = kept(session.execute(_THEIR_ORDERS, asked))
    infractions = kept(session.execute(_THEIR_INFRACTIONS, asked))
    asked["infractions"] = list({*infraction_ids, *(infraction.id for infraction in infractions)})
    return _account(session, seller_id, orders, infractions, kept(session.execute(_THEIR_APPEALS, asked)))


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
    if len(appeals) <= _FEW:
        account.evidence.update({row.id: _ITS_EVIDENCE.kept(session, {"appeal": row.id}) for row in appeals})
    else:
        for item in kept(session.execute(_THEIR_EVIDENCE, {"appeals": [row.id for row in appeals]})):
            account.evidence[item.appeal_id].append(item)
    return account.index()


def new_appeal(session: Session, **values: Any) -> AppealRow:
    """Insert an appeal; all columns are given."""
    _NEW_APPEAL.run(session, values)
    return cast(AppealRow, Kept(values))


def new_evidence(**values: Any) -> EvidenceRow:
    """A piece of evidence that is not stored yet; all columns are given."""
    return cast(EvidenceRow, Kept(values))


def attach(session: Session, evidence: Iterable[EvidenceRow]) -> None:
    """Insert pieces of evidence made by `new_evidence`."""
    _NEW_EVIDENCE.run(session, *(cast(Kept, item).values() for item in evidence))
