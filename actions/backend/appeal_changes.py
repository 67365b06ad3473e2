"""Writing an appeal's change: effects, audit row and notices, in the transaction that holds the appeal's lock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from actions.backend import appeal_notices, events
from actions.backend.appeal_rows import appeal_facts
from actions.backend.appeal_store import Account
from actions.backend.appeal_tables import AppealRow, InfractionRow
from actions.backend.appeal_views import InfractionStatus
from actions.backend.orders import with_moved
from actions.backend.people import names
from actions.backend.prepared import Prepared
from actions.backend.tables import NoticeRow, OrderRow, table
from actions.backend.views import plain
from actions.policy import (
    PLATFORM,
    Actor,
    Allowed,
    AppealEffect,
    AppealStatus,
    CloseAppeal,
    CorrectMetric,
    DecideAppeal,
    FileAppeal,
    LapseAppeal,
    Limits,
    MoveRefunds,
    ReverseInfraction,
    Role,
    decide,
    status_at,
)
from actions.policy.commands import AppealCommand

_APPEAL = (
    *("id", "seller_id", "type", "subject_kind", "subject_id", "order_id", "infraction_id", "title", "ground"),
    *("tracking_number", "status", "version", "created_at", "filed_at", "closes_at", "attempt", "warned_at"),
    *("ended_at", "decision_reason"),
)
_EVIDENCE = ("id", "kind", "url", "carrier_listed", "digest", "media_type", "size")
_INFRACTION = (
    *("id", "seller_id", "type", "issued_at", "notified_at", "order_id", "listing", "title", "updated_at"),
    *("status", "reversed_at", "reversed_by"),
)
_ORDER = ("id", "version", "refunds", "moved_refunds")
_NOTICES = Prepared(
    insert(table(NoticeRow)),
    ("recipient_role", "recipient_id", "code", "params", "order_id", "appeal_id", "created_at", "attempts"),
)


def audited_infraction(row: InfractionRow) -> dict[str, Any]:
    """The infraction as an audit row keeps it."""
    return {name: plain(getattr(row, name)) for name in _INFRACTION}


@dataclass(slots=True)
class AppealChanges:
    """What one transaction does to appeals of one merchant. `finish` must be its last step."""

    session: Session
    account: Account
    now: datetime
    real_now: datetime
    limits: Limits
    _events: list[events.NewEvent] = field(default_factory=list)
    _notices: list[tuple[AppealRow, str, dict[str, Any]]] = field(default_factory=list)

    def audited(self, row: AppealRow, effects: Sequence[AppealEffect] = ()) -> dict[str, Any]:
        """The appeal with its evidence as an audit row keeps it, and what else the effects touch."""
        kept: dict[str, Any] = {name: plain(getattr(row, name)) for name in _APPEAL}
        kept["evidence"] = [
            {name: plain(getattr(item, name)) for name in _EVIDENCE} for item in self.account.evidence[row.id]
        ]
        for effect in effects:
            if isinstance(effect, ReverseInfraction):
                kept["infraction"] = audited_infraction(self.account.infractions[effect.infraction_id])
            elif isinstance(effect, MoveRefunds):
                order = self.account.orders[effect.order_id]
                kept["order"] = {name: plain(getattr(order, name)) for name in _ORDER}
        return kept

    def lapse(self, row: AppealRow) -> bool:
        """Write down that the window ended without a decision (W-03, Q15); False when the rules do not say so."""
        command = LapseAppeal()
        verdict = decide(self.account.of(row), command, PLATFORM, self.now, self.limits)
        if not isinstance(verdict, Allowed):
            return False
        self.apply(row, verdict, command, PLATFORM, origin="clock")
        return True

    def apply(
        self,
        row: AppealRow,
        verdict: Allowed,
        command: AppealCommand,
        actor: Actor,
        *,
        origin: str,
        key: str | None = None,
    ) -> None:
        """Apply the effects of an allowed command in their order, and note audit row and notices."""
        was = AppealStatus(row.status)
        effects = [effect for effect in verdict.effects if isinstance(effect, AppealEffect)]
        before = self.audited(row, effects)
        for effect in effects:
            self._apply(row, effect, command)
        row.version += 1
        self.audit(row, before, command.name, actor, origin=origin, rules=verdict.rules, key=key, effects=effects)
        for effect in effects:
            code = appeal_notices.code_of(effect, was=was, origin=origin)
            if code is not None:
                self.notify(row, code, actor)

    def warn(self, row: AppealRow) -> None:
        """Tell the merchant, and by the feed the platform, that little time is left (Q15)."""
        before = self.audited(row)
        row.warned_at = self.now
        self.audit(row, before, "warn", PLATFORM, origin="clock", rules=("W-03",))
        self.notify(row, appeal_notices.WARNING, PLATFORM)

    def notify(self, row: AppealRow, code: str, actor: Actor) -> None:
        """Note a notice to the merchant."""
        self._notices.append((row, code, appeal_notices.params(self.account, row, actor, self.now, self.limits)))

    def audit(
        self,
        row: AppealRow,
        before: dict[str, Any] | None,
        command: str,
        actor: Actor,
        *,
        origin: str,
        rules: Sequence[str] = (),
        key: str | None = None,
        effects: Sequence[AppealEffect] = (),
    ) -> None:
        """Note the audit row of a change that was made; it names the effects, for whoever mirrors them."""
        self._events.append(
            events.change(
                self.now,
                row.order_id,
                command=command,
                actor=actor,
                origin=origin,
                rules=rules,
                before=before,
                after=self.audited(row, effects),
                key=key,
                appeal_id=row.id,
                subject={"kind": "appeal", "id": row.id},
                effects=[{"effect": type(effect).__name__, **plain(asdict(effect))} for effect in effects],
            )
        )

    def finish(self) -> None:
        """Write the outbox and, as the last lock of the transaction, the numbered audit rows."""
        self.account.save(self.session)
        if self._notices:
            _NOTICES.run(self.session, *self._outbox())
        events.append(self.session, self._events, self.real_now)

    def _apply(self, row: AppealRow, effect: AppealEffect, command: AppealCommand) -> None:
        match effect:
            case FileAppeal():
                row.status, row.filed_at = AppealStatus.SUBMITTED.value, self.now
                row.closes_at, row.attempt = effect.closes_at, effect.attempt
                facts = self.account.of(row)
                row.order_id, row.infraction_id = facts.order_id, facts.infraction_id
            case CloseAppeal():
                row.status = effect.status.value
                row.ended_at = row.closes_at if effect.status is AppealStatus.LAPSED else self.now
                row.decision_reason = command.reason if isinstance(command, DecideAppeal) else None
            case ReverseInfraction():
                infraction = self.account.infractions[effect.infraction_id]
                infraction.status = InfractionStatus.REVERSED.value
                infraction.reversed_at, infraction.reversed_by = self.now, row.id
            case MoveRefunds():
                _move(self.account.orders[effect.order_id], effect)
            case CorrectMetric():
                pass  # the marketplace's metrics: told by the audit row

    def _outbox(self) -> list[dict[str, Any]]:
        seller = (Role.SELLER.value, self.account.seller_id)
        name = names(self.session, [seller]).get(seller)
        return [
            {
                "recipient_role": seller[0],
                "recipient_id": seller[1],
                "code": code,
                "params": {
                    **params,
                    "seller_name": name,
                    "by_name": name if params["by_role"] == Role.SELLER.value else None,
                },
                "order_id": row.order_id,
                "appeal_id": row.id,
                "created_at": self.now,
                "attempts": 0,
            }
            for row, code, params in self._notices
        ]


def is_stale(row: AppealRow, now: datetime, limits: Limits) -> bool:
    """Whether the clock has closed the appeal and nobody wrote it down yet."""
    return status_at(appeal_facts(row), now, limits).value != row.status


def _move(order: OrderRow, effect: MoveRefunds) -> None:
    order.moved_refunds = sorted({*order.moved_refunds, *effect.refund_ids})
    order.refunds = with_moved(order.refunds, order.moved_refunds)
    order.version += 1
