"""Notices of the other side: on the open widget, the closed one, the hidden tab; each once."""

from __future__ import annotations

import uuid
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Page, Request, WebSocketRoute, expect

from tests.widget.conftest import Open, Shop, Site, until

pytestmark = pytest.mark.browser


async def call(site: Site, method: str, path: str, body: dict[str, Any]) -> None:
    headers = {"Authorization": f"Bearer {site.config.operator_key}", "Idempotency-Key": uuid.uuid4().hex}
    async with (
        aiohttp.ClientSession() as http,
        http.request(method, site.url + path, json=body, headers=headers) as done,
    ):
        assert done.status == 200, await done.text()


@pytest_asyncio.fixture(loop_scope="session")
async def order(site: Site) -> str:
    body = {
        "customer_id": "kim",
        "seller_id": "vera",
        "title": "Logo",
        "state": "active",
        "expected_delivery_at": "2099-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z",
    }
    await call(site, "PUT", "/v1/orders/FO-1", body)
    return "FO-1"


async def ask(site: Site, order: str) -> None:
    """Kim asks Vera for an update, on the order page."""
    command = {"actor": {"id": "kim", "role": "customer"}, "command": "request_update", "text": "Wie weit?"}
    await call(site, "POST", f"/v1/orders/{order}/commands", command)


async def hide(shop: Shop, hidden: bool) -> None:
    """Make the tab hidden, as far as the page can tell; headless tabs never are."""
    await shop.page.evaluate(
        """hidden => {
        const state = hidden ? "hidden" : "visible";
        Object.defineProperty(document, "hidden", {configurable: true, get: () => hidden});
        Object.defineProperty(document, "visibilityState", {configurable: true, get: () => state});
        document.dispatchEvent(new Event("visibilitychange")); }""",
        hidden,
    )


async def test_the_open_widget_shows_it_at_once(shop: Open, site: Site, order: str) -> None:
    await site.without_looking()
    vera = await shop(sub="vera", role="seller")
    await vera.open()
    await ask(site, order)
    await vera.messages("notice").wait_for()
    await expect(vera.messages("notice")).to_contain_text("Neues zu einem Auftrag")
    await expect(vera.chat.locator(".badge")).to_be_hidden()


async def test_a_line_that_worked_before_is_tried_again_as_soon_as_the_gateway_answers(
    shop: Open, site: Site, order: str
) -> None:
    away = False
    polls: list[str] = []

    async def prepare(page: Page) -> None:
        async def line(socket: WebSocketRoute) -> None:
            if away:
                await socket.close(code=4000)
            else:
                socket.connect_to_server()

        def polled(request: Request) -> None:
            nonlocal away
            if "/v1/chat/messages?" in request.url and away:
                polls.append(request.url)
                away = False  # two sockets were refused, and now the gateway answers

        await page.route_web_socket("**/v1/chat/live", line)
        page.on("request", polled)

    other = await shop(sub="vera", role="seller", prepare=prepare)
    await ask(site, order)
    await expect(other.chat.locator(".badge")).to_have_text("1")
    away = True
    await site.stop()
    await site.start()
    vera = await shop(sub="vera", role="seller")

    async def has_polled() -> bool:
        return bool(polls)

    await until(has_polled)
    await vera.open()
    await expect(other.chat.locator(".badge")).to_be_hidden()


async def test_the_closed_widget_counts_it_once_in_all_tabs(shop: Open, site: Site, order: str) -> None:
    vera = await shop(sub="vera", role="seller")
    other = await shop(sub="vera", role="seller", context=vera.page.context)
    await ask(site, order)
    for tab in (vera, other):
        await expect(tab.chat.locator(".badge")).to_have_text("1")
        assert "neue Nachrichten: 1" in str(await tab.chat.locator(".launcher").get_attribute("aria-label"))
    await site.stop()
    await site.start()
    await vera.page.reload()
    await vera.live()
    await expect(vera.chat.locator(".badge")).to_have_text("1")
    await vera.open()
    await expect(vera.messages("notice")).to_have_count(1)
    for tab in (vera, other):  # seen here is seen there
        await expect(tab.chat.locator(".badge")).to_be_hidden()
    await vera.page.reload()
    await vera.live()
    await expect(vera.messages("notice")).to_have_count(1)
    await expect(vera.chat.locator(".badge")).to_be_hidden()


async def test_a_hidden_tab_says_it_in_its_title(shop: Open, site: Site, order: str) -> None:
    vera = await shop(sub="vera", role="seller")
    await vera.open()
    await hide(vera, True)
    assert await vera.page.title() == "Mein Laden"
    await ask(site, order)

    async def counted() -> bool:
        return await vera.page.title() == "(1) Mein Laden"

    await until(counted)
    await hide(vera, False)
    assert await vera.page.title() == "Mein Laden"


async def test_news_above_the_end_is_pointed_to_and_not_scrolled_over(shop: Open, site: Site) -> None:
    for number in range(20):
        await site.say(f"Nummer {number}")
    kim = await shop()
    await kim.open()
    scroll = kim.chat.locator(".scroll")
    await expect(kim.messages("assistant")).to_have_count(20)
    await scroll.evaluate("element => { element.scrollTop = 0; }")
    await expect(kim.chat.locator(".newer")).to_be_visible()
    await site.say("ganz neu")
    await expect(kim.messages("assistant")).to_have_count(21)
    assert await scroll.evaluate("element => element.scrollTop") == 0
    await kim.chat.locator(".newer").click()
    await expect(kim.chat.locator(".newer")).to_be_hidden()
    await expect(kim.log.get_by_text("ganz neu")).to_be_in_viewport()


async def test_the_page_hears_of_it(shop: Open, site: Site, order: str) -> None:
    vera = await shop(sub="vera", role="seller")
    heard = await vera.page.evaluate_handle(
        """() => { const heard = [];
        for (const name of ["lotse-unread", "lotse-message", "lotse-open", "lotse-close", "lotse-status"])
          document.addEventListener(name, (event) => heard.push([name, event.detail]));
        return heard; }"""
    )
    await ask(site, order)
    await expect(vera.chat.locator(".badge")).to_have_text("1")
    await vera.open()
    await vera.page.keyboard.press("Escape")
    events = await heard.json_value()
    assert ["lotse-unread", {"count": 1}] in events
    assert ["lotse-message", {"seq": 1, "author": "notice", "kind": None, "new": True}] in events
    names = [name for name, _ in events]
    assert names.index("lotse-open") < names.index("lotse-close")
