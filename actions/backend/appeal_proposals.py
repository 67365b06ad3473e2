"""Proposals about appeals: one or many as they were shown, and the yes that does exactly that (api.md, Confirmation).

A yes first claims the proposal for its message, if every item still is what was shown; then each appeal is changed in a
transaction of its own, under the key (message id, command, appeal id). After a crash in between, the same yes again
does the rest.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from actions.backend import codec, metrics
from actions.backend.appeal_drafts import no_appeal
from actions.backend.appeal_loading import load_appeal
from actions.backend.appeal_tables import AppealProposalRow, AppealRow
from actions.backend.appeal_views import (
    AppealConfirmation,
    AppealItem,
    AppealOutcome,
    AppealProposal,
    ProposedAppealCommand,
)
from actions.backend.appeals import Appeals
from actions.backend.clock import Clock
from actions.backend.columns import Json, new_id
from actions.backend.database import Database
from actions.backend.idempotency import KeyUse, first_result
from actions.backend.prepared import Kept, Prepared
from actions.backend.proposals import LIFETIME
from actions.backend.results import ConfirmStatus, IdempotencyKey
from actions.backend.tables import table
from actions.policy import Actor, Allowed, Limits, Refused, Role, SubmitAppeal, Undetermined, Verdict, WithdrawAppeal

_WAITING, _CLAIMED, _DONE, _DISCARDED = "waiting", "claimed", "done", "discarded"
_COMMANDS: dict[str, type[SubmitAppeal] | type[WithdrawAppeal]] = {"submit": SubmitAppeal, "withdraw": WithdrawAppeal}

# Made once: to build a statement costs more than to run it.
_table = table(AppealProposalRow)
_MINE = (_table.c.id == bindparam("proposal"), _table.c.conversation_id == bindparam("conversation"))
_FIND = Prepared(select(_table).where(*_MINE))
_LOCKED = Prepared(select(_table).where(*_MINE).with_for_update())
_NEW = Prepared(insert(_table), _table.columns.keys())
_REPLACE = Prepared(
    update(_table)
    .where(_table.c.conversation_id == bindparam("conversation"), _table.c.status == _WAITING)
    .values(status=_DISCARDED)
)
_DISCARD = Prepared(
    update(_table).where(*_MINE, _table.c.status == _WAITING).values(status=_DISCARDED).returning(_table.c.id)
)
_CLAIM = Prepared(
    update(_table)
    .where(_table.c.id == bindparam("proposal"))
    .values(status=_CLAIMED, confirmed_by=bindparam("message"))
)
_SETTLE = Prepared(
    update(_table)
    .where(_table.c.id == bindparam("proposal"), _table.c.status == _CLAIMED)
    .values(status=_DONE, outcomes=bindparam("results", type_=Json))
)


class AppealProposals:
    """Proposals belong to one person in one conversation; to anybody else they do not exist."""

    def __init__(self, database: Database, clock: Clock, limits: Limits, appeals: Appeals) -> None:
        self._database, self._clock, self._limits, self._appeals = database, clock, limits, appeals

    async def create(
        self, conversation_id: str, actor: Actor, command: ProposedAppealCommand, appeal_ids: Sequence[str]
    ) -> AppealProposal | Refused | Undetermined:
        """Store the command on those of the appeals that it is allowed on, or return why on none.

        Appeals that are not this person's do not exist. It replaces an earlier proposal about appeals in this
        conversation: an old yes no longer counts then.
        """

        def work(session: Session) -> AppealProposal | Refused | Undetermined:
            now = self._clock.read(session)
            found = [self._item(session, actor, command, id_, now) for id_ in dict.fromkeys(appeal_ids)]
            items = [item for item in found if item]
            shown = [
                _shown(row.id, row.version, item.verdict) for item, row in items if isinstance(item.verdict, Allowed)
            ]
            if not shown:
                return _why_not([item for item, _ in items], appeal_ids)
            allowed = tuple(item for item, _ in items if isinstance(item.verdict, Allowed))
            left_out = tuple(item for item, _ in items if not isinstance(item.verdict, Allowed))
            _REPLACE.run(session, {"conversation": conversation_id})
            new = {
                "id": new_id("Q"),
                "conversation_id": conversation_id,
                "actor_role": actor.role.value,
                "actor_id": actor.id,
                "command": command,
                "items": shown,
                "left_out": [item.appeal.id for item in left_out],
                "expires_at": now + LIFETIME,
                "real_expires_at": self._clock.real_now() + LIFETIME,
                "status": _WAITING,
                "confirmed_by": None,
                "outcomes": None,
            }
            _NEW.run(session, new)
            return _view(cast(AppealProposalRow, Kept(new)), allowed, left_out)

        return await self._database.write(work, short=True)

    async def get(self, proposal_id: str, conversation_id: str) -> AppealProposal | None:
        """The proposal while it waits for its yes, also after its time; None when answered, replaced or unknown."""

        def work(session: Session) -> AppealProposal | None:
            row = self._find(session, proposal_id, conversation_id, lock=False)
            return self._read(session, row) if row and row.status == _WAITING else None

        return await self._database.read(work)

    async def discard(self, proposal_id: str, conversation_id: str) -> bool:
        """The person said no. Whether there was something to discard."""
        mine = {"proposal": proposal_id, "conversation": conversation_id}
        return await self._database.write(lambda session: bool(_DISCARD.rows(session, mine)), short=True)

    async def confirm(
        self, proposal_id: str, conversation_id: str, actor: Actor, message_id: str
    ) -> AppealConfirmation:
        """Do to each appeal exactly what was shown; see ConfirmStatus for what else can come of it.

        Nothing is done unless all items are still as shown. The same message again gets the first result.
        """
        claim = await self._database.write(
            lambda session: self._claim(session, proposal_id, conversation_id, actor, message_id), short=True
        )
        if isinstance(claim, AppealConfirmation):
            return claim
        results = []
        for shown in claim.items:
            do = functools.partial(self._do, actor=actor, claim=claim, shown=shown)
            results.append(result := await self._database.write(do, short=True))
            metrics.carried_out(f"{claim.command}_appeal", "chat", done=result.allowed and not result.replayed)
        finish = functools.partial(self._finish, proposal_id=proposal_id, results=results)
        await self._database.write(finish, short=True)
        status = ConfirmStatus.EXECUTED if claim.said_by == message_id else ConfirmStatus.ALREADY_DONE
        return AppealConfirmation(status, claim.proposal, tuple(results))

    def _claim(
        self, session: Session, proposal_id: str, conversation_id: str, actor: Actor, message_id: str
    ) -> AppealConfirmation | _Claim:
        row = self._find(session, proposal_id, conversation_id, lock=True)
        if row is None or (row.actor_role, row.actor_id) != (actor.role.value, actor.id):
            return AppealConfirmation(ConfirmStatus.UNKNOWN)
        proposal = self._read(session, row)
        if row.status == _DONE:
            outcomes = tuple(replace(codec.decode(outcome), replayed=True) for outcome in row.outcomes or ())
            again = row.confirmed_by == message_id
            return AppealConfirmation(
                ConfirmStatus.EXECUTED if again else ConfirmStatus.ALREADY_DONE, proposal, outcomes
            )
        claim = _Claim(proposal, row.command, row.confirmed_by or message_id, tuple(row.items))
        if row.status == _CLAIMED:  # a yes that was interrupted
            return claim
        now = self._clock.read(session)
        outcomes = tuple(self._outlook(session, actor, claim, shown, now) for shown in claim.items)
        if row.status == _DISCARDED or now > row.expires_at or self._clock.real_now() > row.real_expires_at:
            return AppealConfirmation(ConfirmStatus.EXPIRED, proposal, outcomes)
        if not all(outcome.allowed for outcome in outcomes):
            possible = any(isinstance(outcome.verdict, Allowed) for outcome in outcomes)
            status = ConfirmStatus.CHANGED if possible else ConfirmStatus.REFUSED
            return AppealConfirmation(status, proposal, outcomes)
        _CLAIM.run(session, {"proposal": row.id, "message": message_id})
        return claim

    def _outlook(
        self, session: Session, actor: Actor, claim: _Claim, shown: dict[str, Any], now: datetime
    ) -> AppealOutcome:
        """What the item's command would do now, or what this message did already through another proposal."""
        appeal_id: str = shown["appeal_id"]
        first: AppealOutcome | None = first_result(session, claim.use(actor, appeal_id))
        if first is not None:
            return replace(first, replayed=True)
        found = load_appeal(session, appeal_id, lock=False)
        if found is None or found[0].actor != actor:
            return AppealOutcome(no_appeal(appeal_id), None)
        account, row = found
        verdict = self._appeals.judge(account, row, _COMMANDS[claim.command](), actor, now)
        changed = isinstance(verdict, Allowed) and not _as_shown(row, verdict, shown)
        return AppealOutcome(verdict, account.snapshot(row, now, self._limits), changed=changed)

    def _do(self, session: Session, *, actor: Actor, claim: _Claim, shown: dict[str, Any]) -> AppealOutcome:
        return self._appeals.carry_out(
            session,
            shown["appeal_id"],
            _COMMANDS[claim.command](),
            actor,
            claim.use(actor, shown["appeal_id"]),
            as_shown=lambda row, verdict: _as_shown(row, verdict, shown),
        )

    @staticmethod
    def _finish(session: Session, *, proposal_id: str, results: Sequence[AppealOutcome]) -> None:
        outcomes = [codec.encode(outcome) for outcome in results]
        _SETTLE.run(session, {"proposal": proposal_id, "results": outcomes})

    @staticmethod
    def _find(session: Session, proposal_id: str, conversation_id: str, *, lock: bool) -> AppealProposalRow | None:
        asked = {"proposal": proposal_id, "conversation": conversation_id}
        row: AppealProposalRow | None = (_LOCKED if lock else _FIND).first(session, asked)
        return row

    def _item(
        self, session: Session, actor: Actor, command: str, appeal_id: str, now: datetime
    ) -> tuple[AppealItem, AppealRow] | None:
        found = load_appeal(session, appeal_id, lock=False)
        if found is None or found[0].actor != actor:
            return None
        account, row = found
        verdict = self._appeals.judge(account, row, _COMMANDS[command](), actor, now)
        appeal = account.snapshot(row, now, self._limits)
        return AppealItem(appeal, verdict, appeal.last_day, appeal.attempt), row

    def _read(self, session: Session, row: AppealProposalRow) -> AppealProposal:
        """The proposal with its items as they are now."""
        actor, now = Actor(Role(row.actor_role), row.actor_id), self._clock.read(session)

        def items(appeal_ids: Sequence[str]) -> tuple[AppealItem, ...]:
            found = [self._item(session, actor, row.command, id_, now) for id_ in appeal_ids]
            return tuple(item[0] for item in found if item)

        return _view(row, items([shown["appeal_id"] for shown in row.items]), items(row.left_out))


@dataclass(frozen=True, slots=True)
class _Claim:
    """A yes that is being carried out, under the keys of the message that said it first."""

    proposal: AppealProposal
    command: str
    said_by: str
    items: tuple[dict[str, Any], ...]

    def use(self, actor: Actor, appeal_id: str) -> KeyUse:
        key = IdempotencyKey(self.said_by, self.command, appeal_id)
        return KeyUse(key, "chat", (appeal_id, _COMMANDS[self.command](), actor))


def _view(row: AppealProposalRow, items: tuple[AppealItem, ...], left_out: tuple[AppealItem, ...]) -> AppealProposal:
    command: ProposedAppealCommand = "submit" if row.command == "submit" else "withdraw"
    actor = Actor(Role(row.actor_role), row.actor_id)
    return AppealProposal(row.id, row.conversation_id, command, items, row.expires_at, actor, left_out)


def _shown(appeal_id: str, version: int, verdict: Allowed) -> dict[str, Any]:
    effects = [codec.encode(effect) for effect in verdict.effects]
    return {"appeal_id": appeal_id, "version": version, "effects": effects}


def _as_shown(row: AppealRow, verdict: Verdict, shown: dict[str, Any]) -> bool:
    return isinstance(verdict, Allowed) and _shown(row.id, row.version, verdict) == shown


def _why_not(items: Sequence[AppealItem], appeal_ids: Sequence[str]) -> Refused | Undetermined:
    reasons = [reason for item in items if isinstance(item.verdict, Refused) for reason in item.verdict.reasons]
    unknown = [item.verdict for item in items if isinstance(item.verdict, Undetermined)]
    if unknown and not reasons:
        return unknown[0]
    return Refused(tuple(reasons)) if reasons else no_appeal(next(iter(appeal_ids), ""))
