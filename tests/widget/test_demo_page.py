"""The demo page: a request travels from one side to the other and back; situations and the clock."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from playwright.async_api import Browser, expect

from bot.demo import CUSTOMER, SELLER
from bot.widget.scenarios import SCENARIOS
from tests.widget.conftest import Site

pytestmark = pytest.mark.browser


async def call(site: Site, path: str, body: dict[str, Any] | None = None, status: int = 200, **headers: str) -> Any:
    async with aiohttp.ClientSession(site.url, headers=headers) as http:
        request = http.get(path) if body is None else http.post(path, json=body)
        async with request as response:
            assert response.status == status, await response.text()
            return await response.json()


async def test_both_sides_see_what_the_other_did(site: Site, browser: Browser) -> None:
    page = await browser.new_page(locale="de-DE", viewport={"width": 1400, "height": 1000})
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(site.url)
    for side in ("customer", "seller"):
        await page.wait_for_selector(f'#{side}[data-status="live"]', state="attached")
    await page.select_option("#scenario", "cancel_asked")
    await page.click("#set-up")
    notice = page.locator("#customer .message.notice")
    await expect(notice).to_contain_text("Produktfotos")
    await expect(page.locator("#orders li").first).to_contain_text("Stornierung angefragt")
    await page.get_by_role("button", name="48 Stunden später").click()
    await expect(page.locator("#clock")).to_contain_text("(gestellt)")
    await page.get_by_role("button", name="24 Stunden später").click()  # now it is past 48 hours
    await expect(page.locator("#customer .message.notice")).to_have_count(2)
    await expect(page.locator("#orders li em")).to_have_count(0)
    await page.get_by_role("button", name="Wieder echte Zeit").click()
    await expect(page.locator("#clock")).not_to_contain_text("(gestellt)")
    await page.locator('[data-locale-of="seller"]').select_option("en")
    await expect(page.locator("#seller textarea")).to_have_attribute("aria-label", "Your message")
    await page.select_option("#theme", "dark")
    await expect(page.locator("#seller .panel.dark")).to_be_visible()
    assert complaints == []
    await page.close()


@pytest.mark.integration
@pytest.mark.parametrize("name", [*SCENARIOS, "infractions", "all"])
async def test_every_situation_can_be_set_up_again_and_again(site: Site, name: str) -> None:
    for _ in range(2):
        state = await call(site, "/demo/scenario", {"name": name})
    assert name in state["scenarios"]
    orders = await site.backend.orders.of_person(SELLER)
    if name in SCENARIOS:
        assert [order.title for order in orders] == [SCENARIOS[name].title]
        assert {order.customer_id for order in orders} == {CUSTOMER.id}
    elif name == "all":
        assert len(orders) > 3


@pytest.mark.integration
async def test_only_pages_of_this_machine_may_do_it(site: Site) -> None:
    await call(site, "/demo/state", status=403, Host="boese.example")
    await call(site, "/demo/clock", {"hours": 1}, status=403, Host="boese.example")
    async with (
        aiohttp.ClientSession(site.url) as http,
        http.post("/demo/clock", data='{"hours": 1}', headers={"Content-Type": "text/plain"}) as response,
    ):
        assert response.status == 415
    await call(site, "/demo/scenario", {"name": "nothing"}, status=422)
    await call(site, "/demo/clock", {"hours": -1}, status=422)
