"""Commands on an order, and what somebody may do with it: the same decision as in the chat."""

from __future__ import annotations

from actions.backend import DatabaseUnavailable, IdempotencyConflict, IdempotencyKey, OrderSnapshot, Outcome
from actions.policy import (
    Accept,
    Actor,
    Allowed,
    AnswerUpdate,
    Decline,
    ForceCancel,
    OpenDispute,
    Option,
    OrderCommand,
    Refused,
    RequestCancellation,
    RequestExtension,
    RequestUpdate,
    Role,
    Undetermined,
    Withdraw,
)
from bot.gateway import encoding
from bot.gateway.permission import OperatorCall
from bot.gateway.problems import Problem, idempotency_conflict, order_not_found
from bot.gateway.schemas import commands as schemas
from bot.gateway.schemas.orders import OrderPath
from bot.gateway.views.orders import order_out
from bot.gateway.views.verdicts import effect_json, no_access, reasons_out, refused, verdict_name

# What a refusal means when the dispute that the caller names is no longer open.
_DISPUTE_GONE = frozenset({"dispute_gone", "too_late"})


async def post_command(
    call: OperatorCall, path: OrderPath, headers: schemas.IdempotencyHeaders, body: schemas.CommandIn
) -> schemas.CommandOut:
    """Execute a command for a party of the order. A refusal names every rule that stands in the way."""
    command = _command(body)
    subject = body.dispute_id if isinstance(command, Accept | Decline | Withdraw | AnswerUpdate) else None
    try:
        outcome = await call.services.backend.commands.execute(
            path.id,
            command,
            Actor(Role(body.actor.role), body.actor.id),
            key=IdempotencyKey(headers.idempotency_key, command.name, subject or path.id),
            origin="api",
        )
    except IdempotencyConflict:
        raise idempotency_conflict() from None
    if not isinstance(outcome.verdict, Allowed):
        raise _problem(call, command.name, path.id, outcome, body.dispute_id)
    if outcome.order is None:
        raise DatabaseUnavailable("an executed command without its order")
    call.services.dispatch_loop.kick()
    return schemas.CommandOut(
        command=command.name,  # type: ignore[arg-type]
        replayed=outcome.replayed,
        rules=outcome.verdict.rules,
        effects=tuple(effect_json(effect) for effect in outcome.verdict.effects),
        order=order_out(outcome.order),
    )


async def get_actions(call: OperatorCall, path: OrderPath, query: schemas.ActionsQuery) -> schemas.ActionsOut:
    """What somebody may do with an order now, or at another instant, and why not the rest."""
    backend = call.services.backend
    at = encoding.utc(query.at) if query.at else await backend.clock.now()
    options = await backend.commands.options(path.id, Actor(Role(query.role), query.actor_id), at)
    if not options or any(no_access(option.verdict) for option in options):
        raise order_not_found()
    order = await backend.orders.get(path.id)
    return schemas.ActionsOut(order_id=path.id, at=at, actions=tuple(_action(option, order) for option in options))


def _command(body: schemas.CommandIn) -> OrderCommand:
    text = body.text or ""
    match body:
        case schemas.RequestUpdateIn():
            return RequestUpdate(text)
        case schemas.RequestCancellationIn():
            return RequestCancellation(body.reason or None, text, body.dispute_id)
        case schemas.RequestExtensionIn():
            return RequestExtension(body.new_delivery_at, text)
        case schemas.AnswerUpdateIn():
            return AnswerUpdate(body.dispute_id, text)
        case schemas.AcceptIn():
            return Accept(body.dispute_id)
        case schemas.DeclineIn():
            return Decline(body.dispute_id, text)
        case schemas.WithdrawIn():
            return Withdraw(body.dispute_id)
        case schemas.ForceCancelIn():
            return ForceCancel()


def _problem(call: OperatorCall, name: str, order_id: str, outcome: Outcome, dispute_id: str | None) -> Problem:
    verdict = outcome.verdict
    assert isinstance(verdict, Refused | Undetermined)
    if no_access(verdict):
        return order_not_found()
    gone = isinstance(verdict, Refused) and dispute_id and _no_longer_open(verdict, outcome.order, dispute_id)
    return refused(call, name, order_id, verdict, "dispute_changed" if gone else None)


def _no_longer_open(verdict: Refused, order: OrderSnapshot | None, dispute_id: str) -> bool:
    if any(reason.code in _DISPUTE_GONE for reason in verdict.reasons):
        return True
    open_dispute = order.open_dispute if order is not None else None
    return open_dispute is None or open_dispute.id != dispute_id


def _action(option: Option, order: OrderSnapshot | None) -> schemas.ActionOut:
    verdict = option.verdict
    dispute_id = getattr(option.command, "dispute_id", None) or None
    effects = verdict.effects if isinstance(verdict, Allowed) else ()
    due_at = next((effect.due_at for effect in effects if isinstance(effect, OpenDispute)), None)
    if due_at is None and effects and dispute_id and order and (dispute := order.dispute(dispute_id)):
        due_at = dispute.due_at
    return schemas.ActionOut(
        command=option.command_name,  # type: ignore[arg-type]
        verdict=verdict_name(verdict),
        dispute_id=dispute_id,
        rules=() if isinstance(verdict, Refused) else verdict.rules,
        effects=tuple(effect_json(effect) for effect in effects),
        due_at=encoding.utc_or_none(due_at),
        possible_from=encoding.utc_or_none(option.possible_from),
        reasons=reasons_out(verdict) if isinstance(verdict, Refused) else (),
        missing=verdict.missing if isinstance(verdict, Undetermined) else (),
        needs=option.needs,
    )
