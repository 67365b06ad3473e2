"""Appeals for the marketplace: the scan, drafts, commands, the review queue and decisions."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import msgspec
from aiohttp import web

from actions.backend import (
    AppealOutcome,
    AppealSnapshot,
    BadValue,
    DatabaseUnavailable,
    EvidenceRefused,
    IdempotencyConflict,
    IdempotencyKey,
    ScanItem,
)
from actions.backend.idempotency import KeyUse
from actions.policy import (
    Actor,
    Allowed,
    AppealStatus,
    Outcome,
    Refused,
    Role,
    Subject,
    SubjectKind,
    SubmitAppeal,
    Undetermined,
    WithdrawAppeal,
)
from bot.gateway import encoding
from bot.gateway.operations import json_response
from bot.gateway.permission import OperatorCall
from bot.gateway.problems import Problem, idempotency_conflict, not_found
from bot.gateway.schemas import appeals as schemas
from bot.gateway.schemas.commands import IdempotencyHeaders
from bot.gateway.schemas.events import AuditTrail
from bot.gateway.views.verdicts import effect_json, no_access, reasons_out, refused, verdict_name

_ORIGIN = "api"


async def get_appealable(
    call: OperatorCall, path: schemas.SellerPath, query: schemas.AppealableQuery
) -> schemas.ScanOut:
    """Everything this merchant could appeal, now or at another instant: verdict, reasons, last day, attempts."""
    backend = call.services.backend
    at = encoding.utc(query.at) if query.at else await backend.clock.now()
    items = await backend.appeals.scan(path.id, at=at)
    return schemas.ScanOut(seller_id=path.id, at=at, subjects=tuple(_item(item) for item in items))


async def post_appeal(call: OperatorCall, headers: schemas.OptionalKeyHeaders, body: schemas.DraftIn) -> web.Response:
    """Begin an appeal (201). If this is being appealed already, the open appeal is answered (200).

    There is no draft of what could not be filed now even with every piece of evidence.
    """
    subject = Subject(SubjectKind(body.subject.kind), body.subject.id)
    key = IdempotencyKey(headers.idempotency_key or uuid4().hex, "draft", subject.id)
    appeals = call.services.backend.appeals
    try:
        actor = Actor(Role.SELLER, body.seller_id)
        drafted = await appeals.draft(actor, body.type, subject, ground=body.ground, origin=_ORIGIN, key=key)
    except IdempotencyConflict:
        raise idempotency_conflict() from None
    if isinstance(drafted, Refused | Undetermined):
        if no_access(drafted):
            raise not_found("subject_not_found", "there is no such order or infraction of this seller")
        raise refused(call, "draft_appeal", subject.id, drafted)
    call.services.dispatch_loop.kick()  # beginning one may have made visible that an older one lapsed
    begun = (await appeals.events(drafted.id))[0]
    is_new = begun.data.get("key") == KeyUse(key, _ORIGIN, ()).text
    return json_response(appeal_out(drafted), 201 if is_new else 200)


async def get_appeals(call: OperatorCall, query: schemas.QueueQuery) -> schemas.QueueOut:
    """The review queue: submitted appeals by the end of their window, then drafts, then those that ended."""
    status = AppealStatus(query.status) if query.status else None
    try:
        page = await call.services.backend.appeals.queue(status, query.seller, query.after, query.limit)
    except BadValue:
        if query.after is None:
            raise
        raise not_found("cursor_unknown", "this `after` was never handed out as `next`") from None
    return schemas.QueueOut(appeals=tuple(appeal_out(appeal) for appeal in page.appeals), next=page.next)


async def get_appeal(call: OperatorCall, path: schemas.AppealPath) -> schemas.AppealOut:
    """An appeal with its evidence."""
    return appeal_out(await _known(call, path.id))


async def get_appeal_events(call: OperatorCall, path: schemas.AppealPath) -> AuditTrail:
    """The audit trail of an appeal: every change with its rules. Notices are in the feed of all events."""
    await _known(call, path.id)
    events = await call.services.backend.appeals.events(path.id)
    return AuditTrail(events=tuple(event.to_json() for event in events))


async def post_appeal_command(
    call: OperatorCall, path: schemas.AppealPath, headers: IdempotencyHeaders, body: schemas.AppealCommandIn
) -> schemas.AppealCommandOut:
    """Execute a command for the merchant whose appeal it is. A refusal names every rule that stands in the way."""
    appeal = await _known(call, path.id)
    try:
        return await _execute(call, appeal, headers.idempotency_key, body)
    except IdempotencyConflict:
        raise idempotency_conflict() from None
    except EvidenceRefused as refused:
        raise Problem(409, refused.code, str(refused)) from None


async def post_decision(
    call: OperatorCall, path: schemas.AppealPath, headers: schemas.OptionalKeyHeaders, body: schemas.DecisionIn
) -> schemas.AppealCommandOut:
    """Approve or reject a submitted appeal. Refused after its window, as configured, and for what is not submitted."""
    value = headers.idempotency_key
    key = IdempotencyKey(value, "decide", path.id) if value else None
    try:
        outcome = await call.services.backend.appeals.decide(path.id, Outcome(body.outcome), body.reason, key=key)
    except IdempotencyConflict:
        raise idempotency_conflict() from None
    return _done(call, "decide", outcome)


async def _execute(
    call: OperatorCall, appeal: AppealSnapshot, key_value: str, body: schemas.AppealCommandIn
) -> schemas.AppealCommandOut:
    appeals, actor = call.services.backend.appeals, Actor(Role.SELLER, appeal.seller_id)
    match body:
        case schemas.SubmitAppealIn() | schemas.WithdrawAppealIn():
            command = SubmitAppeal(body.ground) if isinstance(body, schemas.SubmitAppealIn) else WithdrawAppeal()
            key = IdempotencyKey(key_value, command.name, appeal.id)
            outcome = await appeals.execute(appeal.id, command, actor, key=key, origin=_ORIGIN)
            return _done(call, command.name, outcome)
        case schemas.AttachEvidenceIn():
            name = "attach_evidence"
            key = IdempotencyKey(key_value, name, appeal.id)
            changed = await appeals.attach(appeal.id, actor, link=body.url, origin=_ORIGIN, key=key)
        case schemas.EditAppealIn():
            name = "edit"
            key = IdempotencyKey(key_value, name, appeal.id)
            given: dict[str, Any] = {"ground": body.ground, "tracking_number": body.tracking_number}
            changed = await appeals.edit(appeal.id, actor, **given, origin=_ORIGIN, key=key)
    if isinstance(changed, Refused):
        raise refused(call, f"{name}_appeal", appeal.id, changed)
    return schemas.AppealCommandOut(
        command=name,  # type: ignore[arg-type]
        replayed=None,
        rules=(),
        effects=(),
        appeal=appeal_out(changed),
    )


def _done(call: OperatorCall, name: str, outcome: AppealOutcome) -> schemas.AppealCommandOut:
    verdict = outcome.verdict
    if not isinstance(verdict, Allowed):
        if no_access(verdict):
            raise _appeal_not_found()
        raise refused(call, f"{name}_appeal", outcome.appeal.id if outcome.appeal else None, verdict)
    if outcome.appeal is None:
        raise DatabaseUnavailable("an executed command without its appeal")
    call.services.dispatch_loop.kick()
    return schemas.AppealCommandOut(
        command=name,  # type: ignore[arg-type]
        replayed=outcome.replayed,
        rules=verdict.rules,
        effects=tuple(effect_json(effect) for effect in verdict.effects),
        appeal=appeal_out(outcome.appeal),
    )


async def _known(call: OperatorCall, appeal_id: str) -> AppealSnapshot:
    appeal = await call.services.backend.appeals.get(appeal_id)
    if appeal is None:
        raise _appeal_not_found()
    return appeal


def _appeal_not_found() -> Problem:
    return not_found("appeal_not_found", "there is no such appeal")


def appeal_out(appeal: AppealSnapshot) -> schemas.AppealOut:
    """An appeal as in the contract."""
    return msgspec.convert(appeal.to_json(), schemas.AppealOut)


def _item(item: ScanItem) -> schemas.AppealableOut:
    option, window = item.option, item.option.window
    verdict = option.verdict
    return schemas.AppealableOut(
        type=item.type,
        subject=schemas.SubjectOut(kind=item.subject.kind.value, id=item.subject.id),
        title=item.title,
        order_id=item.order_id,
        infraction_id=item.infraction_id,
        standing=option.standing.value,
        verdict=verdict_name(verdict),
        rules=() if isinstance(verdict, Refused) else verdict.rules,
        reasons=reasons_out(verdict) if isinstance(verdict, Refused) else (),
        missing=verdict.missing if isinstance(verdict, Undetermined) else (),
        needs=option.needs,
        anchor=window.anchor if window else None,
        anchor_at=window.anchor_at if window else None,
        closes_at=window.closes_at if window else None,
        last_day=window.last_day if window else None,
        days_left=option.days_left,
        is_urgent=option.is_urgent,
        attempt=option.attempt,
        attempts_limit=option.attempts,
        appeal=appeal_out(item.appeal) if item.appeal else None,
    )
