"""What replies can carry, and that words of others stay words."""

from __future__ import annotations

import asyncio
import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from PIL import Image
from playwright.async_api import Page, Route, expect

from actions.policy import Role
from tests.backend.world import talk_about
from tests.gateway.fakes import FakeEngine
from tests.widget.conftest import Open, Site, answering, until
from tests.widget.test_line import shows

pytestmark = pytest.mark.browser


def image(width: int = 40, height: int = 24) -> bytes:
    """A small PNG."""
    content = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(content, "PNG")
    return content.getvalue()


PNG = image()


async def test_a_button_takes_one_tap_and_is_spent_everywhere(shop: Open, engine: FakeEngine) -> None:
    buttons = [{"title": "Ja", "payload": "/affirm"}, {"title": "Nein", "payload": "/deny"}]
    engine.script = answering([{"text": "Soll ich?", "buttons": buttons}])
    kim = await shop()
    await kim.open()
    await kim.say("Storniere")
    yes = kim.log.get_by_role("button", name="Ja")
    await yes.dblclick()
    await until(lambda: kim.messages("assistant").count())
    await expect(kim.messages("person")).to_have_count(2)
    await expect(kim.messages("assistant")).to_have_count(2)
    await expect(yes.first).to_have_attribute("aria-disabled", "true")
    await expect(yes.first).to_be_focused()  # the place is not lost
    await kim.log.get_by_role("button", name="Nein").first.click(force=True)
    await asyncio.sleep(0.5)
    assert [turn.get("payload") for turn in engine.turns] == [None, "/affirm"]
    other = await shop(context=kim.page.context)
    await other.open()
    first = other.log.get_by_role("button", name=re.compile("Ja"))
    await expect(first.first).to_have_attribute("aria-disabled", "true")
    await expect(first.first).to_have_class("chosen")


async def test_cards_steps_and_links(shop: Open, site: Site) -> None:
    due = datetime.now(UTC) + timedelta(hours=30, minutes=10)
    card = {
        "kind": "order",
        "id": "FO-1001",
        "title": "Logo",
        "state": "läuft",
        "tone": "warn",
        "due_label": "Antwort bis",
        "due_at": due.isoformat(),
        "fields": [{"label": "Lieferung", "at": "2026-11-23T13:00:00Z"}, {"label": "Anbieter", "value": "Vera"}],
        "note": "Danach bleibt der Auftrag aktiv.",
    }
    links = [{"title": "Hilfe", "url": "https://laden.example/hilfe"}, {"title": "böse", "url": "javascript:alert(1)"}]
    rich = {
        "text": "Das ist offen:",
        "cards": [card],
        "steps": ["Bestellung öffnen", "Anfechten"],
        "links": links,
        "after": "Und nun?",
    }
    await site.say("Nur Text, für andere Kanäle", rich=rich)
    kim = await shop(claims={"zoneinfo": "Europe/Berlin"})
    await kim.open()
    text = await kim.messages("assistant").inner_text()
    assert "Nur Text" not in text
    for part in (
        "Das ist offen:",
        "Logo",
        "FO-1001",
        "läuft",
        "Antwort bis",
        "noch 30 Stunden",
        "14:00 Uhr",
        "Vera",
        "Und nun?",
    ):
        assert part in text
    assert await kim.log.locator("ol.steps li").all_inner_texts() == ["Bestellung öffnen", "Anfechten"]
    hrefs = await kim.log.locator("a").evaluate_all("all => all.map(a => [a.href, a.target, a.rel])")
    assert hrefs == [["https://laden.example/hilfe", "_blank", "noopener noreferrer nofollow"]]


async def test_lists_in_plain_text_become_lists(shop: Open, site: Site) -> None:
    await site.say("So geht es:\n1. Öffnen\n2. Wählen\n\nMehr unter https://laden.example/hilfe.")
    kim = await shop()
    await kim.open()
    assert await kim.log.locator(".assistant ol li").all_inner_texts() == ["Öffnen", "Wählen"]
    assert await kim.log.locator(".assistant a").get_attribute("href") == "https://laden.example/hilfe"


HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script><svg onload=alert(1)>",
    "javascript:alert(1) JaVaScRiPt://x%0aalert(1)",
    "data:text/html,<script>alert(1)</script>",
    "[klick](javascript:alert(1)) https://user:pass@boese.example/",
    "\u202egnuniet\u202c \u2066versteckt\u2069 \u200fx",
    "{{constructor.constructor('alert(1)')()}} ${alert(1)}",
]


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_words_stay_words(shop: Open, site: Site, text: str) -> None:
    card: dict[str, Any] = {"id": text, "title": text, "state": text, "due_at": text, "due_label": text, "note": text}
    card["fields"] = [{"label": text, "value": text}, {"label": text, "at": text}]
    rich = {"text": text, "cards": [card, text, None], "steps": [text], "links": [{"url": text, "title": text}, text]}
    await site.say(text, buttons=[(text, "/x")], rich=rich, kind=text, pick=text, upload=None)
    await site.say(text, rich=text, pick={"kind": "date", "min": text, "max": 7, "suggest": None})
    kim = await shop()
    await kim.open()
    await kim.say(text)
    await expect(kim.messages("person")).to_have_count(3)
    await expect(kim.messages("assistant")).to_have_count(3)
    assert await kim.log.locator("img, script, iframe, object, embed, style, [onerror], [onload]").count() == 0
    hrefs = await kim.log.locator("a").evaluate_all("all => all.map(a => a.href)")
    assert hrefs == []
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200e\u200f]", " ".join(await kim.texts()))
    assert kim.complaints == []
    assert kim.foreign == []


async def test_a_look_alike_host_shows_its_real_name(shop: Open, site: Site) -> None:
    await site.say("Siehe https://pаypal.example/x")  # with a Cyrillic a
    kim = await shop()
    await kim.open()
    assert "xn--" in await kim.log.locator(".assistant a").inner_text()


async def test_a_day_is_picked_with_the_keyboard(shop: Open, engine: FakeEngine) -> None:
    pick = {"kind": "date", "min": "2027-02-10", "max": "2027-04-30", "suggest": "2027-02-26"}
    engine.script = answering([{"text": "Bis wann?", "custom": {"pick": pick}}])
    kim = await shop()
    await kim.open()
    await kim.say("Ich brauche mehr Zeit")
    calendar = kim.log.locator(".calendar")
    await calendar.wait_for()
    assert "Februar 2027" in await calendar.inner_text()
    await calendar.locator('[data-day="2027-02-26"]').focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "ArrowDown", "Enter"):  # over the end of the month
        await kim.page.keyboard.press(key)
    await expect(calendar.get_by_role("button", name="Montag, 8. März 2027")).to_have_attribute("aria-pressed", "true")
    await calendar.get_by_role("button", name=re.compile("übernehmen")).click()

    async def asked_twice() -> bool:
        return len(engine.turns) == 2

    await until(asked_twice)
    assert engine.turns[1]["text"] == "bis 8.3.2027"
    await expect(calendar).to_have_count(1)  # the new question's; the answered one is gone
    for _ in range(4):
        await kim.page.keyboard.press("PageUp")  # before the first day there is nothing


async def test_days_outside_cannot_be_picked(shop: Open, site: Site) -> None:
    await site.say("Bis wann?", pick={"kind": "date", "min": "2027-02-10", "max": "2027-02-20"})
    kim = await shop()
    await kim.open()
    calendar = kim.log.locator(".calendar")
    await calendar.locator('[data-day="2027-02-09"]').click(force=True)
    await calendar.locator('[data-day="2027-02-21"]').click(force=True)
    await expect(calendar.locator('[aria-pressed="true"]')).to_have_count(0)
    await calendar.locator('[data-day="2027-02-10"]').focus()
    for key in ("ArrowLeft", "ArrowUp", "PageUp"):
        await kim.page.keyboard.press(key)
    await expect(calendar.locator('[data-day="2027-02-10"]')).to_be_focused()
    await kim.page.keyboard.press("PageDown")
    await expect(calendar.locator('[data-day="2027-02-20"]')).to_be_focused()
    await expect(calendar.get_by_role("button", name="Nächster Monat")).to_be_disabled()


class Evidence:
    """A double of the upload's endpoint: answers with the next of these states, then with 201."""

    def __init__(self, *states: int | str) -> None:
        self.states = list(states)
        self.bodies: list[bytes] = []
        self.tokens: list[str] = []

    async def __call__(self, route: Route) -> None:
        self.bodies.append(route.request.post_data_buffer or b"")
        self.tokens.append(route.request.headers.get("authorization", ""))
        state = self.states.pop(0) if self.states else 201
        if isinstance(state, str):
            await route.abort(state)
        else:
            await route.fulfill(status=state, json={"code": "no_appeal_open"} if state == 409 else {})

    async def prepare(self, page: Page) -> None:
        await page.route("**/v1/chat/evidence", self)


async def attach(shop: Any, name: str = "beleg.png", kind: str = "image/png", content: bytes = PNG) -> Any:
    before = await shop.log.locator(".upload").count()
    await shop.chat.locator("input[type=file]").set_input_files({"name": name, "mimeType": kind, "buffer": content})
    bubble = shop.log.locator(".upload").nth(before)
    await bubble.wait_for()
    return bubble


async def test_evidence_is_shown_sent_and_sent_again(shop: Open) -> None:
    double = Evidence("connectionreset", 503)
    vera = await shop(sub="vera", role="seller", prepare=double.prepare)
    await vera.open()
    bubble = await attach(vera)
    await expect(bubble).to_have_attribute("data-state", "failed")
    await expect(bubble.locator("canvas")).to_be_visible()
    for state in ("failed", "uploaded"):
        await bubble.get_by_role("button", name="Noch einmal versuchen").click()
        await expect(bubble).to_have_attribute("data-state", state)
    assert len(double.bodies) == 3
    assert all(b'name="file"; filename="beleg.png"' in body and PNG in body for body in double.bodies)
    assert all(token.startswith("Bearer ") for token in double.tokens)
    await expect(vera.chat.locator("[role=status].hidden")).to_have_text("Hochgeladen")


async def test_what_is_no_image_or_too_large_never_leaves_the_browser(shop: Open) -> None:
    double = Evidence()
    vera = await shop(sub="vera", role="seller", prepare=double.prepare)
    await vera.open()
    bubble = await attach(vera, "rechnung.svg", "image/svg+xml", b"<svg onload='alert(1)'/>")
    await expect(bubble).to_contain_text("PNG, JPEG oder WebP")
    bubble = await attach(vera, "<img src=x onerror=alert(1)>.png", "image/png", PNG + bytes(10 * 2**20))
    await expect(bubble).to_contain_text("größer als 10 MB")
    assert await bubble.get_by_role("button", name="Noch einmal").count() == 0
    await bubble.get_by_role("button", name="Abbrechen").click()
    await expect(vera.log.locator(".upload")).to_have_count(1)
    assert double.bodies == []


@pytest.mark.parametrize(
    ("status", "said"), [(409, "keinen Widerspruch"), (413, "größer als"), (422, "nicht angenommen")]
)
async def test_a_refused_image_says_why(shop: Open, status: int, said: str) -> None:
    vera = await shop(sub="vera", role="seller", prepare=Evidence(status).prepare)
    await vera.open()
    bubble = await attach(vera)
    await expect(bubble).to_have_attribute("data-state", "failed")
    await expect(bubble).to_contain_text(said)


async def test_evidence_can_be_pasted_and_dropped(shop: Open) -> None:
    double = Evidence()
    vera = await shop(sub="vera", role="seller", prepare=double.prepare)
    await vera.open()
    hand_over = """([selector, kind, bytes]) => {
        const root = document.querySelector("lotse-chat").shadowRoot;
        const data = new DataTransfer();
        data.items.add(new File([Uint8Array.from(bytes)], "bild.png", {type: "image/png"}));
        const init = {bubbles: true, cancelable: true, composed: true};
        const event = kind === "paste" ? new ClipboardEvent(kind, {...init, clipboardData: data})
          : new DragEvent(kind, {...init, dataTransfer: data});
        return !root.querySelector(selector).dispatchEvent(event); }"""
    assert await vera.page.evaluate(hand_over, ["textarea", "paste", list(PNG)])
    await expect(vera.log.locator(".upload")).to_have_count(1)
    assert await vera.page.evaluate(hand_over, [".panel", "dragover", list(PNG)])
    await expect(vera.chat.locator(".drop")).to_be_visible()
    assert await vera.page.evaluate(hand_over, [".panel", "drop", list(PNG)])
    await expect(vera.log.locator('.upload[data-state="uploaded"]')).to_have_count(2)
    await expect(vera.chat.locator(".drop")).to_be_hidden()


async def test_customers_are_not_asked_for_evidence(shop: Open, site: Site) -> None:
    kim = await shop()
    await kim.open()
    await expect(kim.chat.locator(".clip")).to_be_hidden()


async def test_too_many_messages_wait_and_are_sent_by_themselves(shop: Open) -> None:
    refused: list[str] = []

    async def limit(page: Page) -> None:
        async def answer(route: Route) -> None:
            if route.request.method == "POST" and len(refused) < 2:
                refused.append(route.request.post_data_json["id"])
                headers = {"Retry-After": "1"}
                await route.fulfill(status=429, headers=headers, json={"code": "rate_limited"})
            else:
                await route.continue_()

        await page.route("**/v1/chat/messages", answer)

    kim = await shop(prepare=limit)
    await kim.open()
    await kim.say("Geht gleich")
    banner = kim.chat.locator(".banner")
    await expect(banner).to_contain_text("sie wird gleich von selbst gesendet")
    await expect(kim.messages("person")).to_have_count(1)
    await shows(kim, ["Geht gleich", "Du sagst: Geht gleich"])
    await expect(banner).to_have_text("")
    assert len(set(refused)) == 1, "the same message under the same id"


async def test_a_message_that_is_refused_for_good_can_be_edited(shop: Open) -> None:
    async def refuse(page: Page) -> None:
        async def answer(route: Route) -> None:
            if route.request.method == "POST":
                await route.fulfill(status=422, json={"code": "invalid_request"})
            else:
                await route.continue_()

        await page.route("**/v1/chat/messages", answer)

    kim = await shop(prepare=refuse)
    await kim.open()
    await kim.say("Geht nicht")
    failed = kim.log.locator(".failed")
    await expect(failed).to_contain_text("Nicht gesendet")
    await failed.get_by_role("button", name="Bearbeiten").click()
    assert await kim.input.input_value() == "Geht nicht"
    await shows(kim, [])


async def test_evidence_reaches_the_gateway_and_stays_in_the_conversation(
    shop: Open, site: Site, engine: FakeEngine
) -> None:
    vera = await shop(sub="vera", role="seller")
    await vera.open()
    bubble = await attach(vera)
    await expect(bubble).to_have_attribute("data-state", "failed")  # it belongs to nothing yet
    await expect(bubble).to_contain_text("keinen Widerspruch")
    day = (datetime.now(UTC) - timedelta(days=3)).isoformat()
    infraction = {"seller_id": "vera", "type": "misleading_tracking", "issued_at": day, "updated_at": day}
    appeal = {
        "seller_id": "vera",
        "type": "misleading_tracking",
        "subject": {"kind": "infraction", "id": "V-1"},
        "ground": "Die Sendung kam an.",
    }
    headers = {"Authorization": f"Bearer {site.config.operator_key}"}
    async with aiohttp.ClientSession(site.url, headers=headers) as http:
        await http.put("/v1/infractions/V-1", json=infraction)
        draft = await (await http.post("/v1/appeals", json=appeal)).json()
    conversation = await site.backend.conversations.open("", Role.SELLER, "vera")
    await talk_about(site.backend, conversation.id, draft["id"])
    await bubble.get_by_role("button", name="Noch einmal versuchen").click()
    await expect(vera.messages("assistant")).to_have_count(1)
    await expect(vera.log.locator(".upload")).to_have_count(0)  # it is a message now
    sent = vera.messages("person")
    await expect(sent).to_have_count(1)
    await expect(sent.locator("canvas")).to_be_visible()
    assert "evidence_id" in engine.turns[0]["payload"]  # which it has heard, since it has answered
    await vera.page.reload()
    await vera.live()
    await expect(sent.locator("canvas")).to_be_visible()
    assert vera.foreign == []
