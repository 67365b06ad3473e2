"""Orders as the marketplace pushes them, and what Lotse knows of them."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import msgspec

from actions.backend import OrderCancelled, OrderPush, OrderSnapshot
from actions.policy import OrderState
from bot.gateway import encoding
from bot.gateway.permission import OperatorCall
from bot.gateway.problems import Problem, order_not_found
from bot.gateway.schemas.events import AuditTrail
from bot.gateway.schemas.orders import OrderOut, OrderPath, OrderPushed, Refund
from bot.gateway.schemas.orders import OrderPush as OrderBody


async def put_order(call: OperatorCall, path: OrderPath, body: OrderBody) -> OrderPushed:
    """An order as it is now; a push that is older than what is known changes nothing (`applied: false`)."""
    fields = {name: getattr(body, name) for name in body.__struct_fields__}
    fields["state"] = OrderState(body.state)
    fields["tracking"] = msgspec.to_builtins(body.tracking)
    fields["refunds"] = tuple(_stored_refund(refund) for refund in body.refunds)
    try:
        result = await call.services.backend.orders.put(OrderPush(id=path.id, **fields))
    except OrderCancelled:
        detail = "this order was cancelled through the resolution centre and cannot become active again"
        raise Problem(HTTPStatus.CONFLICT, "order_cancelled", detail) from None
    call.services.dispatch_loop.kick()
    return OrderPushed(applied=result.applied, order=order_out(result.order))


async def get_order(call: OperatorCall, path: OrderPath) -> OrderOut:
    """An order with its disputes."""
    return order_out(await _known(call, path.id))


async def get_order_events(call: OperatorCall, path: OrderPath) -> AuditTrail:
    """The audit trail of an order: every change with its rules. Notices are in the feed of all events."""
    await _known(call, path.id)
    events = await call.services.backend.orders.events(path.id)
    return AuditTrail(events=tuple(event.to_json() for event in events))


async def _known(call: OperatorCall, order_id: str) -> OrderSnapshot:
    order = await call.services.backend.orders.get(order_id)
    if order is None:
        raise order_not_found()
    return order


def order_out(order: OrderSnapshot) -> OrderOut:
    """An order as in the contract."""
    return msgspec.convert(order.to_json(), OrderOut)


def _stored_refund(refund: Refund) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(refund)
    return {**fields, "refunded_at": encoding.utc(refund.refunded_at).isoformat()}
