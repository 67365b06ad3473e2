"""Proposals about appeals: one or many as they were shown, and the yes that does exactly that (api.md, Confirmation).

A yes to one appeal is one transaction. A yes to several first claims the proposal for its message, if every item still
is what was shown; then each appeal is changed in a transaction of its own, under the key (message id, command, appeal
id). After a crash in between, the same yes again does the rest.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from sqlalchemy.orm import Session

from actions.backend import appeal_proposal_rows as rows
from actions.backend import codec, metrics
from actions.backend.appeal_drafts import no_appeal
from actions.backend.appeal_loading import load_appeal
from actions.backend.appeal_proposal_rows import Claim
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
from actions.backend.columns import new_id
from actions.backend.database import Database
from actions.backend.feedback import Said, ask
from actions.backend.handover_views import SettledCase
from actions.backend.idempotency import first_result
from actions.backend.prepared import Kept
from actions.backend.proposals import LIFETIME
from actions.backend.results import ConfirmStatus
from actions.policy import Actor, Allowed, Limits, Refused, Role, Undetermined

Settles = Callable[[str, Sequence[AppealOutcome]], SettledCase | None]


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
                rows.shown(row.id, row.version, item.verdict)
                for item, row in items
                if isinstance(item.verdict, Allowed)
            ]
            if not shown:
                return rows.why_not([item for item, _ in items], appeal_ids)
            allowed = tuple(item for item, _ in items if isinstance(item.verdict, Allowed))
            left_out = tuple(item for item, _ in items if not isinstance(item.verdict, Allowed))
            rows.REPLACE.run(session, {"conversation": conversation_id})
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
                "status": rows.WAITING,
                "confirmed_by": None,
                "outcomes": None,
            }
            rows.NEW.run(session, new)
            return rows.view(cast(AppealProposalRow, Kept(new)), allowed, left_out)

        return await self._database.write(work, short=True)

    async def get(self, proposal_id: str, conversation_id: str) -> AppealProposal | None:
        """The proposal while it waits for its yes, also after its time; None when answered, replaced or unknown."""

        def work(session: Session) -> AppealProposal | None:
            row = rows.find(session, proposal_id, conversation_id, lock=False)
            return self._read(session, row) if row and row.status == rows.WAITING else None

        return await self._database.read(work)

    async def discard(self, proposal_id: str, conversation_id: str) -> bool:
        """The person said no. Whether there was something to discard."""
        mine = {"proposal": proposal_id, "conversation": conversation_id}
        return await self._database.write(lambda session: bool(rows.DISCARD.rows(session, mine)), short=True)

    async def confirm(
        self,
        proposal_id: str,
        conversation_id: str,
        actor: Actor,
        message_id: str,
        settles: Settles = lambda command, results: None,
    ) -> AppealConfirmation:
        """Do to each appeal exactly what was shown; see ConfirmStatus for what else can come of it.

        Nothing is done unless all items are still as shown. The same message again gets the first result. `settles`
        says which case a command with these results settles: whether that helped is asked with the last step.
        """
        said = Said(conversation_id, actor, message_id, self._clock.real_now())
        begun = await self._database.upsert(
            lambda session: self._begin(session, proposal_id, said, settles), short=True
        )
        if isinstance(begun, AppealConfirmation):
            return begun
        claim, results, asked = begun
        if not results:
            for shown in claim.items:
                do = functools.partial(self._do, actor=actor, claim=claim, shown=shown)
                results.append(await self._database.write(do, short=True))
            settle = functools.partial(self._settle, claim=claim, results=results, said=said, settles=settles)
            asked = await self._database.upsert(settle, short=True)
        for result in results:
            metrics.carried_out(f"{claim.command}_appeal", "chat", done=result.allowed and not result.replayed)
        status = ConfirmStatus.EXECUTED if claim.said_by == message_id else ConfirmStatus.ALREADY_DONE
        return AppealConfirmation(status, claim.proposal, tuple(results), asked)

    def _begin(
        self, session: Session, proposal_id: str, said: Said, settles: Settles
    ) -> AppealConfirmation | tuple[Claim, list[AppealOutcome], str | None]:
        """The claim. A proposal about one appeal is carried out at once, in the same transaction."""
        claim = self._claim(session, proposal_id, said, settles)
        if isinstance(claim, AppealConfirmation):
            return claim
        results: list[AppealOutcome] = []
        asked: list[str | None] = []

        def done(outcome: AppealOutcome) -> None:
            results.append(outcome)
            asked.append(self._settle(session, claim=claim, results=results, said=said, settles=settles))

        if len(claim.items) == 1:
            self._do(session, actor=said.actor, claim=claim, shown=claim.items[0], also=done)
        return claim, results, asked[0] if asked else None

    def _claim(self, session: Session, proposal_id: str, said: Said, settles: Settles) -> AppealConfirmation | Claim:
        actor, message_id = said.actor, said.message_id
        row = rows.find(session, proposal_id, said.conversation_id, lock=True)
        if row is None or (row.actor_role, row.actor_id) != (actor.role.value, actor.id):
            return AppealConfirmation(ConfirmStatus.UNKNOWN)
        proposal = self._read(session, row)
        if row.status == rows.DONE:
            outcomes = tuple(replace(codec.decode(outcome), replayed=True) for outcome in row.outcomes or ())
            if row.confirmed_by != message_id:
                return AppealConfirmation(ConfirmStatus.ALREADY_DONE, proposal, outcomes)
            settled = settles(row.command, outcomes)
            asked = ask(session, said, settled) if settled else None
            return AppealConfirmation(ConfirmStatus.EXECUTED, proposal, outcomes, asked)
        claim = Claim(proposal, row.command, row.confirmed_by or message_id, tuple(row.items))
        if row.status == rows.CLAIMED:  # a yes that was interrupted
            return claim
        now = self._clock.read(session)
        outcomes = tuple(self._outlook(session, actor, claim, shown, now) for shown in claim.items)
        if row.status == rows.DISCARDED or now > row.expires_at or self._clock.real_now() > row.real_expires_at:
            return AppealConfirmation(ConfirmStatus.EXPIRED, proposal, outcomes)
        if not all(outcome.allowed for outcome in outcomes):
            possible = any(isinstance(outcome.verdict, Allowed) for outcome in outcomes)
            status = ConfirmStatus.CHANGED if possible else ConfirmStatus.REFUSED
            return AppealConfirmation(status, proposal, outcomes)
        rows.CLAIM.run(session, {"proposal": row.id, "message": message_id})
        return claim

    def _outlook(
        self, session: Session, actor: Actor, claim: Claim, shown: dict[str, Any], now: datetime
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
        verdict = self._appeals.judge(account, row, rows.COMMANDS[claim.command](), actor, now)
        changed = isinstance(verdict, Allowed) and not rows.as_shown(row, verdict, shown)
        return AppealOutcome(verdict, account.snapshot(row, now, self._limits), changed=changed)

    def _do(
        self,
        session: Session,
        *,
        actor: Actor,
        claim: Claim,
        shown: dict[str, Any],
        also: Callable[[AppealOutcome], None] = lambda outcome: None,
    ) -> AppealOutcome:
        return self._appeals.carry_out(
            session,
            shown["appeal_id"],
            rows.COMMANDS[claim.command](),
            actor,
            claim.use(actor, shown["appeal_id"]),
            as_shown=lambda row, verdict: rows.as_shown(row, verdict, shown),
            also=also,
        )

    @staticmethod
    def _settle(
        session: Session, *, claim: Claim, results: Sequence[AppealOutcome], said: Said, settles: Settles
    ) -> str | None:
        """All is done; the question whether it helped."""
        outcomes = [codec.encode(outcome) for outcome in results]
        rows.SETTLE.run(session, {"proposal": claim.proposal.id, "results": outcomes})
        settled = settles(claim.command, results) if claim.said_by == said.message_id else None
        return ask(session, said, settled) if settled else None

    def _item(
        self, session: Session, actor: Actor, command: str, appeal_id: str, now: datetime
    ) -> tuple[AppealItem, AppealRow] | None:
        found = load_appeal(session, appeal_id, lock=False)
        if found is None or found[0].actor != actor:
            return None
        account, row = found
        verdict = self._appeals.judge(account, row, rows.COMMANDS[command](), actor, now)
        appeal = account.snapshot(row, now, self._limits)
        return AppealItem(appeal, verdict, appeal.last_day, appeal.attempt), row

    def _read(self, session: Session, row: AppealProposalRow) -> AppealProposal:
        """The proposal with its items as they are now."""
        actor, now = Actor(Role(row.actor_role), row.actor_id), self._clock.read(session)

        def items(appeal_ids: Sequence[str]) -> tuple[AppealItem, ...]:
            found = [self._item(session, actor, row.command, id_, now) for id_ in appeal_ids]
            return tuple(item[0] for item in found if item)

        return rows.view(row, items([shown["appeal_id"] for shown in row.items]), items(row.left_out))
