"""What `Backend.appeals` offers. A command loads with lock, decides, changes, audits, notifies: one transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from actions.backend import metrics
from actions.backend.appeal_drafts import AppealDrafts, no_appeal
from actions.backend.appeal_loading import load_appeal
from actions.backend.appeal_store import Account
from actions.backend.appeal_tables import AppealRow
from actions.backend.appeal_views import AppealOutcome
from actions.backend.idempotency import KeyUse, first_result, keep
from actions.backend.results import IdempotencyKey
from actions.policy import (
    PLATFORM,
    Actor,
    Allowed,
    DecideAppeal,
    Outcome,
    Role,
    SubmitAppeal,
    Verdict,
    WithdrawAppeal,
    decide,
)
from actions.policy.commands import AppealCommand

Judged = Callable[[AppealRow, Verdict], bool]


class Appeals(AppealDrafts):
    """Reading (appeal_reading), drafts (appeal_drafts), and the commands that the rules decide on."""

    async def execute(
        self,
        appeal_id: str,
        command: SubmitAppeal | WithdrawAppeal,
        actor: Actor,
        *,
        key: IdempotencyKey,
        origin: str = "api",
    ) -> AppealOutcome:
        """Submit or withdraw if the rules allow it; a refused command writes nothing.

        SubmitAppeal without a ground takes the draft's. The same key again returns the first result with `replayed`;
        with other content it raises IdempotencyConflict. `origin` "chat": the chat itself answers, no copy is sent.
        """
        use = KeyUse(key, origin, (appeal_id, command, actor))
        done = await self._database.write(
            lambda session: self.carry_out(session, appeal_id, command, actor, use), short=True
        )
        metrics.carried_out(f"{command.name}_appeal", origin, done=done.allowed and not done.replayed)
        return done

    async def decide(
        self, appeal_id: str, outcome: Outcome, reason: str = "", *, key: IdempotencyKey | None = None
    ) -> AppealOutcome:
        """The platform approves or rejects a submitted appeal (W-21).

        Approval reverses the infraction, or moves the refunds, in the same transaction. Refused after the window, as
        the switch says (Q15), and for what is no longer open.
        """
        command = DecideAppeal(outcome, reason.strip())
        use = KeyUse(key, "api", (appeal_id, command)) if key else None
        done = await self._database.write(
            lambda session: self.carry_out(session, appeal_id, command, PLATFORM, use), short=True
        )
        metrics.carried_out("decide_appeal", "api", done=done.allowed and not done.replayed)
        return done

    def carry_out(
        self,
        session: Session,
        appeal_id: str,
        command: AppealCommand,
        actor: Actor,
        use: KeyUse | None,
        as_shown: Judged = lambda row, verdict: True,
        also: Callable[[AppealOutcome], None] = lambda outcome: None,
    ) -> AppealOutcome:
        """One command on one appeal in this session's transaction, of which it is the last step.

        `as_shown` says whether an allowed command would still do what somebody was shown; if not, nothing is done.
        `also` may write more before the audit row, which comes last, is numbered; it is called with what is returned.
        """

        def told(outcome: AppealOutcome) -> AppealOutcome:
            also(outcome)
            return outcome

        found = load_appeal(session, appeal_id, lock=True)
        if found is None or (actor.role is not Role.PLATFORM and found[0].actor != actor):
            return told(AppealOutcome(no_appeal(appeal_id), None))
        account, row = found
        first: AppealOutcome | None = first_result(session, use) if use else None
        if first is not None:
            return told(replace(first, replayed=True))
        now = self._clock.read(session)
        verdict = self.judge(account, row, command, actor, now)
        if not isinstance(verdict, Allowed) or not as_shown(row, verdict):
            snapshot = account.snapshot(row, now, self._limits)
            return told(AppealOutcome(verdict, snapshot, changed=isinstance(verdict, Allowed)))
        changes = self._changes(session, account, now)
        if isinstance(command, SubmitAppeal) and command.ground.strip():
            row.ground = command.ground.strip()
        origin = use.origin if use else "api"
        changes.apply(row, verdict, command, actor, origin=origin, key=use.text if use else None)
        outcome = AppealOutcome(verdict, account.snapshot(row, now, self._limits))
        if use is not None:
            keep(session, use, outcome, self._clock.real_now())
        also(outcome)
        changes.finish()
        return outcome

    def judge(self, account: Account, row: AppealRow, command: AppealCommand, actor: Actor, now: datetime) -> Verdict:
        """The verdict on the command, with the draft's ground where it brings none."""
        if isinstance(command, SubmitAppeal) and not command.ground.strip():
            command = SubmitAppeal(row.ground)
        return decide(account.of(row), command, actor, now, self._limits)
