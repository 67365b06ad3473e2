"""What the demo page can set up with one click: one order in one situation, for the demo people of ``bot.demo``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from actions.backend import Backend, IdempotencyKey, InfractionPush, OrderPush, OrderSnapshot
from actions.policy import Allowed, OrderCommand, OrderState, RequestCancellation, RequestExtension, RequestUpdate, Role
from bot.demo import CUSTOMER, OTHER_CUSTOMER, SELLER, complete, order_number

_FIRST = 1000


@dataclass(frozen=True, slots=True)
class Scenario:
    """``due`` is the promised delivery from now on; ``by`` files ``asks`` right away (``extended`` by a week)."""

    title: str
    due: timedelta
    state: OrderState = OrderState.ACTIVE
    by: Role | None = None
    asks: str | None = None


SCENARIOS: Mapping[str, Scenario] = {
    "overdue": Scenario("Logo", timedelta(days=-2, hours=-2)),
    "late": Scenario("Visitenkarten", timedelta(hours=-10)),
    "running": Scenario("Texte für die Website", timedelta(days=3)),
    "update_asked": Scenario("Erklärvideo", timedelta(days=1), by=Role.CUSTOMER, asks="update"),
    "extension_asked": Scenario("Podcast-Intro", timedelta(days=1), by=Role.SELLER, asks="extension"),
    "cancel_asked": Scenario("Produktfotos", timedelta(days=2), by=Role.SELLER, asks="cancellation"),
    "delivered": Scenario("Speisekarte", timedelta(days=-1), OrderState.DELIVERED),
}


@dataclass(frozen=True, slots=True)
class Penalty:
    """An infraction of the demo merchant, issued so many ``days`` ago."""

    type: str
    days: int
    title: str
    listing: str | None = None
    on_order: bool = False


PENALTIES = (
    Penalty("misleading_tracking", 12, "Irreführende Sendungsverfolgung", on_order=True),
    Penalty("misleading_listing", 84, "Irreführendes Angebot", listing="Poster A3"),
    Penalty("late_confirmed_fulfilment", 97, "Verspätet ausgeführt", on_order=True),
    Penalty("prohibited_product", 30, "Verbotenes Produkt", listing="Laserpointer"),
    Penalty("repeat_ip_infringement", 20, "Wiederholte Verletzung geistigen Eigentums", listing="Fan-Becher"),
)


async def set_up_merchant(backend: Backend) -> None:
    """Give the demo seller infractions of every kind of outcome: open, urgent, lost, and not for self-service."""
    now = (await backend.clock.now()).replace(microsecond=0)
    for number, penalty in enumerate(PENALTIES, start=2001):
        order_id = f"WO-{number}" if penalty.on_order else None
        issued = now - timedelta(days=penalty.days)
        if order_id is not None:
            await backend.orders.put(
                OrderPush(
                    id=order_id,
                    customer_id=OTHER_CUSTOMER.id,
                    seller_id=SELLER.id,
                    title="Poster",
                    state=OrderState.COMPLETED,
                    updated_at=now,
                    expected_delivery_at=issued,
                    delivered_at=issued,
                )
            )
        await backend.infractions.put(
            InfractionPush(
                id=f"V-{number}",
                seller_id=SELLER.id,
                type=penalty.type,
                updated_at=now,
                issued_at=issued,
                order_id=order_id,
                listing=penalty.listing,
                title=penalty.title,
            )
        )


async def set_up(backend: Backend, scenario: Scenario) -> OrderSnapshot:
    """Complete what is open between the demo people and make the one order of a scenario."""
    now = (await backend.clock.now()).replace(second=0, microsecond=0)
    orders = await backend.orders.of_person(SELLER, include_closed=True)
    for order in orders:
        if not order.closed and order_number(order.id):
            await complete(backend, order, now)
    number = max((order_number(order.id) for order in orders), default=_FIRST) + 1
    pushed = await backend.orders.put(
        OrderPush(
            id=f"FO-{number}",
            customer_id=CUSTOMER.id,
            seller_id=SELLER.id,
            title=scenario.title,
            state=scenario.state,
            updated_at=now,
            expected_delivery_at=now + scenario.due,
            delivered_at=now if scenario.state is OrderState.DELIVERED else None,
        )
    )
    if scenario.asks is not None:
        await _ask(backend, pushed.order, scenario, now)
    return await backend.orders.get(pushed.order.id) or pushed.order


async def _ask(backend: Backend, order: OrderSnapshot, scenario: Scenario, now: datetime) -> None:
    commands: dict[str, OrderCommand] = {
        "update": RequestUpdate("Wie weit seid ihr mit dem Schnitt?"),
        "extension": RequestExtension(now + scenario.due + timedelta(days=7), "Die Sprecherin ist krank."),
        "cancellation": RequestCancellation("overbooked", "Wir haben uns leider verplant."),
    }
    command = commands[scenario.asks or ""]
    actor = SELLER if scenario.by is Role.SELLER else CUSTOMER
    key = IdempotencyKey(uuid4().hex, command.name, order.id)
    outcome = await backend.commands.execute(order.id, command, actor, key=key, origin="api")
    if not isinstance(outcome.verdict, Allowed):
        raise RuntimeError(f"the scenario cannot be set up: {command.name} on {order.id}: {outcome.verdict}")
