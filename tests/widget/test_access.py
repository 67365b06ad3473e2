"""For everyone: axe, keyboard, screen reader, small and large, quiet and contrasted, three locales."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from tests.gateway.fakes import FakeEngine
from tests.widget.conftest import Open, Shop, Site, answering, until
from tests.widget.test_line import shows

pytestmark = pytest.mark.browser

BUTTONS = [{"title": "Ja, jetzt stornieren", "payload": "/affirm"}, {"title": "Nein", "payload": "/deny"}]
CARD = {
    "id": "FO-1",
    "title": "Logo",
    "state": "läuft",
    "tone": "warn",
    "due_at": "2099-01-01T00:00:00Z",
    "due_label": "Bis",
}
PICK = {"kind": "date", "min": "2027-02-10", "suggest": "2027-02-12"}


async def violations(shop: Shop, node_modules: Path) -> list[str]:
    """What axe finds in the page and in the widget, all of its rules but those about the page around."""
    # As the browser's own script, since the page's policy lets no other in.
    session = await shop.page.context.new_cdp_session(shop.page)
    source = (node_modules / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
    await session.send("Runtime.evaluate", {"expression": source})
    found: list[dict[str, Any]] = await shop.page.evaluate(
        "async () => (await axe.run(document, {resultTypes: ['violations']})).violations"
    )
    return [f"{rule['id']}: {[node['html'][:200] for node in rule['nodes']]}" for rule in found]


async def lively(shop: Shop) -> None:
    """A conversation with everything in it."""
    await shop.say("Mein Logo ist überfällig")
    await expect(shop.messages("assistant").last.locator(".buttons")).to_be_visible()
    await asyncio.sleep(0.4)  # animations


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing(shop: Open, site: Site, engine: FakeEngine, node_modules: Path, scheme: Any) -> None:
    rich = {"cards": [CARD, {**CARD, "tone": "bad"}, {**CARD, "tone": "good"}], "steps": ["Eins", "Zwei"]}
    rich["links"] = [{"title": "Hilfe", "url": "https://laden.example/"}]  # type: ignore[list-item]
    engine.script = answering([{"text": "Soll ich?", "buttons": BUTTONS, "custom": {"kind": "proposal", "rich": rich}}])
    vera = await shop(sub="vera", role="seller", color_scheme=scheme, claims={"locale": "de"})
    assert await violations(vera, node_modules) == []  # closed
    await vera.open()
    await asyncio.sleep(0.4)  # the panel rises
    assert await violations(vera, node_modules) == []  # the welcome
    await lively(vera)
    await site.say("Bis wann?", sub="vera", role="seller", pick=PICK)
    await vera.log.locator(".calendar").wait_for()
    await vera.chat.locator("input[type=file]").set_input_files(
        {"name": "a.svg", "mimeType": "image/svg+xml", "buffer": b"<svg/>"}
    )
    await vera.log.get_by_role("button", name="Nein").first.click()
    await expect(vera.messages("assistant")).to_have_count(3)
    assert await violations(vera, node_modules) == []  # a conversation
    await site.stop()
    await vera.say("wartet")
    await vera.page.wait_for_selector('lotse-chat[data-status="offline"]', state="attached", timeout=40_000)
    assert await violations(vera, node_modules) == []  # no connection, something waits


async def test_a_whole_case_by_keyboard_alone(shop: Open, engine: FakeEngine) -> None:
    engine.script = answering([{"text": "Soll ich?", "buttons": BUTTONS, "custom": {"kind": "proposal"}}])
    kim = await shop()
    keyboard = kim.page.keyboard
    await kim.page.get_by_role("button", name="Vor dem Chat").focus()
    await keyboard.press("Tab")
    await expect(kim.chat.locator(".launcher")).to_be_focused()
    await keyboard.press("Enter")
    await expect(kim.input).to_be_focused()
    await keyboard.type("Storniere mein Logo")
    await keyboard.press("Enter")
    yes = kim.log.get_by_role("button", name="Ja, jetzt stornieren")
    await yes.wait_for()
    for _ in range(2):  # back over the other button
        await keyboard.press("Shift+Tab")
    await expect(yes).to_be_focused()
    await keyboard.press("Enter")
    await expect(kim.messages("person")).to_have_count(2)
    await expect(yes.first).to_be_focused()

    async def heard() -> bool:  # the message is on the page before the engine has it
        return len(engine.turns) > 1

    await until(heard)
    assert engine.turns[1]["payload"] == "/affirm"
    await keyboard.press("Escape")
    await expect(kim.chat.locator(".launcher")).to_be_focused()
    await expect(kim.chat.locator(".panel")).to_be_hidden()


async def test_each_message_is_read_out_once(shop: Open, site: Site) -> None:
    await site.say("von gestern")
    kim = await shop()
    await kim.open()
    await asyncio.sleep(0.6)
    await expect(kim.log).to_have_attribute("aria-live", "polite")
    added = await kim.page.evaluate_handle(
        """() => { const added = [];
        const log = document.querySelector("lotse-chat").shadowRoot.querySelector("[role=log]");
        new MutationObserver((records) => { for (const {addedNodes, target} of records) for (const node of addedNodes)
          if (target === log) added.push(node.textContent); }).observe(log, {childList: true, subtree: true});
        return added; }"""
    )
    await kim.say("Hallo")
    await shows(kim, ["…", "von gestern", "Hallo", "Du sagst: Hallo"])
    await site.stop()
    await site.start()
    await site.say("neu")
    await shows(kim, ["…", "von gestern", "Hallo", "Du sagst: Hallo", "…", "neu"])
    read = await added.json_value()
    assert [sum(text in part for part in read) for text in ("von gestern", "Du: Hallo", "Du sagst: Hallo", "neu")] == [
        0,
        1,
        1,
        1,
    ]


async def test_in_a_narrow_window_nothing_behind_can_be_reached(shop: Open) -> None:
    kim = await shop(viewport={"width": 320, "height": 560})
    await kim.open()
    for _ in range(12):
        await kim.page.keyboard.press("Tab")
        inside = await kim.page.evaluate("['LOTSE-CHAT', 'BODY'].includes(document.activeElement.tagName)")
        assert inside
    await kim.page.keyboard.press("Escape")
    await expect(kim.chat.locator(".launcher")).to_be_focused()


@pytest.mark.parametrize(
    ("width", "height"), [(320, 560), (320, 256), (360, 740)], ids=["320 px", "400 % of 1280x1024", "a phone"]
)
async def test_everything_fits_without_scrolling_sideways(
    shop: Open, site: Site, engine: FakeEngine, width: int, height: int
) -> None:
    long = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen" * 2
    buttons = [{"title": long, "payload": "/a"}, *BUTTONS]
    engine.script = answering([{"text": f"{long} {long}", "buttons": buttons, "custom": {"rich": {"cards": [CARD]}}}])
    kim = await shop(viewport={"width": width, "height": height})
    await kim.open()
    await kim.say(long)
    await kim.messages("assistant").wait_for()
    await site.say("Bis wann?", pick=PICK)
    await kim.log.locator(".calendar").wait_for()
    wide = await kim.page.evaluate(
        """() => { const root = document.querySelector("lotse-chat").shadowRoot;
        const wide = [...root.querySelectorAll(".panel *:not(.hidden)")].filter((element) => {
          const box = element.getBoundingClientRect();
          return box.width && (box.right > innerWidth + 1 || box.left < -1); });
        const scroll = root.querySelector(".scroll");
        return [wide.map((element) => element.className), scroll.scrollWidth > scroll.clientWidth]; }"""
    )
    assert wide == [[], False]
    box = await kim.input.bounding_box()
    assert box and box["y"] + box["height"] <= height
    assert (await kim.chat.locator(".scroll").bounding_box() or {})["height"] > 60


async def test_targets_are_large_enough_for_a_finger(shop: Open, engine: FakeEngine) -> None:
    engine.script = answering([{"text": "Soll ich?", "buttons": BUTTONS}])
    kim = await shop(has_touch=True)
    launcher = await kim.chat.locator(".launcher").bounding_box()
    await kim.open()
    await kim.say("Hallo")
    await kim.messages("assistant").wait_for()
    boxes = [launcher]
    for button in await kim.chat.locator(".panel button:visible").all():
        boxes.append(await button.bounding_box())
    assert len(boxes) >= 5
    assert all(box and box["height"] >= 40 and box["width"] >= 40 for box in boxes)


async def test_nothing_moves_for_those_who_ask_for_it(shop: Open) -> None:
    kim = await shop(reduced_motion="reduce")
    await kim.open()
    moving = "() => document.querySelector('lotse-chat').shadowRoot.getAnimations({subtree: true}).length"
    await kim.say("Hallo")
    assert await kim.page.evaluate(moving) == 0


async def test_forced_colours_keep_edges(shop: Open, engine: FakeEngine, node_modules: Path) -> None:
    engine.script = answering([{"text": "Soll ich?", "buttons": BUTTONS}])
    kim = await shop(forced_colors="active")
    await kim.open()
    await lively(kim)
    edges = await kim.page.evaluate(
        """() => { const root = document.querySelector("lotse-chat").shadowRoot;
        return [".person .bubble", ".assistant .bubble", ".send", ".buttons button"].map((selector) => {
          const style = getComputedStyle(root.querySelector(selector));
          return style.borderTopStyle === "solid" && style.borderTopColor !== style.backgroundColor; }); }"""
    )
    assert edges == [True] * 4


SAID = {
    "de": ("Deine Nachricht", "Digitaler Assistent, kein Mensch", "Heute", "Hilfe"),
    "de-formal": ("Ihre Nachricht", "Digitaler Assistent, kein Mensch", "Heute", "Hilfe"),
    "en": ("Your message", "Digital assistant, not a human", "Today", "Help"),
}


async def test_three_locales_are_switched_live(shop: Open, site: Site) -> None:
    await site.say("Bis wann?", rich={"cards": [CARD]}, pick={"kind": "date", "min": "2027-03-01"})
    await site.say("Noch etwas")
    kim = await shop()
    await kim.open()
    for locale, (field, who, day, launcher) in SAID.items():
        await kim.page.evaluate("locale => document.querySelector('lotse-chat').setAttribute('locale', locale)", locale)
        await expect(kim.input).to_have_attribute("aria-label", field)
        await expect(kim.chat.locator("#who")).to_have_text(who)
        await expect(kim.log.locator(".day")).to_have_text(day)
        await expect(kim.chat.locator(".launcher-text")).to_have_text(launcher)
        assert await kim.chat.locator(".panel").get_attribute("lang") == ("en" if locale == "en" else "de")
        month = "January 2099" if locale == "en" else "Januar"
        assert month.split()[0] in await kim.log.locator(".card").inner_text()
        await expect(kim.messages("assistant")).to_have_count(2)


async def test_the_language_follows_the_conversation(shop: Open, site: Site) -> None:
    kim = await shop()
    await kim.open()
    await expect(kim.input).to_have_attribute("aria-label", "Deine Nachricht")
    await site.say("Hello, how can I help?", locale="en")
    await expect(kim.input).to_have_attribute("aria-label", "Your message")


async def test_the_look_is_themed_with_a_few_properties(shop: Open) -> None:
    body = '<link rel="stylesheet" href="/demo/demo.css"><lotse-chat token-url="/token/NAME"></lotse-chat>'
    kim = await shop(body=body)
    await kim.page.evaluate(
        """() => { const chat = document.querySelector("lotse-chat");
        chat.style.setProperty("--lotse-accent", "rgb(120, 20, 90)");
        chat.setAttribute("heading", "Hilfe von Kontor"); chat.setAttribute("theme", "light"); }"""
    )
    await kim.open()
    colour = "element => getComputedStyle(element).backgroundColor"
    assert await kim.chat.locator(".mark").evaluate(colour) == "rgb(120, 20, 90)"
    await expect(kim.chat.locator("h2")).to_have_text("Hilfe von Kontor")
    light = await kim.chat.locator(".panel").evaluate(colour)
    await kim.chat.evaluate("chat => chat.setAttribute('theme', 'dark')")
    assert await kim.chat.locator(".panel").evaluate(colour) != light
