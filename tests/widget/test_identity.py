"""Whose conversation a widget shows: tokens that end, another person's, none."""

from __future__ import annotations

import asyncio

import pytest

from tests.widget.conftest import Open, Shop, Site, until
from tests.widget.test_line import shows

pytestmark = pytest.mark.browser


async def stored(shop: Shop) -> dict[str, str]:
    """Everything that the browser keeps for the page."""
    return await shop.page.evaluate(
        """async () => ({...sessionStorage, ...localStorage, cookie: document.cookie,
        databases: String((await indexedDB.databases()).length), caches: String((await caches.keys()).length)})"""
    )


NOTHING = {"cookie": "", "databases": "0", "caches": "0"}


async def test_a_token_is_renewed_before_it_ends(shop: Open, site: Site) -> None:
    asked: list[float] = []

    def tokens() -> str:
        asked.append(asyncio.get_running_loop().time())
        return site.token("kim", seconds=4)

    kim = await shop(tokens=tokens)
    await kim.open()
    await asyncio.sleep(7)
    assert len(asked) >= 2
    await kim.say("Immer noch ich")
    await shows(kim, ["Immer noch ich", "Du sagst: Immer noch ich"])


async def test_the_page_is_asked_by_an_event(shop: Open, site: Site) -> None:
    body = "<lotse-chat></lotse-chat>"
    kim = await shop(body=body, tokens=lambda: None, live=False)
    await kim.page.wait_for_selector('lotse-chat[data-status="signed-out"]', state="attached")
    await kim.open()
    assert "Melde dich an" in await kim.chat.locator(".banner").inner_text()
    await kim.set_token(site.token("kim", seconds=3))
    reasons = await kim.page.evaluate_handle(
        """token => { const reasons = [];
        document.addEventListener("lotse-token", ({detail}) => {
          reasons.push(detail.reason);
          detail.respond(Promise.resolve(token));
        });
        return reasons; }""",
        site.token("kim"),
    )
    await kim.live()
    await kim.say("Hallo")
    await shows(kim, ["Hallo", "Du sagst: Hallo"])
    await asyncio.sleep(4)
    assert (await reasons.json_value())[0] in ("renew", "refused")
    await kim.say("Noch da")
    await shows(kim, ["Hallo", "Du sagst: Hallo", "Noch da", "Du sagst: Noch da"])


@pytest.mark.parametrize("wrong", ["forged", "expired"])
async def test_a_token_that_is_refused_shows_nothing(shop: Open, site: Site, wrong: str) -> None:
    await site.say("geheim")
    token = site.token(seconds=-5) if wrong == "expired" else site.token()[:-4] + "AAAA"
    kim = await shop(tokens=lambda: token, live=False)
    await kim.page.wait_for_selector('lotse-chat[data-status="signed-out"]', state="attached")
    await kim.open()
    assert await kim.texts() == []


async def test_another_persons_token_changes_the_conversation_and_mixes_nothing(shop: Open, site: Site) -> None:
    kim = await shop()
    await kim.open()
    await kim.say("Ich bin Kim")
    await shows(kim, ["Ich bin Kim", "Du sagst: Ich bin Kim"])
    await kim.input.fill("Entwurf von Kim")
    await site.stop()
    await kim.say("Nie abgeschickt")
    await kim.set_token(site.token("lea"))
    await shows(kim, [])
    assert await kim.input.input_value() == ""
    await site.start()
    await kim.live()
    await kim.say("Ich bin Lea")
    await shows(kim, ["Ich bin Lea", "Du sagst: Ich bin Lea"])
    assert "Kim" not in str(await stored(kim))
    await kim.set_token(site.token("kim"))
    await shows(kim, ["Ich bin Kim", "Du sagst: Ich bin Kim"])


async def test_signing_out_leaves_nothing(shop: Open, site: Site) -> None:
    kim = await shop()
    await kim.open()
    await kim.say("Hallo")
    await shows(kim, ["Hallo", "Du sagst: Hallo"])
    await kim.input.fill("ein Entwurf")
    kept = await stored(kim)
    assert {name for name in kept if name not in NOTHING} != set()  # that the panel is open, and the draft
    assert "Hallo" not in str(kept)  # what the gateway has is not kept here
    assert site.token("kim").split(".")[0] not in str(kept)  # nor a token
    await kim.page.evaluate("document.querySelector('lotse-chat').signOut()")
    assert await stored(kim) == NOTHING
    assert await kim.texts() == []
    await kim.page.wait_for_selector('lotse-chat[data-status="signed-out"]', state="attached")
    await asyncio.sleep(0.5)

    async def nobody_listens() -> bool:
        return not site.services.hub._listeners

    await until(nobody_listens)
