"""The line in a browser: live, interrupted, replayed exactly, and every message sent once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from playwright.async_api import Page, WebSocketRoute, expect

from tests.gateway.fakes import FakeEngine, echo
from tests.widget.conftest import Open, Shop, Site, until

pytestmark = pytest.mark.browser


async def shows(shop: Shop, expected: list[str], seconds: float = 30.0) -> None:
    async def same() -> bool:
        return await shop.texts() == expected

    try:
        await until(same, seconds)
    except AssertionError:
        assert await shop.texts() == expected
        raise


async def test_a_question_and_its_answer(shop: Open) -> None:
    kim = await shop()
    await kim.open()
    await kim.say("Wie weit ist mein Logo?")
    await shows(kim, ["Wie weit ist mein Logo?", "Du sagst: Wie weit ist mein Logo?"])
    assert kim.complaints == []
    assert kim.foreign == []


async def test_typing_is_shown_while_the_answer_is_made(shop: Open, engine: FakeEngine) -> None:
    answer_now = asyncio.Event()

    async def when_told(turn: dict[str, Any]) -> list[dict[str, Any]]:
        await answer_now.wait()
        return await echo(turn)

    engine.script = when_told
    kim = await shop()
    await kim.open()
    await kim.say("Hallo")
    await expect(kim.chat.locator(".typing")).to_be_visible()
    answer_now.set()
    await expect(kim.messages("assistant")).to_have_count(1)
    await expect(kim.chat.locator(".typing")).to_be_hidden()


async def test_what_was_missed_is_replayed_in_order_and_once(shop: Open, site: Site) -> None:
    kim = await shop()
    await kim.open()
    await kim.say("eins")
    await shows(kim, ["eins", "Du sagst: eins"])
    for number in range(3):  # each time the gateway goes away and something happens meanwhile
        await site.stop()
        await site.start()
        await site.say(f"verpasst {number}")
    missed = [text for number in range(3) for text in ("…", f"verpasst {number}")]
    await shows(kim, ["eins", "Du sagst: eins", *missed])


async def test_a_message_written_offline_waits_visibly_and_is_sent_once(
    shop: Open, site: Site, engine: FakeEngine
) -> None:
    kim = await shop()
    await kim.open()
    await site.stop()
    await kim.say("Ist da jemand?")
    await kim.say("Hallo?")
    await until(lambda: kim.log.locator(".waiting").count())
    assert "Wartet auf die Verbindung" in await kim.log.locator(".waiting").first.inner_text()
    await kim.page.wait_for_selector('lotse-chat[data-status="offline"]', state="attached", timeout=40_000)
    assert "Keine Verbindung" in await kim.chat.locator(".banner").inner_text()
    await site.start()
    await shows(kim, ["Ist da jemand?", "Du sagst: Ist da jemand?", "Hallo?", "Du sagst: Hallo?"])
    assert [turn["text"] for turn in engine.turns] == ["Ist da jemand?", "Hallo?"]
    # The answers come with each sending, the numbers of the own messages when the line is up again.
    await expect(kim.log.locator(".waiting")).to_have_count(0)
    await expect(kim.chat.locator(".banner")).to_have_text("")


async def test_an_unsent_message_and_the_draft_survive_a_reload(shop: Open, site: Site, engine: FakeEngine) -> None:
    kim = await shop()
    await kim.open()
    await site.stop()
    await kim.say("Nicht verloren gehen")
    await kim.input.fill("ein Entwurf")
    await site.start()
    await kim.page.reload()
    await shows(kim, ["Nicht verloren gehen", "Du sagst: Nicht verloren gehen"])
    assert await kim.input.input_value() == "ein Entwurf"  # and the panel is open again
    assert len(engine.turns) == 1


async def test_an_answer_lost_on_the_way_does_not_double_the_message(shop: Open, engine: FakeEngine) -> None:
    lost: list[str] = []

    async def prepare(page: Page) -> None:
        async def lose_one(route: object) -> None:
            if route.request.method == "POST" and not lost:  # type: ignore[attr-defined]
                lost.append(route.request.post_data)  # type: ignore[attr-defined]
                await route.fetch()  # type: ignore[attr-defined]  # the gateway got it
                await route.abort()  # type: ignore[attr-defined]  # the browser never hears
            else:
                await route.continue_()  # type: ignore[attr-defined]

        await page.route("**/v1/chat/messages", lose_one)

    kim = await shop(prepare=prepare)
    await kim.open()
    await kim.say("Nur einmal")
    await shows(kim, ["Nur einmal", "Du sagst: Nur einmal"])
    assert len(lost) == 1
    assert len(engine.turns) == 1


async def test_without_websockets_it_polls(shop: Open, site: Site) -> None:
    refused: list[str] = []

    async def prepare(page: Page) -> None:
        async def refuse(socket: WebSocketRoute) -> None:
            refused.append(socket.url)
            await socket.close(code=4000)

        await page.route_web_socket("**/v1/chat/live", refuse)

    kim = await shop(prepare=prepare)
    assert refused
    await kim.open()
    await kim.say("Hallo")
    await shows(kim, ["Hallo", "Du sagst: Hallo"])
    await site.say("Etwas Neues")
    await shows(kim, ["Hallo", "Du sagst: Hallo", "…", "Etwas Neues"], 15)  # not when the poll was due


async def test_a_reload_and_a_second_tab_show_the_same_conversation(shop: Open, engine: FakeEngine) -> None:
    kim = await shop()
    await kim.open()
    await kim.say("Im ersten Tab")
    both = ["Im ersten Tab", "Du sagst: Im ersten Tab"]
    await shows(kim, both)
    await kim.page.reload()
    await kim.live()
    await shows(kim, both)
    other = await shop(context=kim.page.context)
    await other.open()
    await shows(other, both)
    await other.say("Im zweiten Tab")
    both += ["Im zweiten Tab", "Du sagst: Im zweiten Tab"]
    await shows(other, both)
    await shows(kim, both)
    assert len(engine.turns) == 2


async def test_a_long_history_is_whole_and_in_order(shop: Open, site: Site) -> None:
    for number in range(230):  # more than two pages of the protocol
        await site.say(f"Nummer {number}")
    kim = await shop()
    await kim.open()
    await shows(kim, [text for number in range(230) for text in ("…", f"Nummer {number}")])


async def test_a_history_in_two_languages_does_not_hold_up_the_page(shop: Open, site: Site) -> None:
    for number in range(300):
        await site.say(f"Nummer {number}", locale=("de", "en")[number % 2])
    busy = (
        "() => { window.longest = 0; new PerformanceObserver((list) => { for (const entry of list.getEntries()) "
        "window.longest = Math.max(window.longest, entry.duration); }).observe({type: 'longtask', buffered: true}); }"
    )
    kim = await shop()
    await kim.page.evaluate(busy)
    await kim.open()
    await expect(kim.messages("assistant")).to_have_count(300)
    for number in range(300, 320):
        await site.say(f"Nummer {number}", locale=("de", "en")[number % 2])
    await expect(kim.messages("assistant")).to_have_count(320)
    await kim.say("Immer noch flink")
    await expect(kim.messages("person").last).to_contain_text("Immer noch flink")
    longest = await kim.page.evaluate("window.longest")
    assert longest < 2000, f"{longest} ms"  # on a machine that is busy with other things


async def test_a_conversation_that_begins_anew_is_shown_anew(shop: Open, site: Site, database_url: str) -> None:
    kim = await shop()
    await kim.open()
    await kim.say("vorher")
    await shows(kim, ["vorher", "Du sagst: vorher"])
    await site.stop()
    from sqlalchemy import create_engine, text

    wiped = create_engine(database_url)
    with wiped.begin() as connection:
        connection.execute(text("DELETE FROM messages"))
        connection.execute(text("UPDATE conversations SET last_seq = 0, delivered_seq = 0, seen_seq = 0"))
    wiped.dispose()
    await site.start()
    await shows(kim, [], 45)  # on a busy machine the widget may have been trying for long, and waits longer each time
    await kim.say("nachher")
    await shows(kim, ["nachher", "Du sagst: nachher"])
