"""What the tests of the resolution centre's flows share: opening disputes from outside the chat, and what is stored."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

from actions.backend import Backend, IdempotencyKey
from actions.policy import (
    Actor,
    Command,
    RequestCancellation,
    RequestExtension,
    RequestUpdate,
    Role,
)
from tests.handlers.conftest import NOW, Talk

CUSTOMER, SELLER = Actor(Role.CUSTOMER, "C-1"), Actor(Role.SELLER, "S-1")
HOUR = timedelta(hours=1)
_keys = count(1)


async def does(backend: Backend, actor: Actor, command: Command, order_id: str = "FO-1") -> None:
    """Somebody does something outside the chat."""
    key = IdempotencyKey(f"d-{next(_keys)}", command.name, order_id)
    assert (await backend.commands.execute(order_id, command, actor, key=key)).allowed


async def update_asked(backend: Backend) -> None:
    """The customer asks for an update."""
    await does(backend, CUSTOMER, RequestUpdate("Wie weit ist es?"))


async def cancellation_asked(backend: Backend, by: Actor = CUSTOMER) -> None:
    """One side asks for cancellation."""
    reason = None if by is CUSTOMER else "overbooked"
    await does(backend, by, RequestCancellation(reason, "Ich ziehe um."))


async def extension_asked(backend: Backend) -> None:
    """The seller asks for nine more days."""
    await does(backend, SELLER, RequestExtension(NOW + timedelta(days=9), "Ich war krank."))


async def stored(backend: Backend, order_id: str = "FO-1") -> tuple[str, str | None]:
    """State of the order and kind of the open dispute."""
    order = await backend.orders.get(order_id)
    assert order is not None
    return order.state.value, order.open_dispute.kind.value if order.open_dispute else None


def codes(talk: Talk) -> list[str]:
    """The codes of the refusal that was just said."""
    return [reason["code"] for reason in talk.custom.get("reasons", [])]
