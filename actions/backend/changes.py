"""Writing an order's change: effects, audit row and notices, in the transaction that holds the order's lock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from actions.backend import events
from actions.backend.columns import new_id
from actions.backend.notices import NewNotice, notices
from actions.backend.order_store import Stored, new_dispute
from actions.backend.people import names
from actions.backend.prepared import Prepared
from actions.backend.pseudonyms import is_pseudonym
from actions.backend.tables import DisputeRow, NoticeRow, OrderRow, table
from actions.backend.views import plain
from actions.policy import (
    PLATFORM,
    Actor,
    Allowed,
    CancelOrder,
    CloseDispute,
    Command,
    DisputeStatus,
    Effect,
    Expire,
    Limits,
    MoveDelivery,
    OpenDispute,
    OrderState,
    RequestCancellation,
    decide,
)
from actions.policy.orders import Role

_AUDITED = (
    *(
        "customer_id",
        "seller_id",
        "title",
        "state",
        "version",
        "updated_at",
        "expected_delivery_at",
        "agreed_delivery_at",
    ),
    *(
        "delivered_at",
        "released_at",
        "confirmed_fulfilled_at",
        "cancelled_by",
        "cancelled_by_us",
        "tracking",
        "refunds",
    ),
)
_DISPUTE = (
    *("id", "kind", "filed_by", "status", "opened_at", "due_at", "closed_at", "text", "reason", "answer"),
    "new_delivery_at",
)


_NOTICES = Prepared(
    insert(table(NoticeRow)),
    ("recipient_role", "recipient_id", "code", "params", "order_id", "dispute_id", "created_at", "attempts"),
)


def audited(order: OrderRow, disputes: Sequence[DisputeRow]) -> dict[str, Any]:
    """The order and the given disputes as an audit row keeps them."""
    return {
        **{name: plain(getattr(order, name)) for name in _AUDITED},
        "disputes": [{name: plain(getattr(row, name)) for name in _DISPUTE} for row in disputes],
    }


@dataclass(slots=True)
class Changes:
    """What one transaction does to one order. `finish` must be its last step."""

    session: Session
    stored: Stored
    now: datetime
    real_now: datetime
    limits: Limits
    _events: list[events.NewEvent] = field(default_factory=list)
    _notices: list[NewNotice] = field(default_factory=list)

    def expire(self) -> bool:
        """Write down what the clock has already done (M-12, M-18), before any other change; False if nothing."""
        dispute = self.stored.open_dispute
        if dispute is None:
            return False
        command = Expire(dispute.id)
        verdict = decide(self.stored.facts(), command, PLATFORM, self.now, self.limits)
        if not isinstance(verdict, Allowed):
            return False
        self.apply(verdict.effects, verdict.rules, command, PLATFORM, origin="clock")
        return True

    def apply(
        self,
        effects: Sequence[Effect],
        rules: Sequence[str],
        command: Command,
        actor: Actor,
        *,
        origin: str,
        key: str | None = None,
    ) -> str | None:
        """Apply the effects in their order and note audit row and notices; returns the id of a dispute that opened."""
        touched = [row for row in self.stored.disputes if row.status == DisputeStatus.OPEN]
        before = audited(self.stored.order, touched)
        done = [(effect, self._apply(effect, command, actor)) for effect in effects]
        self.stored.order.version += 1
        opened = next((dispute_id for effect, dispute_id in done if isinstance(effect, OpenDispute)), None)
        touched += [row for row in self.stored.disputes if row.id == opened]
        self.audit(before, audited(self.stored.order, touched), rules, command.name, actor, origin=origin, key=key)
        self.notify(done, command, actor, origin)
        return opened

    def notify(
        self, done: Sequence[tuple[Effect, str | None]], command: Command | None, actor: Actor, origin: str
    ) -> None:
        """Note the notices of effects that were applied, each with the dispute it concerned."""
        disputes = {row.id: row for row in self.stored.disputes}
        self._notices += notices(self.stored.order, disputes, done, command, actor, origin, self.now, self.limits)

    def audit(
        self,
        before: dict[str, Any] | None,
        after: dict[str, Any],
        rules: Sequence[str],
        command: str,
        actor: Actor,
        *,
        origin: str,
        key: str | None = None,
    ) -> None:
        """Note the audit row of a change."""
        self._events.append(
            events.change(
                self.now,
                self.stored.order.id,
                command=command,
                actor=actor,
                origin=origin,
                rules=rules,
                before=before,
                after=after,
                key=key,
            )
        )

    def close(self, effect: CloseDispute) -> str:
        """Give the dispute its final status."""
        row = self.stored.dispute(effect.dispute_id)
        row.status = effect.status.value
        row.closed_at = row.due_at if effect.status is DisputeStatus.EXPIRED else self.now
        return row.id

    def finish(self) -> None:
        """Write the outbox and, as the last lock of the transaction, the numbered audit rows."""
        self.stored.save(self.session)
        _NOTICES.run(self.session, *self._outbox())
        events.append(self.session, self._events, self.real_now)

    def _apply(self, effect: Effect, command: Command, actor: Actor) -> str | None:
        match effect:
            case OpenDispute():
                return self._open(effect, command, actor)
            case CloseDispute():
                dispute_id = self.close(effect)
                if effect.status in (DisputeStatus.ANSWERED, DisputeStatus.DECLINED):
                    self.stored.dispute(dispute_id).answer = getattr(command, "text", None) or None
                return dispute_id
            case CancelOrder():
                self.stored.order.state = OrderState.CANCELLED.value
                self.stored.order.cancelled_by_us = True
            case MoveDelivery():
                self.stored.order.agreed_delivery_at = effect.new_delivery_at
        return None

    def _open(self, effect: OpenDispute, command: Command, actor: Actor) -> str:
        self.stored.save(self.session)  # one that was closed a step before must be out of the unique index first
        row = new_dispute(
            self.session,
            id=new_id("D"),
            order_id=self.stored.order.id,
            number=len(self.stored.disputes) + 1,
            kind=effect.kind.value,
            filed_by=actor.role.value,
            status=DisputeStatus.OPEN.value,
            opened_at=self.now,
            due_at=effect.due_at,
            closed_at=None,
            text=getattr(command, "text", ""),
            reason=command.reason if isinstance(command, RequestCancellation) else None,
            answer=None,
            new_delivery_at=effect.new_delivery_at,
        )
        self.stored.disputes.append(row)
        return row.id

    def _outbox(self) -> list[dict[str, Any]]:
        """The notices as rows; who was deleted gets none."""
        order = self.stored.order
        people = {Role.CUSTOMER: order.customer_id, Role.SELLER: order.seller_id}
        noted = [notice for notice in self._notices if not is_pseudonym(people[notice.recipient])]
        if not noted:
            return []
        known = names(self.session, [(role.value, person_id) for role, person_id in people.items()])
        called = {role.value: known.get((role.value, person_id)) for role, person_id in people.items()}
        return [
            {
                "recipient_role": notice.recipient.value,
                "recipient_id": people[notice.recipient],
                "code": notice.code,
                "params": {
                    **notice.params,
                    "customer_name": called["customer"],
                    "seller_name": called["seller"],
                    "by_name": called.get(notice.params["by_role"]),
                },
                "order_id": order.id,
                "dispute_id": notice.dispute_id,
                "created_at": self.now,
                "attempts": 0,
            }
            for notice in noted
        ]
