"""The support desk in a browser, and what stands around the conversation: privacy, transcript, thumbs."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, WebSocketRoute, expect

from actions.backend import Desk, Ending, IdempotencyKey, Material
from actions.policy import Actor, Role
from tests.gateway.fakes import FakeEngine
from tests.widget.conftest import Open, Site, answering
from tests.widget.test_access import violations
from tests.widget.test_line import shows

pytestmark = pytest.mark.browser

DESK = Desk("Kundenservice", timedelta(minutes=30))
NOTICE = "https://laden.example/datenschutz"


@pytest_asyncio.fixture(loop_scope="session")
async def site(site: Site) -> Site:
    """With a desk and a privacy notice."""
    await site.stop()
    site.desk, site.config = DESK, replace(site.config, privacy_url=NOTICE)
    await site.start()
    return site


async def handed_over(site: Site, sub: str = "kim") -> str:
    conversation = await site.backend.conversations.open("", Role.CUSTOMER, sub)
    actor = Actor(Role.CUSTOMER, sub)
    material = Material(DESK.name, Role.CUSTOMER, sub, "de")
    offered = await site.backend.handovers.create(conversation.id, actor, material, sentence="…", locale="de")
    await site.backend.handovers.confirm(offered.id, conversation.id, actor, uuid.uuid4().hex, conversation.last_seq)
    return str(offered.id)


async def answers(site: Site, handover_id: str, text: str) -> None:
    key = IdempotencyKey(uuid.uuid4().hex, "handover_message", handover_id)
    await site.backend.handovers.reply(handover_id, text, "Jana <b>", key=key)


@pytest.mark.parametrize("line", ["socket", "polling"])
async def test_the_person_sees_whom_they_write_to(
    shop: Open, site: Site, engine: FakeEngine, node_modules: Path, line: str
) -> None:
    async def without_sockets(page: Page) -> None:
        async def refuse(socket: WebSocketRoute) -> None:
            await socket.close(code=4000)

        await page.route_web_socket("**/v1/chat/live", refuse)

    kim = await shop(prepare=without_sockets if line == "polling" else None)
    await kim.open()
    bar, who = kim.chat.locator(".desk"), kim.chat.locator("#who")
    await kim.say("Hallo")
    await shows(kim, ["Hallo", "Du sagst: Hallo"])
    await expect(bar).to_be_hidden()
    handover_id = await handed_over(site)
    await expect(bar).to_be_visible(timeout=15_000)
    await expect(bar).to_contain_text("Du schreibst an Menschen (Kundenservice). Noch hat niemand geantwortet.")
    await expect(who).to_have_text("Menschen (Kundenservice), kein Programm")
    await kim.say("Mein Problem")
    await expect(kim.messages("person").last).to_contain_text("an den Support")
    await expect(kim.chat.locator(".typing")).to_be_hidden()
    await answers(site, handover_id, "Ich sehe nach.")
    await expect(kim.messages("agent").locator(".author")).to_have_text("Jana <b>, Support")
    await expect(bar).to_contain_text("Du schreibst mit Jana <b> (Kundenservice).")
    assert [turn["text"] for turn in engine.turns] == ["Hallo"], "the assistant pauses"
    if line == "socket":
        assert await violations(kim, node_modules) == []
    await bar.get_by_role("button", name="Zurück zum Assistenten").click()
    await expect(kim.messages("assistant").last).to_contain_text("Du schreibst wieder mit mir, dem Programm.")
    await expect(bar).to_be_hidden(timeout=15_000)
    await expect(who).to_have_text("Digitaler Assistent, kein Mensch")
    await expect(kim.input).to_be_focused()
    assert [c for c in kim.complaints if "WebSocket" not in c] == [] and kim.foreign == []


async def test_a_reload_shows_the_pause_and_the_desk_ends_it(shop: Open, site: Site) -> None:
    handover_id = await handed_over(site)
    await answers(site, handover_id, "Guten Tag")
    kim = await shop()
    await kim.open()
    await expect(kim.chat.locator(".desk")).to_be_visible()
    await expect(kim.messages("agent")).to_have_count(1)
    handover = await site.backend.handovers.get(handover_id)
    await site.services.desk.close(handover, Ending.DESK)
    await expect(kim.messages("assistant").last).to_contain_text("beendet")
    await expect(kim.chat.locator(".desk")).to_be_hidden()


async def test_before_the_first_message_stands_what_this_is_and_what_becomes_of_words(shop: Open, site: Site) -> None:
    kim = await shop()
    await kim.open()
    welcome = kim.chat.locator(".welcome")
    await expect(welcome).to_contain_text("Ich bin ein Programm")
    await expect(welcome).to_contain_text("Was du hier schreibst, wird gespeichert")
    await expect(welcome.get_by_role("link")).to_have_attribute("href", NOTICE)
    await expect(welcome.get_by_role("link")).to_contain_text("Datenschutz (laden.example)")
    await site.services.backend.conversations.open("", Role.CUSTOMER, "kim")
    await kim.say("Hallo")
    await expect(welcome).to_be_hidden()
    vera = await shop(sub="vera", role="seller")
    await vera.open()
    await expect(vera.chat.locator(".welcome")).to_contain_text("Was Sie hier schreiben")


async def test_a_notice_alone_does_not_hide_the_welcome(shop: Open, site: Site) -> None:
    handover_id = await handed_over(site)
    await answers(site, handover_id, "Etwas, bevor je etwas gesagt wurde")
    kim = await shop()
    await kim.open()
    await expect(kim.messages("agent")).to_have_count(1)
    await expect(kim.chat.locator(".welcome")).to_be_visible()


async def test_the_conversation_as_a_file(shop: Open, node_modules: Path) -> None:
    kim = await shop()
    await kim.open()
    await kim.say("Hallo & <b>fett</b>")
    await shows(kim, ["Hallo & <b>fett</b>", "Du sagst: Hallo & <b>fett</b>"])
    menu = kim.chat.get_by_label("Weitere Möglichkeiten")
    await menu.focus()
    await kim.page.keyboard.press("Enter")
    entry = kim.chat.get_by_role("button", name="Gespräch herunterladen")
    await expect(entry).to_be_visible()
    assert await violations(kim, node_modules) == []
    await kim.page.keyboard.press("Escape")
    await expect(entry).to_be_hidden()
    await expect(kim.input).to_be_visible()
    await expect(menu).to_be_focused()
    await kim.page.keyboard.press("Enter")
    await expect(kim.chat.locator(".menu").get_by_role("link")).to_have_attribute("href", NOTICE)
    async with kim.page.expect_download() as download:
        await entry.click()
    file = await download.value
    content = Path(await file.path()).read_text(encoding="utf-8")
    assert file.suggested_filename == "lotse.html" and "Hallo &amp; &lt;b&gt;fett&lt;/b&gt;" in content
    assert kim.complaints == [] and kim.foreign == []


async def test_thumbs_take_no_next_step_away(shop: Open, engine: FakeEngine) -> None:
    buttons = [{"title": title, "payload": f"/{title}"} for title in ("weiter", "up", "down")]
    done: dict[str, Any] = {"kind": "done", "feedback": {"id": "B-1", "first_button": 1}}
    engine.script = answering([{"text": "Erledigt.\n\nWar das hilfreich?", "buttons": buttons, "custom": done}])
    kim = await shop()
    await kim.open()
    await kim.say("Hallo")
    message = kim.messages("assistant").first
    step, up, down = (message.get_by_role("button", name=title) for title in ("weiter", "up", "down"))
    await up.click()
    await expect(up).to_have_class("chosen")
    await expect(down).to_have_attribute("aria-disabled", "true")
    await expect(step).not_to_have_attribute("aria-disabled", "true")
    await step.click()
    await expect(step).to_have_class("chosen")
    await expect(kim.messages("assistant")).to_have_count(3)
    assert [turn.get("payload") for turn in engine.turns] == [None, "/up", "/weiter"]
    await kim.page.reload()
    await kim.live()
    await kim.open() if not await kim.input.is_visible() else None
    await expect(kim.messages("assistant").first.locator(".chosen")).to_have_count(2)
