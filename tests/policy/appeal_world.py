"""A small marketplace around one penalty: appeals are drafted, filed, decided, taken back, overtaken by time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from actions.policy import (
    APPEAL_TYPES,
    PLATFORM,
    Actor,
    Allowed,
    Appeal,
    AppealCommand,
    AppealEffect,
    AppealFacts,
    AppealStatus,
    AppealType,
    Canceller,
    CloseAppeal,
    CorrectMetric,
    DecideAppeal,
    Effect,
    Evidence,
    EvidenceKind,
    FileAppeal,
    GoodsOrder,
    Infraction,
    LapseAppeal,
    Limits,
    MoveRefunds,
    Outcome,
    Refund,
    RefundCategory,
    Responsibility,
    ReverseInfraction,
    Role,
    Subject,
    SubjectKind,
    SubmitAppeal,
    Verdict,
    WithdrawAppeal,
    decide,
)

ISSUED = datetime(2026, 1, 10, 23, 30, tzinfo=UTC)
DAYS = [0, 84, 90, 91, 200]
"""Calendar days after the anchor that the search visits; the last one stands for all later ones."""
MERCHANT = Actor(Role.SELLER, "m-1")
CANCELLATION = (AppealType.FULFILMENT_RATE, AppealType.ORDER_CANCELLATION)
SLOTS = 2
"""Drafts that exist at once, so that two can be filed side by side."""
MANY = 2
"""Rejections beyond which more look the same, but for refunds: there one more than the cap of three is told apart."""


@dataclass(frozen=True)
class Live:
    """A draft or a submitted appeal; `filed` indexes DAYS."""

    type: str
    status: AppealStatus
    filed: int | None = None


@dataclass(frozen=True)
class World:
    """One penalty; `today` indexes DAYS, `holds` says whether its type's conditions are true."""

    types: tuple[str, ...]
    today: int = 0
    holds: bool = True
    live: tuple[Live, ...] = ()
    rejected: int = 0
    rejected_before: int = 0
    withdrawn: bool = False
    lapsed: bool = False
    approved: bool = False
    undone: bool = False

    @property
    def now(self) -> datetime:
        return ISSUED.replace(hour=0, minute=0) + timedelta(days=DAYS[self.today])

    def appeal(self, index: int) -> Appeal:
        live = self.live[index]
        filed_at = None if live.filed is None else replace(self, today=live.filed).now
        endless = APPEAL_TYPES[live.type].anchor == "none" if live.type in APPEAL_TYPES else True
        closes_at = None if endless or filed_at is None else datetime(2026, 4, 11, tzinfo=UTC)
        return Appeal(f"live {index}", live.type, live.status, "WO-1", "V-1", filed_at, closes_at)

    def facts(self, kind: str, index: int | None) -> AppealFacts:
        """The facts for the live appeal of this index, or for a new one."""
        others = [self.appeal(other) for other in range(len(self.live)) if other != index]
        past = [*[AppealStatus.REJECTED] * self.rejected, *[AppealStatus.WITHDRAWN] * self.withdrawn]
        past += [*[AppealStatus.LAPSED] * self.lapsed, *[AppealStatus.APPROVED] * self.approved]
        others += [Appeal(f"past {n}", self.types[-1], status, "WO-1", "V-1") for n, status in enumerate(past)]
        carrier = kind if kind not in CANCELLATION else AppealType.ORDER_CANCELLATION
        infraction = Infraction("V-1", carrier, ISSUED, order_id="WO-1", is_reversed=self.undone)
        responsible = Responsibility.PLATFORM if self.undone else Responsibility.MERCHANT
        refund = Refund("r1", RefundCategory.QUALITY, responsible, self.rejected_before)
        is_refund = kind == AppealType.REFUND
        order = GoodsOrder(
            "WO-1",
            released_at=ISSUED,
            confirmed_fulfilled_at=ISSUED if kind == AppealType.CONFIRMED_FULFILMENT_SPEED else None,
            cancelled_by=Canceller.MERCHANT if self.holds else Canceller.CUSTOMER,
            tracking_number="RR123456785DE",
            refunds=(refund,) if self.holds else (),
        )
        return AppealFacts(
            kind,
            "m-1",
            Subject(SubjectKind.ORDER, "WO-1"),
            infraction=None if is_refund else infraction,
            order=order,
            evidence=(Evidence(EvidenceKind.IMAGE),) if self.holds else (),
            appeal=None if index is None else self.appeal(index),
            others=tuple(others),
        )


@dataclass(frozen=True)
class Move:
    """One thing that happened, with the worlds before and after."""

    before: World
    what: AppealCommand | str
    on: Live | None
    effects: tuple[Effect, ...]
    after: World


class Rules:
    """`decide` as implemented; a subclass breaks a rule to show that the search notices."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits

    def decide(self, facts: AppealFacts, command: AppealCommand, actor: Actor, now: datetime) -> Verdict:
        return decide(facts, command, actor, now, self.limits)


COMMANDS: list[tuple[Actor, AppealCommand]] = [
    (MERCHANT, SubmitAppeal("Falsche Daten")),
    (MERCHANT, WithdrawAppeal()),
    (PLATFORM, DecideAppeal(Outcome.APPROVED)),
    (PLATFORM, DecideAppeal(Outcome.REJECTED)),
    (PLATFORM, LapseAppeal()),
]


def moves(world: World, rules: Rules) -> Iterator[Move]:
    """Time passes, facts change, drafts are begun, and every command on every appeal, sensible or not."""
    yield Move(world, "time passes", None, (), replace(world, today=min(world.today + 1, len(DAYS) - 1)))
    yield Move(world, "facts change", None, (), replace(world, holds=not world.holds))
    if len(world.live) < SLOTS:
        for kind in world.types:
            more = (*world.live, Live(kind, AppealStatus.DRAFT))
            yield Move(world, "drafted", None, (), replace(world, live=more))
    for index, live in enumerate(world.live):
        facts = world.facts(live.type, index)
        for actor, command in COMMANDS:
            verdict = rules.decide(facts, command, actor, world.now)
            if isinstance(verdict, Allowed):
                after = world
                for effect in verdict.effects:
                    after = _applied(after, index, effect)
                yield Move(world, command, live, verdict.effects, after)


def _applied(world: World, index: int, effect: AppealEffect | Effect) -> World:
    match effect:
        case FileAppeal():
            filed = replace(world.live[index], status=AppealStatus.SUBMITTED, filed=world.today)
            live = (*world.live[:index], filed, *world.live[index + 1 :])
            return replace(world, live=live)
        case CloseAppeal(_, status):
            world = replace(world, live=(*world.live[:index], *world.live[index + 1 :]))
            if status is AppealStatus.REJECTED:
                most = 4 if AppealType.REFUND in world.types else MANY
                return replace(world, rejected=min(world.rejected + 1, most))
            closed = {"withdrawn": world.withdrawn, "lapsed": world.lapsed, "approved": world.approved}
            closed[status] = True
            return replace(world, **closed)  # type: ignore[arg-type]
        case ReverseInfraction("V-1") | MoveRefunds("WO-1", ("r1",)):
            return replace(world, undone=True)
        case CorrectMetric(_, "WO-1"):
            return world
    raise AssertionError(effect)


def reachable(start: World, rules: Rules) -> tuple[set[World], list[Move]]:
    """All worlds that can come about, and every move between them."""
    seen, frontier, taken = {start}, [start], []
    while frontier:
        for move in moves(frontier.pop(), rules):
            taken.append(move)
            if move.after not in seen:
                seen.add(move.after)
                frontier.append(move.after)
    return seen, taken
