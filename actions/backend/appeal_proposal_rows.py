"""Proposals about appeals in their table: the statements, and what a stored one means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from actions.backend import codec
from actions.backend.appeal_drafts import no_appeal
from actions.backend.appeal_tables import AppealProposalRow, AppealRow
from actions.backend.appeal_views import AppealItem, AppealProposal, ProposedAppealCommand
from actions.backend.columns import Json
from actions.backend.idempotency import KeyUse
from actions.backend.prepared import Prepared
from actions.backend.results import IdempotencyKey
from actions.backend.tables import table
from actions.policy import Actor, Allowed, Refused, Role, SubmitAppeal, Undetermined, Verdict, WithdrawAppeal

WAITING, CLAIMED, DONE, DISCARDED = "waiting", "claimed", "done", "discarded"
COMMANDS: dict[str, type[SubmitAppeal] | type[WithdrawAppeal]] = {"submit": SubmitAppeal, "withdraw": WithdrawAppeal}

# Made once: to build a statement costs more than to run it.
_table = table(AppealProposalRow)
_MINE = (_table.c.id == bindparam("proposal"), _table.c.conversation_id == bindparam("conversation"))
_FIND = Prepared(select(_table).where(*_MINE))
_LOCKED = Prepared(select(_table).where(*_MINE).with_for_update())
NEW = Prepared(insert(_table), _table.columns.keys())
REPLACE = Prepared(
    update(_table)
    .where(_table.c.conversation_id == bindparam("conversation"), _table.c.status == WAITING)
    .values(status=DISCARDED)
)
DISCARD = Prepared(
    update(_table).where(*_MINE, _table.c.status == WAITING).values(status=DISCARDED).returning(_table.c.id)
)
CLAIM = Prepared(
    update(_table).where(_table.c.id == bindparam("proposal")).values(status=CLAIMED, confirmed_by=bindparam("message"))
)
SETTLE = Prepared(
    update(_table)
    .where(_table.c.id == bindparam("proposal"), _table.c.status == CLAIMED)
    .values(status=DONE, outcomes=bindparam("results", type_=Json))
)


def find(session: Session, proposal_id: str, conversation_id: str, *, lock: bool) -> AppealProposalRow | None:
    """The proposal of this conversation. With `lock` nobody else answers it meanwhile."""
    asked = {"proposal": proposal_id, "conversation": conversation_id}
    row: AppealProposalRow | None = (_LOCKED if lock else _FIND).first(session, asked)
    return row


@dataclass(frozen=True, slots=True)
class Claim:
    """A yes that is being carried out, under the keys of the message that said it first."""

    proposal: AppealProposal
    command: str
    said_by: str
    items: tuple[dict[str, Any], ...]

    def use(self, actor: Actor, appeal_id: str) -> KeyUse:
        """The key under which one of the appeals is changed."""
        key = IdempotencyKey(self.said_by, self.command, appeal_id)
        return KeyUse(key, "chat", (appeal_id, COMMANDS[self.command](), actor))


def view(row: AppealProposalRow, items: tuple[AppealItem, ...], left_out: tuple[AppealItem, ...]) -> AppealProposal:
    """The proposal as it is handed out."""
    command: ProposedAppealCommand = "submit" if row.command == "submit" else "withdraw"
    actor = Actor(Role(row.actor_role), row.actor_id)
    return AppealProposal(row.id, row.conversation_id, command, items, row.expires_at, actor, left_out)


def shown(appeal_id: str, version: int, verdict: Allowed) -> dict[str, Any]:
    """An item of a proposal as it is stored."""
    effects = [codec.encode(effect) for effect in verdict.effects]
    return {"appeal_id": appeal_id, "version": version, "effects": effects}


def as_shown(row: AppealRow, verdict: Verdict, stored: dict[str, Any]) -> bool:
    """Whether the verdict is what was shown."""
    return isinstance(verdict, Allowed) and shown(row.id, row.version, verdict) == stored


def why_not(items: Sequence[AppealItem], appeal_ids: Sequence[str]) -> Refused | Undetermined:
    """Why nothing could be proposed."""
    reasons = [reason for item in items if isinstance(item.verdict, Refused) for reason in item.verdict.reasons]
    unknown = [item.verdict for item in items if isinstance(item.verdict, Undetermined)]
    if unknown and not reasons:
        return unknown[0]
    return Refused(tuple(reasons)) if reasons else no_appeal(next(iter(appeal_ids), ""))
