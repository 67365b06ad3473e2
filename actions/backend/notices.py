"""Which notices a change gives rise to (M-19, M-20, M-03), and what they carry. Nobody else is ever told (M-21).

A code without prefix goes to the side that did not act, `own_` + code to the side that acted: only when it acted
outside the chat, which answers by itself. Where time acted, `own_` is for the side that let it pass. `superseded` goes
to both.

Params (JSON; instants ISO 8601 in UTC, absent values null): order_id, title, state, dispute_id, kind, filed_by,
opened_at, due_at, new_delivery_at, reason, request_text (the filer's words), text (the words of whoever acts now),
by_role, by_name, recipient_role, customer_name, seller_name, expected (the effective delivery date), possible_from
(force_cancelled), at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from actions.backend.tables import DisputeRow, OrderRow
from actions.policy import (
    Actor,
    CancelOrder,
    CloseDispute,
    Command,
    DisputeKind,
    DisputeStatus,
    Effect,
    ForceCancel,
    Limits,
    OpenDispute,
    Role,
)
from actions.policy.instants import after

_SUBJECT = {DisputeKind.UPDATE: "update", DisputeKind.CANCELLATION: "cancel", DisputeKind.EXTENSION: "extension"}
_BASE = (
    *("update_request", "cancel_request", "extension_request", "update_answered", "withdrawn", "force_cancelled"),
    *("cancel_accepted", "cancel_declined", "extension_accepted", "extension_declined"),
    *("update_expired", "cancel_expired", "cancel_expired_cancelled", "extension_expired"),
)
CODES: tuple[str, ...] = (*_BASE, *(f"own_{code}" for code in _BASE), "superseded")
"""Every code that can be in the outbox."""

AWAITING_ANSWER = ("update_request", "cancel_request", "extension_request")
"""The notices that a bare yes can answer."""

_OTHER = {Role.CUSTOMER: Role.SELLER, Role.SELLER: Role.CUSTOMER}


@dataclass(frozen=True, slots=True)
class NewNotice:
    """A notice before it has its row."""

    recipient: Role
    code: str
    params: dict[str, Any]
    dispute_id: str | None


def notices(
    order: OrderRow,
    disputes: Mapping[str, DisputeRow],
    effects: Sequence[tuple[Effect, str | None]],
    command: Command | None,
    actor: Actor,
    origin: str,
    now: datetime,
    limits: Limits,
) -> Iterator[NewNotice]:
    """The notices of effects that were just applied; each effect comes with the dispute it concerns, if any."""
    cancels = any(isinstance(effect, CancelOrder) for effect, _ in effects)
    for effect, dispute_id in effects:
        code = _code(effect, disputes.get(dispute_id or ""), command, cancels)
        if code is None:
            continue
        dispute = disputes.get(dispute_id or "")
        params = _params(order, dispute, actor, now)
        params["text"] = _words(effect, command)
        if code == "force_cancelled" and params["expected"]:
            params["possible_from"] = _iso(after(order.agreed_delivery_at or _known(order), limits.force_after))
        for recipient, name in _recipients(code, dispute, actor, origin):
            yield NewNotice(recipient, name, {**params, "recipient_role": recipient.value}, dispute_id)


def _code(effect: Effect, dispute: DisputeRow | None, command: Command | None, cancels: bool) -> str | None:
    if isinstance(effect, CancelOrder):
        return "force_cancelled" if isinstance(command, ForceCancel) else None
    if dispute is None:
        return None
    subject = _SUBJECT[DisputeKind(dispute.kind)]
    if isinstance(effect, OpenDispute):
        return f"{subject}_request"
    if not isinstance(effect, CloseDispute):
        return None
    if effect.status in (DisputeStatus.WITHDRAWN, DisputeStatus.SUPERSEDED):
        return effect.status.value
    if effect.status is DisputeStatus.EXPIRED and cancels:
        return f"{subject}_expired_cancelled"
    return f"{subject}_{effect.status.value}"


def _recipients(code: str, dispute: DisputeRow | None, actor: Actor, origin: str) -> Iterator[tuple[Role, str]]:
    if code == "superseded":
        yield from ((Role.CUSTOMER, code), (Role.SELLER, code))
    elif actor.role is Role.PLATFORM:
        assert dispute is not None
        filer = Role(dispute.filed_by)
        yield from ((filer, code), (_OTHER[filer], f"own_{code}"))
    else:
        yield _OTHER[actor.role], code
        if origin != "chat":
            yield actor.role, f"own_{code}"


def _words(effect: Effect, command: Command | None) -> str:
    """What whoever acts now wrote; it belongs to the request or the answer, not to a step on the way to it."""
    answers = isinstance(effect, CloseDispute) and effect.status in (DisputeStatus.ANSWERED, DisputeStatus.DECLINED)
    return str(getattr(command, "text", "")) if isinstance(effect, OpenDispute) or answers else ""


def _params(order: OrderRow, dispute: DisputeRow | None, actor: Actor, now: datetime) -> dict[str, Any]:
    return {
        "order_id": order.id,
        "title": order.title,
        "state": order.state,
        "expected": _iso(order.agreed_delivery_at or order.expected_delivery_at),
        "by_role": actor.role.value,
        "at": _iso(now),
        "dispute_id": dispute.id if dispute else None,
        "kind": dispute.kind if dispute else None,
        "filed_by": dispute.filed_by if dispute else None,
        "opened_at": _iso(dispute.opened_at) if dispute else None,
        "due_at": _iso(dispute.due_at) if dispute else None,
        "new_delivery_at": _iso(dispute.new_delivery_at) if dispute else None,
        "reason": dispute.reason if dispute else None,
        "request_text": dispute.text if dispute else None,
    }


def _known(order: OrderRow) -> datetime:
    assert order.expected_delivery_at is not None
    return order.expected_delivery_at


def _iso(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()
