"""``python -m bot.demo``: people and orders to try Lotse with, in development only.

Running it again changes nothing while the orders still mean what they should: overdue by two days, overdue by some
hours, on time, and so on, all relative to the business clock. When they no longer do, or when the overdue one was
cancelled, the old set is completed and a new one with new numbers is made.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta

from actions.backend import Backend, IdempotencyKey, OrderPush, OrderSnapshot
from actions.backend.setting_fields import SettingsError
from actions.backend.settings import Settings
from actions.policy import Accept, Actor, Allowed, OrderState, RequestExtension, Role
from bot import demo_appeals

CUSTOMER = Actor(Role.CUSTOMER, "demo-kunde")
SELLER = Actor(Role.SELLER, "demo-verkaeufer")
OTHER_CUSTOMER = Actor(Role.CUSTOMER, "demo-kundin-2")
_PEOPLE = ((CUSTOMER, "Kim Sommer"), (SELLER, "Studio Nordlicht"), (OTHER_CUSTOMER, "Alex Winter"))
_FIRST = 1000
_SET = 10  # numbers a set takes up


@dataclass(frozen=True, slots=True)
class Sample:
    """One order; ``due`` is its delivery date from now on, ``extended_to`` what both sides agreed on later."""

    title: str
    due: timedelta
    state: OrderState = OrderState.ACTIVE
    delivered: timedelta | None = None
    extended_to: timedelta | None = None
    customer: Actor = CUSTOMER


SAMPLES = (
    Sample("Logo", timedelta(days=-2, hours=-2)),
    Sample("Visitenkarten", timedelta(hours=-10)),
    Sample("Texte für die Website", timedelta(days=3)),
    Sample("Produktfotos", timedelta(days=-1), OrderState.DELIVERED, delivered=timedelta(hours=-30)),
    Sample("Übersetzung der Speisekarte", timedelta(days=-9), OrderState.COMPLETED, delivered=timedelta(days=-10)),
    Sample("Erklärvideo", timedelta(hours=6), extended_to=timedelta(days=4)),
    Sample("Podcast-Intro", timedelta(days=2), customer=OTHER_CUSTOMER),
)
_LOGO, _LATE, _ON_TIME = SAMPLES[:3]


async def load(backend: Backend) -> list[OrderSnapshot]:
    """Make sure that a meaningful set is there, and return it in the order of its numbers."""
    for person, name in _PEOPLE:
        await backend.people.put(person.role, person.id, name=name)
    now = (await backend.clock.now()).replace(minute=0, second=0, microsecond=0)
    orders = await backend.orders.of_person(SELLER, include_closed=True)
    newest = max((number for order in orders if (number := order_number(order.id))), default=0)
    base = (newest - 1) // _SET * _SET if newest else None
    if base is None or not _meaningful({order_number(order.id): order for order in orders}, base, now):
        for order in orders:
            if not order.closed and order_number(order.id):
                await complete(backend, order, now)
        base = _FIRST if base is None else base + _SET
        for index, sample in enumerate(SAMPLES, start=1):
            await _make(backend, f"FO-{base + index}", sample, now)
    current = {f"FO-{base + index}" for index in range(1, len(SAMPLES) + 1)}
    orders = await backend.orders.of_person(SELLER, include_closed=True)
    return sorted((order for order in orders if order.id in current), key=lambda order: order.id)


def order_number(order_id: str) -> int:
    """The number of an order of ours; 0 for any other."""
    prefix, _, digits = order_id.partition("-")
    return int(digits) if prefix == "FO" and digits.isdecimal() and int(digits) > _FIRST else 0


def _meaningful(orders: dict[int, OrderSnapshot], base: int, now: datetime) -> bool:
    """Whether the set still tells its stories: the logo is overdue by days, the cards by hours, the texts are not."""
    logo, late, on_time = (orders.get(base + SAMPLES.index(sample) + 1) for sample in (_LOGO, _LATE, _ON_TIME))
    if logo is None or late is None or on_time is None:
        return False
    dates = [order.expected_delivery_at or now for order in (logo, late, on_time)]
    return (
        logo.state is OrderState.ACTIVE
        and timedelta(days=1, hours=12) < now - dates[0] < timedelta(days=4)
        and timedelta(0) < now - dates[1] < timedelta(hours=22)
        and dates[2] - now > timedelta(days=1)
    )


async def complete(backend: Backend, order: OrderSnapshot, now: datetime) -> None:
    """Complete an order, as the marketplace would."""
    await backend.orders.put(
        OrderPush(
            id=order.id,
            customer_id=order.customer_id,
            seller_id=order.seller_id,
            title=order.title,
            state=OrderState.COMPLETED,
            updated_at=max(now, order.updated_at + timedelta(microseconds=1)),
            expected_delivery_at=order.expected_delivery_at,
            delivered_at=order.delivered_at,
        )
    )


async def _make(backend: Backend, order_id: str, sample: Sample, now: datetime) -> None:
    await backend.orders.put(
        OrderPush(
            id=order_id,
            customer_id=sample.customer.id,
            seller_id=SELLER.id,
            title=sample.title,
            state=sample.state,
            updated_at=now,
            expected_delivery_at=now + sample.due,
            delivered_at=None if sample.delivered is None else now + sample.delivered,
        )
    )
    if sample.extended_to is not None:
        wish = RequestExtension(now + sample.extended_to, "Der Sprecher ist krank, wir brauchen ein paar Tage mehr.")
        asked = await _execute(backend, order_id, wish, SELLER)
        await _execute(backend, order_id, Accept(asked or ""), sample.customer)


async def _execute(backend: Backend, order_id: str, command: RequestExtension | Accept, actor: Actor) -> str | None:
    key = IdempotencyKey(f"demo-{order_id}-{command.name}", command.name, order_id)
    outcome = await backend.commands.execute(order_id, command, actor, key=key, origin="chat")
    if not isinstance(outcome.verdict, Allowed):
        raise RuntimeError(f"the demo data cannot be made: {command.name} on {order_id}: {outcome.verdict}")
    return outcome.dispute_id


async def main() -> None:
    """Load the data and list it."""
    settings = Settings.from_env()
    if settings.production:
        sys.exit("demo data is for development only")
    backend = await Backend.from_settings(settings)
    try:
        orders = await load(backend)
        account = await demo_appeals.load(backend)
    finally:
        await backend.close()
    print(f"Kunde {CUSTOMER.id}, Verkäufer {SELLER.id}")
    for order in orders:
        due = order.effective_delivery_at
        print(f"  {order.id}  {order.title:<28} {order.state.value:<10} {due:%d.%m. %H:%M} UTC" if due else order.id)
    for item in account:
        left = "" if item.option.days_left is None else f"{item.option.days_left:>5} Tage"
        print(f"  {item.subject.id}  {item.title:<28} {item.type:<27} {item.option.standing.value:<9}{left}")


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except SettingsError as error:
        sys.exit(str(error))
