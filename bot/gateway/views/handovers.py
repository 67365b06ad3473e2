"""Handovers for the support desk: what was agreed to, the talk, answers, and the end."""

from __future__ import annotations

import msgspec

from actions.backend import (
    Ending,
    Handover,
    HandoverClosed,
    HandoverStatus,
    IdempotencyConflict,
    IdempotencyKey,
    StoredMessage,
)
from bot.gateway import encoding
from bot.gateway.permission import DeskCall
from bot.gateway.problems import Problem, idempotency_conflict, not_found
from bot.gateway.schemas import handovers as schemas
from bot.gateway.schemas.commands import IdempotencyHeaders

_OPEN = (HandoverStatus.WAITING, HandoverStatus.ACTIVE)


async def get_handovers(call: DeskCall, query: schemas.HandoversQuery) -> schemas.HandoversOut:
    """Everybody who was handed over, in the order of their requests."""
    if query.status is msgspec.UNSET:
        statuses: tuple[HandoverStatus, ...] = ()
    else:
        statuses = _OPEN if query.status == "open" else (HandoverStatus(query.status),)
    page = await call.services.backend.handovers.page(statuses, query.after, query.limit)
    return schemas.HandoversOut(handovers=tuple(handover_out(found) for found in page.handovers), next=page.next)


async def get_handover(call: DeskCall, path: schemas.HandoverPath, query: schemas.TalkQuery) -> schemas.HandoverDetail:
    """A handover with what the person agreed to, word for word, and the talk since."""
    handovers = call.services.backend.handovers
    handover = await _known(call, path.id)
    talk = await handovers.talk(handover, query.after, query.limit)
    return schemas.HandoverDetail(
        handover=handover_out(handover),
        sentence=handover.sentence,
        agreed=tuple(_message(message) for message in await handovers.agreed(handover)),
        messages=tuple(_message(message) for message in talk),
        next=talk[-1].seq if talk else query.after,
    )


async def post_handover_message(
    call: DeskCall, path: schemas.HandoverPath, headers: IdempotencyHeaders, body: schemas.AgentMessageIn
) -> schemas.AgentMessageOut:
    """Write to the person: in the same conversation, at once, with the name of who writes."""
    key = IdempotencyKey(headers.idempotency_key, "handover_message", path.id)
    try:
        said = await call.services.backend.handovers.reply(path.id, body.text, body.agent.name, key=key)
    except LookupError:
        raise _not_found() from None
    except HandoverClosed:
        raise Problem(409, "handover_closed", "this handover has ended: the assistant answers again") from None
    except IdempotencyConflict:
        raise idempotency_conflict() from None
    call.services.hub.kick(said.message.conversation_id)
    return schemas.AgentMessageOut(
        message=_message(said.message), replayed=said.replayed, handover=handover_out(said.handover)
    )


async def post_handover_close(call: DeskCall, path: schemas.HandoverPath) -> schemas.HandoverOut:
    """The desk is done: the assistant says so and answers again. Closing what has ended changes nothing."""
    return handover_out(await call.services.desk.close(await _known(call, path.id), Ending.DESK))


async def _known(call: DeskCall, handover_id: str) -> Handover:
    handover = await call.services.backend.handovers.get(handover_id)
    if handover is None:
        raise _not_found()
    return handover


def _not_found() -> Problem:
    return not_found("handover_not_found", "there is no such handover")


def handover_out(handover: Handover) -> schemas.HandoverOut:
    """A handover as in the contract."""
    requested_at = handover.requested_at or handover.offered_at
    return schemas.HandoverOut(
        id=handover.id,
        number=handover.number or 0,
        conversation_id=handover.conversation_id,
        status=handover.status.value,  # type: ignore[arg-type]
        scope=handover.scope.value,
        person=msgspec.convert(handover.material["person"], schemas.PersonOut),
        order=msgspec.convert(handover.material["order"], schemas.OrderNamed | None),
        words=handover.material["words"],
        requested_at=encoding.utc(requested_at),
        answered_at=encoding.utc_or_none(handover.answered_at),
        heard_at=encoding.utc(handover.heard_at or requested_at),
        agent=handover.agent_name,
        closed_at=encoding.utc_or_none(handover.closed_at),
        closed_by=handover.closed_by.value if handover.closed_by else None,
    )


def _message(message: StoredMessage) -> schemas.DeskMessage:
    agent = message.custom.get("agent")
    return schemas.DeskMessage(
        seq=message.seq,
        author=message.author.value,
        text=message.text,
        at=encoding.utc(message.at),
        agent=agent["name"] if agent else None,
    )
