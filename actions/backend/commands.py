"""Commands on orders: load with lock, decide, change, audit, notify; one transaction each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from sqlalchemy.orm import Session

from actions.backend import metrics
from actions.backend.changes import Changes
from actions.backend.clock import Clock
from actions.backend.database import Database
from actions.backend.errors import VersionChanged
from actions.backend.idempotency import KeyUse, first_result, keep
from actions.backend.order_store import Stored, load
from actions.backend.results import IdempotencyKey, Outcome
from actions.policy import Actor, Allowed, Command, Limits, Option, Reason, Refused, Verdict, available, decide

T = TypeVar("T")


def no_access(order_id: str) -> Refused:
    """The refusal for an order that does not exist: the same as for somebody else's order (M-04)."""
    return Refused((Reason("M-04", "no_access", {"order_id": order_id}),))


@dataclass(frozen=True, slots=True)
class Use:
    """One use of a command: who asks for what, under which key, from where (chat or api)."""

    order_id: str
    command: Command
    actor: Actor
    key: IdempotencyKey
    origin: str

    @property
    def keyed(self) -> KeyUse:
        """The use of the key."""
        return KeyUse(self.key, self.origin, (self.order_id, self.command, self.actor))


class Commands:
    """Executing and judging commands."""

    def __init__(self, database: Database, clock: Clock, limits: Limits) -> None:
        self._database, self._clock, self._limits = database, clock, limits

    async def execute(
        self,
        order_id: str,
        command: Command,
        actor: Actor,
        *,
        key: IdempotencyKey,
        expected_version: int | None = None,
        origin: str = "api",
    ) -> Outcome:
        """Execute the command if the rules allow it; a refused one writes nothing.

        The same key again returns the first result with `replayed`; with other content it raises IdempotencyConflict.
        VersionChanged if `expected_version` is given and no longer true. `origin` is "chat" for somebody whom the chat
        itself answers: they get no copy of the notices (M-19).
        """
        use = Use(order_id, command, actor, key, origin)

        def work(session: Session) -> Outcome:
            stored = load(session, order_id, lock=True)
            first = replay(session, use)
            if first is not None:
                return first
            if stored is None:
                return Outcome(no_access(order_id), None)
            now = self._clock.read(session)
            verdict = decide(stored.facts(), command, actor, now, self._limits)
            if not isinstance(verdict, Allowed):
                seen = stored.snapshot(now, self._limits) if stored.facts().is_party(actor) else None
                return Outcome(verdict, seen)
            if expected_version is not None and stored.order.version != expected_version:
                raise VersionChanged(f"{order_id} is at version {stored.order.version}, not {expected_version}")
            return self.carry_out(session, stored, now, verdict, use)

        outcome = await self._database.write(work, short=True)
        executed = isinstance(outcome.verdict, Allowed) and not outcome.replayed
        metrics.carried_out(command.name, origin, done=executed)
        return outcome

    def carry_out(
        self,
        session: Session,
        stored: Stored,
        now: datetime,
        verdict: Allowed,
        use: Use,
        also: Callable[[Outcome], None] = lambda outcome: None,
    ) -> Outcome:
        """Write an allowed command, whose order is locked in this session, and keep its result under the key.

        `also` may change more rows of the session before the audit row, which comes last, is numbered.
        """
        changes = Changes(session, stored, now, self._clock.real_now(), self._limits)
        changes.expire()
        opened = changes.apply(
            verdict.effects, verdict.rules, use.command, use.actor, origin=use.origin, key=use.keyed.text
        )
        outcome = Outcome(verdict, stored.snapshot(now, self._limits), dispute_id=opened)
        keep(session, use.keyed, outcome, self._clock.real_now())
        also(outcome)
        changes.finish()
        return outcome

    async def preview(self, order_id: str, command: Command, actor: Actor, at: datetime | None = None) -> Verdict:
        """The verdict on the command now, or at the aware instant `at`, on the facts as they are now."""

        def judge(stored: Stored, now: datetime) -> Verdict:
            return decide(stored.facts(), command, actor, now, self._limits)

        return await self._look(order_id, at, judge) or no_access(order_id)

    async def options(self, order_id: str, actor: Actor, at: datetime | None = None) -> tuple[Option, ...]:
        """Every command of this actor's role with its verdict now or at `at`; nothing for an unknown order."""

        def judge(stored: Stored, now: datetime) -> tuple[Option, ...]:
            return available(stored.facts(), actor, now, self._limits)

        return await self._look(order_id, at, judge) or ()

    async def _look(self, order_id: str, at: datetime | None, judge: Callable[[Stored, datetime], T]) -> T | None:
        def work(session: Session) -> T | None:
            stored = load(session, order_id, lock=False)
            return None if stored is None else judge(stored, at or self._clock.read(session))

        return await self._database.look(work)


def replay(session: Session, use: Use) -> Outcome | None:
    """The first result under this key, if there is one. IdempotencyConflict if it belongs to other content."""
    outcome: Outcome | None = first_result(session, use.keyed)
    return None if outcome is None else replace(outcome, replayed=True)
