"""The operator's page in a browser: the key, what it shows, both languages, and what it must not do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Browser, Page, expect

from actions.backend import IdempotencyKey, OrderPush
from actions.policy import Actor, OrderState, Reason, Refused, RequestUpdate, Role
from tests.gateway.conftest import OPERATOR
from tests.widget.conftest import Site

pytestmark = pytest.mark.browser

KIM = Actor(Role.CUSTOMER, "kim")


async def something_to_see(site: Site) -> None:
    now = datetime.now(UTC)
    order = OrderPush(
        "FO-1", KIM.id, "vera", OrderState.ACTIVE, now, "Logo", expected_delivery_at=now + timedelta(days=9)
    )
    await site.backend.orders.put(order)
    key = IdempotencyKey("k", "request_update", "FO-1")
    assert (await site.backend.commands.execute("FO-1", RequestUpdate("Na?"), KIM, key=key)).allowed
    early = Refused((Reason("M-27", "force_early", {}),))
    site.backend.refusals.note("force_cancel", early, origin="chat", subject="<img src=x onerror=alert(1)>")
    await site.backend.refusals.flush()


async def opened(site: Site, browser: Browser, complaints: list[str]) -> Page:
    page = await browser.new_page(locale="de-DE", timezone_id="Europe/Berlin")
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(f"{site.url}/ops")
    return page


async def test_what_whoever_is_on_call_sees(site: Site, browser: Browser) -> None:
    await something_to_see(site)
    complaints: list[str] = []
    page = await opened(site, browser, complaints)
    await expect(page.get_by_label("Betreiberschlüssel")).to_be_focused()
    await page.keyboard.type(OPERATOR)
    await page.keyboard.press("Enter")
    disputes = page.get_by_role("region", name="Offene Anfragen zu Aufträgen (1)")
    await expect(disputes.get_by_role("row")).to_have_count(2)
    await expect(disputes.get_by_role("row").nth(1)).to_contain_text("FO-1")
    await expect(disputes.get_by_role("row").nth(1)).to_contain_text("noch 2 Tg.")
    refusals = page.get_by_role("region", name="Was abgelehnt wurde, nach Regel")
    await expect(refusals.get_by_role("row").nth(1)).to_contain_text("M-27")
    # What comes from outside is text, whatever it looks like.
    await expect(refusals.get_by_role("row").nth(1)).to_contain_text("<img src=x onerror=alert(1)>")
    await expect(page.get_by_role("button", name="Neu laden")).to_be_focused()
    await page.get_by_label("Sprache").select_option("en")
    await expect(page.get_by_role("heading", name="Open requests about orders (1)")).to_be_visible()
    assert await page.evaluate("document.documentElement.lang") == "en"
    # The key is in this tab alone, and gone after signing out.
    kept = "JSON.stringify({...localStorage}) + document.cookie + location.href + document.documentElement.outerHTML"
    assert OPERATOR not in await page.evaluate(kept)
    await page.reload()
    await expect(page.get_by_role("region", name="Was wartet")).to_be_visible()
    await page.get_by_role("button", name="Abmelden").click()
    assert await page.evaluate("sessionStorage.length") == 0
    await expect(page.locator("#board")).to_be_hidden()
    assert complaints == []


async def test_a_wrong_key_shows_nothing(site: Site, browser: Browser) -> None:
    page = await opened(site, browser, [])
    await page.fill("#key", "wrong")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status")).to_have_text("Dieser Schlüssel gilt nicht.")
    await expect(page.locator("#board")).to_be_hidden()
    assert await page.evaluate("sessionStorage.length") == 0


async def test_a_gateway_that_is_away_is_told(site: Site, browser: Browser) -> None:
    page = await opened(site, browser, [])
    await page.fill("#key", OPERATOR)
    await page.keyboard.press("Enter")
    await expect(page.locator("#board section").first).to_be_visible()
    await site.stop()
    await page.get_by_role("button", name="Neu laden").click()
    await expect(page.get_by_role("status")).to_contain_text("antwortet nicht")
    await expect(page.locator("#board section").first).to_be_visible()
