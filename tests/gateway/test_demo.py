"""Demo data that stays meaningful, and the terminal chat against a running gateway."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from actions.backend import Backend, OrderSnapshot
from actions.policy import Actor, Allowed, ForceCancel, OrderState, Refused, Role
from bot import demo
from tests.gateway.conftest import JWT_SECRET, NOW, Gateway


@pytest.fixture
async def backend(database_url: str) -> AsyncIterator[Backend]:
    opened = await Backend.open(database_url)
    await opened.clock.set(NOW)
    yield opened
    await opened.close()


def titled(orders: list[OrderSnapshot], title: str) -> OrderSnapshot:
    return next(order for order in orders if order.title == title)


async def force(backend: Backend, order: OrderSnapshot) -> object:
    return await backend.commands.preview(order.id, ForceCancel(), demo.CUSTOMER)


async def test_every_sample_tells_its_story(backend: Backend) -> None:
    orders = await demo.load(backend)
    assert len(orders) == len(demo.SAMPLES)
    assert isinstance(await force(backend, titled(orders, "Logo")), Allowed)
    refused = {
        title: await force(backend, titled(orders, title)) for title in ("Visitenkarten", "Produktfotos", "Erklärvideo")
    }
    codes = {title: verdict.reasons[0].code for title, verdict in refused.items() if isinstance(verdict, Refused)}
    assert codes == {"Visitenkarten": "force_early", "Produktfotos": "force_delivered", "Erklärvideo": "force_extended"}
    assert titled(orders, "Übersetzung der Speisekarte").state is OrderState.COMPLETED
    assert titled(orders, "Podcast-Intro").customer_id != demo.CUSTOMER.id
    person = await backend.people.get(Role.SELLER, demo.SELLER.id)
    assert person is not None
    assert person.name


async def test_loading_again_changes_nothing(backend: Backend) -> None:
    first = await demo.load(backend)
    before = await backend.events.after(0, 500)
    await backend.clock.set(NOW + timedelta(hours=5))
    assert await demo.load(backend) == first
    assert await backend.events.after(0, 500) == before


async def test_a_stale_set_is_replaced(backend: Backend) -> None:
    first = await demo.load(backend)
    await backend.clock.set(NOW + timedelta(days=7))
    second = await demo.load(backend)
    assert {order.id for order in first}.isdisjoint(order.id for order in second)
    assert isinstance(await force(backend, titled(second, "Logo")), Allowed)
    still_open = await backend.orders.of_person(Actor(Role.SELLER, demo.SELLER.id))
    assert {order.id for order in still_open} <= {order.id for order in second}


async def test_a_used_up_set_is_replaced(backend: Backend) -> None:
    first = await demo.load(backend)
    from actions.backend import IdempotencyKey

    logo = titled(first, "Logo")
    await backend.commands.execute(
        logo.id, ForceCancel(), demo.CUSTOMER, key=IdempotencyKey("k", "force_cancel", logo.id)
    )
    second = await demo.load(backend)
    assert titled(second, "Logo").id != logo.id
    assert titled(second, "Logo").state is OrderState.ACTIVE


async def test_the_terminal_chat(gateway: Gateway) -> None:
    url = str(gateway.client.make_url("/"))
    environment = {**os.environ, "LOTSE_JWT_SECRET": JWT_SECRET, "LOTSE_ENV": "development", "PYTHONUNBUFFERED": "1"}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot.chat_cli", "--as", "seller", "--url", url),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=environment,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    shown = ""

    async def until(text: str) -> None:
        nonlocal shown
        async with asyncio.timeout(20):
            while text not in shown:
                assert process.stdout is not None
                shown += (await process.stdout.read(200)).decode(errors="replace")

    try:
        await until("> ")
        process.stdin.write(b"Guten Tag\n")
        await until("Lotse: Du sagst: Guten Tag")
        await gateway.order("FO-1", seller_id="demo-verkaeufer")
        body = {"actor": {"id": "kim", "role": "customer"}, "command": "request_cancellation", "text": "Bitte"}
        await gateway.operate("POST", "/v1/orders/FO-1/commands", body, **{"Idempotency-Key": "k"})
        await until("[2]")
        process.stdin.write(b"1\n")
        await until("Du sagst: /accept_request")
        process.stdin.write(b"/quit\n")
        assert await asyncio.wait_for(process.wait(), 10) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
