"""People, orders and small helpers that the backend's tests share."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from actions.backend import (
    Backend,
    DisputeSnapshot,
    IdempotencyKey,
    OrderPush,
    OrderSnapshot,
    OutboxRow,
    Outcome,
    ReplyButton,
    SettledCase,
    StoredMessage,
    chat_tables,  # noqa: F401 - its tables belong to the metadata
    feedback,
)
from actions.backend.openings import keep_subject
from actions.backend.outbox import Rendered
from actions.backend.tables import Base
from actions.policy import Actor, Command, OrderState, RequestCancellation, RequestExtension, RequestUpdate, Role

NOW = datetime(2026, 3, 2, 12, 0, 0, 123456, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)
CUSTOMER = Actor(Role.CUSTOMER, "anna")
SELLER = Actor(Role.SELLER, "bert")
ORDER = "FO-1001"

FILED_BY_CUSTOMER = {"update": RequestUpdate("Wie weit ist es?"), "cancellation": RequestCancellation(text="Zu spät")}
FILED_BY_SELLER = {
    "cancellation": RequestCancellation(reason="overbooked", text="Leider voll"),
    "extension": RequestExtension(NOW + 5 * DAY, "Zwei Tage mehr"),
}

_keys = itertools.count(1)


def push(**changes: Any) -> OrderPush:
    """An active order due in two days; `changes` replace fields."""
    fields: dict[str, Any] = {
        "id": ORDER,
        "customer_id": CUSTOMER.id,
        "seller_id": SELLER.id,
        "title": "Logo",
        "state": OrderState.ACTIVE,
        "updated_at": NOW - DAY,
        "expected_delivery_at": NOW + 2 * DAY,
        **changes,
    }
    return OrderPush(**fields)


def key(command: Command, order_id: str = ORDER, value: str | None = None) -> IdempotencyKey:
    """A key that no other call uses, unless `value` says so."""
    return IdempotencyKey(value or f"k{next(_keys)}", command.name, order_id)


async def do(backend: Backend, command: Command, actor: Actor, order_id: str = ORDER, **options: Any) -> Outcome:
    """Execute a command under a new key."""
    return await backend.commands.execute(order_id, command, actor, key=key(command, order_id), **options)


async def done(backend: Backend, command: Command, actor: Actor, **options: Any) -> Outcome:
    """Like `do`, for a command that the rules allow."""
    outcome = await do(backend, command, actor, **options)
    assert outcome.allowed, outcome.verdict
    return outcome


async def filed(backend: Backend, command: Command, actor: Actor, **options: Any) -> str:
    """File a request; the id of the dispute."""
    outcome = await done(backend, command, actor, **options)
    assert outcome.dispute_id is not None
    return outcome.dispute_id


async def order(backend: Backend, order_id: str = ORDER) -> OrderSnapshot:
    found = await backend.orders.get(order_id)
    assert found is not None
    return found


async def dispute(backend: Backend, dispute_id: str, order_id: str = ORDER) -> DisputeSnapshot:
    found = (await order(backend, order_id)).dispute(dispute_id)
    assert found is not None
    return found


async def contents(backend: Backend) -> dict[str, list[Any]]:
    """Every row of every table, to show that something changed nothing."""

    def work(session: Any) -> dict[str, list[Any]]:
        tables = Base.metadata.sorted_tables
        return {table.name: sorted(repr(row) for row in session.execute(select(table))) for table in tables}

    return await backend.database.read(work)


async def count(backend: Backend, table: str) -> int:
    """Rows of a table."""
    query = select(func.count()).select_from(Base.metadata.tables[table])
    return int(await backend.database.read(lambda session: session.execute(query).scalar_one()))


async def notices(backend: Backend) -> list[tuple[str, str]]:
    """(recipient role, code) of every notice not yet delivered, in order."""
    return [(row.recipient_role.value, row.code) for row in await backend.outbox.pending(1000)]


def codes(outcome: Outcome) -> tuple[str, ...]:
    """The codes of a refusal."""
    return tuple(getattr(outcome.verdict, "codes", ()))


async def deliver(
    backend: Backend, row: OutboxRow, text: str, buttons: Sequence[ReplyButton] = (), locale: str = "de"
) -> StoredMessage | None:
    """Deliver a notice in these words; None when it could not be."""
    written = await backend.outbox.deliver_all([Rendered(row, text, buttons, locale)])
    return written[0] if written else None


async def asked(backend: Backend, conversation_id: str, actor: Actor, case: SettledCase, message: str) -> str | None:
    """The question whether it helped, as whatever settles a case asks it."""
    said = feedback.Said(conversation_id, actor, message, backend.clock.real_now())
    return await backend.database.upsert(lambda session: feedback.ask(session, said, case))


async def talk_about(backend: Backend, conversation_id: str, appeal_id: str | None) -> None:
    """Make an appeal what a conversation is about."""
    await backend.database.write(lambda session: keep_subject(session, conversation_id, appeal_id))
