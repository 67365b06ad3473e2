"""Proposals: what was shown to somebody, and the yes that executes exactly that (api.md, Confirmation)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from actions.backend import codec, metrics
from actions.backend.clock import Clock
from actions.backend.columns import Json, new_id
from actions.backend.commands import Commands, Use, no_access, replay
from actions.backend.database import Database
from actions.backend.feedback import Said, ask
from actions.backend.handover_views import SettledCase
from actions.backend.order_store import Stored, load
from actions.backend.prepared import Kept, Prepared
from actions.backend.results import Confirmation, ConfirmStatus, IdempotencyKey, Outcome, Proposal
from actions.backend.tables import ProposalRow, table
from actions.policy import Actor, Allowed, Command, Effect, Limits, OpenDispute, Refused, Role, Undetermined, decide

LIFETIME = timedelta(minutes=10)
"""How long a yes counts (api.md), by the business clock and by real time."""

_WAITING, _DONE, _DISCARDED = "waiting", "done", "discarded"
# Made once: to build a statement costs more than to run it.
_table = table(ProposalRow)
_REPLACE = Prepared(
    update(_table)
    .where(
        _table.c.conversation_id == bindparam("conversation"),
        _table.c.order_id == bindparam("order"),
        _table.c.status == _WAITING,
    )
    .values(status=_DISCARDED)
)
_MINE = select(_table).where(
    _table.c.id == bindparam("proposal"), _table.c.conversation_id == bindparam("conversation")
)
_FIND, _LOCKED = Prepared(_MINE), Prepared(_MINE.with_for_update())
_NEW = Prepared(insert(_table), _table.columns.keys())
_SETTLE = Prepared(
    update(_table)
    .where(_table.c.id == bindparam("proposal"))
    .values(status=_DONE, confirmed_by=bindparam("message"), outcome=bindparam("result", type_=Json))
)
_DISCARD = Prepared(
    update(_table)
    .where(
        _table.c.id == bindparam("proposal"),
        _table.c.conversation_id == bindparam("conversation"),
        _table.c.status == _WAITING,
    )
    .values(status=_DISCARDED)
    .returning(_table.c.id)
)


class Proposals:
    """Proposals belong to one person in one conversation; to anybody else they do not exist."""

    def __init__(self, database: Database, clock: Clock, limits: Limits, commands: Commands) -> None:
        self._database, self._clock, self._limits, self._commands = database, clock, limits, commands

    async def create(
        self, conversation_id: str, actor: Actor, order_id: str, command: Command
    ) -> Proposal | Refused | Undetermined:
        """Store the command with the effects it would have now, or return why it may not be done.

        It replaces an earlier proposal of this conversation on this order: an old yes no longer counts then.
        """

        def work(session: Session) -> Proposal | Refused | Undetermined:
            stored = load(session, order_id, lock=False)
            if stored is None:
                return no_access(order_id)
            now = self._clock.read(session)
            verdict = decide(stored.facts(), command, actor, now, self._limits)
            if not isinstance(verdict, Allowed):
                return verdict
            _REPLACE.run(session, {"conversation": conversation_id, "order": order_id})
            new = {
                "id": new_id("P"),
                "conversation_id": conversation_id,
                "order_id": order_id,
                "actor_role": actor.role.value,
                "actor_id": actor.id,
                "command": codec.encode(command),
                "effects": [codec.encode(effect) for effect in verdict.effects],
                "order_version": stored.order.version,
                "made_at": now,
                "expires_at": now + LIFETIME,
                "real_expires_at": self._clock.real_now() + LIFETIME,
                "status": _WAITING,
                "confirmed_by": None,
                "outcome": None,
            }
            _NEW.run(session, new)
            return self._proposal(Kept(new), stored, now)

        return await self._database.write(work, short=True)

    async def get(self, proposal_id: str, conversation_id: str) -> Proposal | None:
        """The proposal while it waits for its yes, also after its time; None when answered, replaced or unknown."""

        def work(session: Session) -> Proposal | None:
            row = self._find(session, proposal_id, conversation_id, lock=False)
            stored = load(session, row.order_id, lock=False) if row and row.status == _WAITING else None
            return self._proposal(row, stored, self._clock.read(session)) if row and stored else None

        return await self._database.look(work)

    async def discard(self, proposal_id: str, conversation_id: str) -> bool:
        """The person said no. Whether there was something to discard."""
        mine = {"proposal": proposal_id, "conversation": conversation_id}
        return await self._database.write(lambda session: bool(_DISCARD.rows(session, mine)), short=True)

    async def confirm(
        self,
        proposal_id: str,
        conversation_id: str,
        actor: Actor,
        message_id: str,
        settles: Callable[[Command, str], SettledCase | None] = lambda command, order_id: None,
    ) -> Confirmation:
        """Execute the proposal, exactly as shown, in one transaction; see ConfirmStatus for what else can come of it.

        The same message again gets the first result. EXPIRED is also a proposal that was discarded or replaced.
        `settles` says which case a command on an order settles: whether that helped is asked in the same transaction.
        """
        said = Said(conversation_id, actor, message_id, self._clock.real_now())
        done = await self._database.upsert(
            lambda session: self._confirm(session, proposal_id, said, settles), short=True
        )
        if done.proposal is not None:
            executed = done.outcome is not None and not done.outcome.replayed
            metrics.carried_out(done.proposal.command.name, "chat", done=executed)
        return done

    def _confirm(
        self, session: Session, proposal_id: str, said: Said, settles: Callable[[Command, str], SettledCase | None]
    ) -> Confirmation:
        actor, message_id = said.actor, said.message_id
        row = self._find(session, proposal_id, said.conversation_id, lock=True)
        if row is None or (row.actor_role, row.actor_id) != (actor.role.value, actor.id):
            return Confirmation(ConfirmStatus.UNKNOWN)
        stored = load(session, row.order_id, lock=True)
        if stored is None:
            return Confirmation(ConfirmStatus.UNKNOWN)
        now = self._clock.read(session)
        proposal = self._proposal(row, stored, now)
        key = IdempotencyKey(message_id, proposal.command.name, row.order_id)
        use = Use(row.order_id, proposal.command, actor, key, "chat")

        def asked() -> str | None:
            settled = settles(proposal.command, row.order_id)
            return ask(session, said, settled) if settled else None

        if row.status == _DONE:
            first: Outcome = replace(codec.decode(row.outcome), replayed=True)
            again = row.confirmed_by == message_id
            status = ConfirmStatus.EXECUTED if again else ConfirmStatus.ALREADY_DONE
            return Confirmation(status, proposal, first.verdict, first, asked() if again else None)
        repeated = replay(session, use)
        if repeated is not None:  # this message did it already, through another proposal of the same content
            return Confirmation(ConfirmStatus.EXECUTED, proposal, repeated.verdict, repeated, asked())
        verdict = decide(stored.facts(), proposal.command, actor, now, self._limits)
        if row.status == _DISCARDED or now > row.expires_at or self._clock.real_now() > row.real_expires_at:
            return Confirmation(ConfirmStatus.EXPIRED, proposal, verdict)
        if not isinstance(verdict, Allowed):
            return Confirmation(ConfirmStatus.REFUSED, proposal, verdict)
        shown = _timeless(proposal.effects, row.made_at)
        if stored.order.version != row.order_version or _timeless(verdict.effects, now) != shown:
            return Confirmation(ConfirmStatus.CHANGED, proposal, verdict)

        questions: list[str | None] = []

        def done(outcome: Outcome) -> None:
            done = {"proposal": row.id, "message": message_id, "result": codec.encode(outcome)}
            _SETTLE.run(session, done)
            questions.append(asked())

        outcome = self._commands.carry_out(session, stored, now, verdict, use, done)
        return Confirmation(ConfirmStatus.EXECUTED, proposal, verdict, outcome, questions[0])

    @staticmethod
    def _find(session: Session, proposal_id: str, conversation_id: str, *, lock: bool) -> Any:
        asked = {"proposal": proposal_id, "conversation": conversation_id}
        return (_LOCKED if lock else _FIND).first(session, asked)

    def _proposal(self, row: Any, stored: Stored, now: datetime) -> Proposal:
        return Proposal(
            id=row.id,
            conversation_id=row.conversation_id,
            order_id=row.order_id,
            command=codec.decode(row.command),
            effects=tuple(codec.decode(effect) for effect in row.effects),
            order_version=row.order_version,
            expires_at=row.expires_at,
            actor=Actor(Role(row.actor_role), row.actor_id),
            order=stored.snapshot(now, self._limits),
        )


def _timeless(effects: Sequence[Effect], now: datetime) -> list[tuple[Effect, timedelta | None]]:
    """The effects with a deadline counted from now: it moves with the clock and is no other effect for that."""
    return [
        (replace(effect, due_at=None), effect.due_at - now)
        if isinstance(effect, OpenDispute) and effect.due_at
        else (effect, None)
        for effect in effects
    ]
