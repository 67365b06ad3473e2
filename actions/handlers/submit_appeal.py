"""Flow submit_appeal: subject, ground, evidence, a draft, a yes, the number of the appeal (W-01 to W-26)."""

from __future__ import annotations

import re

from actions.backend import AppealSnapshot, EvidenceRefused, IdempotencyKey, ScanItem
from actions.handlers import case as asking
from actions.handlers.appeal_confirming import AppealProposing, propose
from actions.handlers.base import FlowAction
from actions.handlers.case import Case
from actions.handlers.list_infractions import line
from actions.handlers.penalties import (
    carried,
    explain,
    find,
    for_sellers_only,
    ground_in,
    lacks_only_attachments,
    name_of,
    offer_steps,
    take_subject,
)
from actions.handlers.turn import Turn
from actions.policy import Allowed, Refused, Standing, SubjectKind, Undetermined

_EVERY = re.compile(
    r"\b(?:alle|allen|alles|sämtliche\w*|saemtliche\w*|all(?: of (?:them|it))?|everything|every)\b", re.I
)


_LEFT_OUT = (Standing.MISSING, Standing.UNKNOWN, Standing.REFERRED, Standing.LOST)


class SubmitAppeal(AppealProposing):
    """One penalty, or all that can be appealed now."""

    name = "submit_appeal"
    command = "submit"
    optional_text = True

    def take(self, turn: Turn, case: Case) -> None:
        case.text = ground_in(turn) or case.text
        take_subject(turn, case)
        case.every = case.every or bool(turn.value("every")) or self._all_meant(turn, case)

    def give(self, turn: Turn, case: Case) -> bool:
        attached = any(turn.value(name) for name in ("url", "evidence_id", "tracking_number"))
        return take_subject(turn, case) or attached

    @staticmethod
    def _all_meant(turn: Turn, case: Case) -> bool:
        return not (case.infraction_id or case.order_id) and not turn.pressed and bool(_EVERY.search(turn.text))

    async def run(self, turn: Turn, case: Case) -> None:
        if for_sellers_only(turn):
            return
        turn.case, case.seen_seq = case, turn.seq
        if case.every:
            await self._all(turn, case)
            return
        item = await find(turn, case)
        if item is not None:
            turn.penalty = carried(item)
            await self._one(turn, case, item)

    async def _one(self, turn: Turn, case: Case, item: ScanItem) -> None:
        _remember(case, item)
        if not (isinstance(item.option.verdict, Allowed) or lacks_only_attachments(item)):
            turn.case = None
            explain(turn, item)
            offer_steps(turn, item)
            return
        draft = await self._draft(turn, case, item)
        if draft is None or await self._ask(turn, case, draft, item):
            return
        await propose(turn, case, self, [draft.id])

    async def _draft(self, turn: Turn, case: Case, item: ScanItem) -> AppealSnapshot | None:
        """The stored draft with everything the message brought."""
        key = IdempotencyKey(turn.message_id, "draft", item.subject.id)
        drafted = await turn.backend.appeals.draft(
            turn.actor,
            item.type,
            item.subject,
            ground=case.text or "",
            origin="chat",
            key=key,
            conversation_id=turn.conversation_id,
        )
        if isinstance(drafted, Refused | Undetermined):
            turn.case = None
            explain(turn, item, drafted)
            return None
        case.appeal_id = drafted.id
        number = turn.value("tracking_number")
        ground = case.text if case.text and case.text != drafted.ground else None
        if ground or number:
            key = IdempotencyKey(turn.message_id, "edit", drafted.id)
            edited = await turn.backend.appeals.edit(
                drafted.id, turn.actor, ground=ground, tracking_number=number, origin="chat", key=key
            )
            drafted = edited if isinstance(edited, AppealSnapshot) else drafted
        if url := turn.value("url"):
            drafted = await _attach(turn, drafted, url)
        if any(evidence.id == turn.value("evidence_id") for evidence in drafted.evidence):  # uploaded just now
            turn.say("evidence_image_added")
        return drafted

    async def _ask(self, turn: Turn, case: Case, draft: AppealSnapshot, item: ScanItem) -> bool:
        """Ask for the one thing that is missing next; whether something was asked."""
        params = {"penalty": name_of(turn, item)}
        if not draft.ground:
            case.asked = asking.TEXT
            turn.say("ask_ground", **params)
            return True
        now = await turn.backend.appeals.check(turn.actor, item.type, item.subject)
        needs = now.option.needs if now is not None else ()
        if "tracking" in needs:
            case.asked = asking.TRACKING
            turn.say("ask_tracking", **params)
            return True
        if "proof" in needs:
            case.asked = asking.PROOF
            turn.say("ask_proof_link_unlisted" if draft.evidence else "ask_proof", **params)
            turn.custom["upload"] = {"appeal_id": draft.id}
            return True
        return False

    async def _all(self, turn: Turn, case: Case) -> None:
        items = await turn.backend.appeals.scan(turn.me.id)
        fitting = [item for item in items if item.option.standing is Standing.POSSIBLE]
        left_out = [item for item in items if item.option.standing in _LEFT_OUT]
        if not fitting:
            turn.case = None
            turn.say("appeal_all_none")
            turn.offer("button_my_penalties", "list_infractions")
            return
        if len(fitting) == 1 and not left_out:
            case.every = False
            await self._one(turn, case, fitting[0])
            return
        if not case.text:
            case.asked = asking.TEXT
            turn.say("ask_ground_all", count=len(fitting), penalties=[name_of(turn, item) for item in fitting])
            return
        if left_out:
            lines = [line(turn, item, alone=True) for item in left_out]
            turn.paragraphs.append("\n".join([turn.phrase("appeal_all_left_out"), *lines]))
        drafts = [await self._draft(turn, Case(flow=self.name, text=case.text), item) for item in fitting]
        await propose(turn, case, self, [draft.id for draft in drafts if draft is not None])


def _remember(case: Case, item: ScanItem) -> None:
    case.appeal_type = str(item.type)
    if item.subject.kind is SubjectKind.INFRACTION:
        case.infraction_id, case.order_id = item.subject.id, None
    else:
        case.order_id, case.infraction_id = item.subject.id, None


async def _attach(turn: Turn, draft: AppealSnapshot, url: str) -> AppealSnapshot:
    key = IdempotencyKey(turn.message_id, "attach", draft.id)
    try:
        attached = await turn.backend.appeals.attach(draft.id, turn.actor, link=url, origin="chat", key=key)
    except EvidenceRefused as refused:
        turn.say(f"evidence_{refused.code}")
        return draft
    if not isinstance(attached, AppealSnapshot):
        return draft
    turn.say("evidence_link_added")
    return attached


class ActionSubmitAppeal(FlowAction):
    """Intent submit_appeal."""

    flow = "submit_appeal"
