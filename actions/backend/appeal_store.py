"""Infractions, orders and appeals between tables, the policy's facts, and snapshots."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy.orm import Session

from actions.backend.appeal_rows import appeal_facts, evidence_facts, evidence_snapshot, infraction_facts, order_facts
from actions.backend.appeal_tables import AppealRow, EvidenceRow, InfractionRow
from actions.backend.appeal_views import (
    AppealSnapshot,
    Assumption,
    InfractionStatus,
)
from actions.backend.prepared import save
from actions.backend.tables import OrderRow, table
from actions.policy import (
    APPEAL_TYPES,
    Actor,
    AppealFacts,
    AppealKind,
    AppealOption,
    AppealStatus,
    Evidence,
    EvidenceKind,
    Limits,
    Role,
    Subject,
    SubjectKind,
    Window,
    appealable,
    status_at,
)
from actions.policy.appeal_conditions import same_claim

OPEN = (AppealStatus.DRAFT, AppealStatus.SUBMITTED)
ALL_EVIDENCE: tuple[Assumption, ...] = ("proof", "tracking_number")
"""Everything a merchant can still add to a draft."""


@dataclass(slots=True)
class Account:
    """What is known of one merchant's penalties, or the part of it around some subjects; appeals the oldest first."""

    seller_id: str
    orders: dict[str, OrderRow] = field(default_factory=dict)
    infractions: dict[str, InfractionRow] = field(default_factory=dict)
    appeals: list[AppealRow] = field(default_factory=list)
    evidence: dict[str, list[EvidenceRow]] = field(default_factory=lambda: defaultdict(list))
    _about: dict[tuple[str, str | None], list[AppealRow]] = field(default_factory=lambda: defaultdict(list))
    _on_order: dict[str, list[InfractionRow]] = field(default_factory=lambda: defaultdict(list))

    @property
    def actor(self) -> Actor:
        """The merchant."""
        return Actor(Role.SELLER, self.seller_id)

    def index(self) -> Account:
        """Make appeals and infractions findable by what they are about; to be called when rows were added."""
        self._about.clear()
        self._on_order.clear()
        for row in self.appeals:
            self._about["order", row.order_id].append(row)
            self._about["infraction", row.infraction_id].append(row)
        for infraction in self.infractions.values():
            if infraction.order_id is not None:
                self._on_order[infraction.order_id].append(infraction)
        return self

    def save(self, session: Session) -> None:
        """Write what was changed in rows that were read."""
        save(session, table(OrderRow), *self.orders.values())
        save(session, table(InfractionRow), *self.infractions.values())
        save(session, table(AppealRow), *self.appeals)

    def knows(self, subject: Subject) -> bool:
        """Whether the merchant has such an order or infraction (W-05)."""
        return subject.id in (self.orders if subject.kind is SubjectKind.ORDER else self.infractions)

    def appeal(self, appeal_id: str) -> AppealRow:
        return next(row for row in self.appeals if row.id == appeal_id)

    def on_order(self, order_id: str) -> Sequence[InfractionRow]:
        """The infractions on an order."""
        return self._on_order[order_id]

    def title(self, facts: AppealFacts) -> str:
        """What people call it: the infraction's title, else the order's, else the listing."""
        infraction = self.infractions.get(facts.infraction_id or "")
        order = self.orders.get(facts.order_id or "")
        named = (infraction and infraction.title, order and order.title, infraction and infraction.listing)
        return next((name for name in named if name), "")

    def facts(
        self, appeal_type: str, subject: Subject, row: AppealRow | None = None, assume: Collection[Assumption] = ()
    ) -> AppealFacts:
        """The facts about a possible appeal, or about the one in `row`; `assume` adds to them what is not there yet."""
        kind = APPEAL_TYPES.get(appeal_type)
        infraction = self._infraction(kind, subject, row)
        order_id = subject.id if subject.kind is SubjectKind.ORDER else infraction.order_id if infraction else None
        order = self.orders.get(order_id or "")
        about = {other.id: other for other in self._about["order", order_id] if order_id}
        if infraction is not None:
            about |= {other.id: other for other in self._about["infraction", infraction.id]}
        facts = AppealFacts(
            type=appeal_type,
            seller_id=self.seller_id,
            subject=subject,
            infraction=infraction_facts(infraction) if infraction else None,
            order=order_facts(order) if order else None,
            tracking_number=row.tracking_number if row else None,
            evidence=tuple(evidence_facts(item) for item in self.evidence[row.id]) if row else (),
            appeal=appeal_facts(row) if row else None,
            others=tuple(appeal_facts(other) for other in about.values() if row is None or other.id != row.id),
        )
        return _assume(facts, assume)

    def of(self, row: AppealRow, assume: Collection[Assumption] = ()) -> AppealFacts:
        """The facts about a stored appeal."""
        return self.facts(row.type, Subject(SubjectKind(row.subject_kind), row.subject_id), row, assume)

    def open_row(self, appeal_type: str, subject: Subject, now: datetime, limits: Limits) -> AppealRow | None:
        """The draft or running appeal with the same claim (W-26), whatever the clock has made of the others."""
        kind, facts = APPEAL_TYPES.get(appeal_type), self.facts(appeal_type, subject)
        if kind is None:
            return None
        found = [other.id for other in same_claim(facts, kind) if status_at(other, now, limits) in OPEN]
        return self.appeal(found[0]) if found else None

    def option(self, row: AppealRow, now: datetime, limits: Limits) -> AppealOption:
        """How the appeal in `row` stands, with what is attached to it."""
        return appealable(self.of(row), self.actor, now, limits)

    def snapshot(self, row: AppealRow, now: datetime, limits: Limits) -> AppealSnapshot:
        """The appeal as people see it at `now`: lapsed when its window is over, before a sweeper wrote it (Q15)."""
        status = status_at(appeal_facts(row), now, limits)
        option = self.option(row, now, limits)
        closes_at = row.closes_at
        if status is AppealStatus.DRAFT and option.window:
            closes_at = option.window.closes_at
        decided = status in (AppealStatus.APPROVED, AppealStatus.REJECTED)
        return AppealSnapshot(
            id=row.id,
            seller_id=row.seller_id,
            type=row.type,
            subject=Subject(SubjectKind(row.subject_kind), row.subject_id),
            order_id=row.order_id,
            infraction_id=row.infraction_id,
            title=row.title,
            ground=row.ground,
            tracking_number=row.tracking_number,
            evidence=tuple(evidence_snapshot(item) for item in self.evidence[row.id]),
            status=status,
            created_at=row.created_at,
            filed_at=row.filed_at,
            decided_at=row.ended_at if decided else None,
            decision_reason=row.decision_reason,
            closes_at=closes_at,
            last_day=Window("", closes_at, closes_at).last_day if closes_at else None,
            attempt=row.attempt or option.attempt,
            attempts_limit=option.attempts,
            version=row.version,
            ended_at=row.closes_at if status is AppealStatus.LAPSED else row.ended_at,
        )

    def _infraction(self, kind: AppealKind | None, subject: Subject, row: AppealRow | None) -> InfractionRow | None:
        if subject.kind is SubjectKind.INFRACTION:
            return self.infractions.get(subject.id)
        if row is not None and row.infraction_id is not None and row.status != AppealStatus.DRAFT:
            return self.infractions.get(row.infraction_id)
        carriers = kind.carriers if kind else ()
        found = [infraction for infraction in self.on_order(subject.id) if infraction.type in carriers]
        return min(found, key=lambda item: _preference(item, carriers), default=None)


def _preference(row: InfractionRow, carriers: Sequence[str]) -> tuple[int, bool, float, str]:
    """The policy's order of types; of one type what still stands, then what was issued last."""
    issued = row.issued_at.timestamp() if row.issued_at else 0.0
    return carriers.index(row.type), row.status == InfractionStatus.REVERSED, -issued, row.id


def _assume(facts: AppealFacts, assume: Collection[Assumption]) -> AppealFacts:
    if "proof" in assume:
        facts = replace(facts, evidence=(*facts.evidence, Evidence(EvidenceKind.IMAGE)))
    if "tracking_number" in assume:
        facts = replace(facts, tracking_number=facts.tracking_number or "-")
    if "confirmed" in assume and facts.order and facts.order.confirmed_fulfilled_at is None and facts.order.released_at:
        facts = replace(facts, order=replace(facts.order, confirmed_fulfilled_at=facts.order.released_at))
    return facts
