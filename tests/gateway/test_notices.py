"""The other side hears of it: once, in its language and zone, with buttons of its own."""

from __future__ import annotations

import asyncio
import uuid
from datetime import timedelta
from typing import Any

import pytest

from actions.wording import Rendered, Wording
from tests.gateway.conftest import NOW, Gateway, Person, Start, both_databases
from tests.gateway.fakes import FakeEngine
from tests.gateway.test_orders import dispute_of


async def notices(person: Person) -> list[dict[str, Any]]:
    return [message for message in await person.messages() if message["author"] == "notice"]


@both_databases
async def test_the_other_side_hears_of_it_with_buttons(frozen: Gateway, engine: FakeEngine) -> None:
    await frozen.order("FO-1")
    await frozen.command("FO-1", "request_cancellation", by="kim", text="Passt nicht mehr")
    await frozen.services_settle()
    vera = frozen.person("vera", "seller")
    (notice,) = await notices(vera)
    assert "FO-1" in notice["text"]
    assert "Passt nicht mehr" in notice["text"]
    assert notice["in_reply_to"] is None
    titles = [button["title"] for button in notice["buttons"]]
    assert len(titles) == 2
    payload = notice["buttons"][0]["payload"]
    assert "/" not in payload
    assert "FO-1" not in payload
    response = await vera.post(payload=payload, last_seen_seq=notice["seq"])
    assert response.status == 200
    (turn,) = engine.turns
    dispute = await dispute_of(frozen, "FO-1")
    assert turn["payload"].startswith("/accept_request{")
    assert dispute["id"] in turn["payload"]
    assert "text" not in turn
    assert turn["metadata"]["pressed"] is True
    pressed = [message for message in await vera.messages() if message["author"] == "person"]
    assert [message["text"] for message in pressed] == titles[:1]


async def test_both_sides_and_nobody_else(frozen: Gateway) -> None:
    await frozen.order("FO-1")
    await frozen.command("FO-1", "request_update", by="kim", text="Na?")
    await frozen.services_settle()
    assert len(await notices(frozen.person("vera", "seller"))) == 1
    assert len(await notices(frozen.person("kim"))) == 1
    assert await notices(frozen.person("vera")) == []
    assert await notices(frozen.person("support", "seller")) == []


async def test_language_and_zone(frozen: Gateway) -> None:
    await frozen.order("FO-1")
    await frozen.operate("PUT", "/v1/people/seller/vera", {"locale": "en", "zoneinfo": "Asia/Tokyo"})
    await frozen.command("FO-1", "request_update", by="kim", text="Na?")
    await frozen.services_settle()
    (english,) = await notices(frozen.person("vera", "seller"))
    assert "12 March, 21:00" in english["text"]  # due at 12:00 UTC
    assert english["locale"] == "en"
    (german,) = await notices(frozen.person("kim"))
    assert "12. März, 13:00" in german["text"]
    assert german["locale"] == "de"


async def test_a_token_overrides_what_the_marketplace_said(frozen: Gateway) -> None:
    await frozen.operate("PUT", "/v1/people/seller/vera", {"locale": "de", "zoneinfo": "Asia/Tokyo"})
    await frozen.person("vera", "seller", locale="en").messages()
    await frozen.order("FO-1")
    await frozen.command("FO-1", "request_update", by="kim")
    await frozen.services_settle()
    (notice,) = await notices(frozen.person("vera", "seller"))
    assert notice["locale"] == "en"
    assert "21:00" in notice["text"]


async def answered_in(locale: object) -> list[dict[str, Any]]:
    return [{"text": "Hm.", "custom": {"locale": locale}}]


@both_databases
async def test_notices_speak_as_the_assistant_answered_last(frozen: Gateway, engine: FakeEngine) -> None:
    vera = frozen.person("vera", "seller", locale="de-formal")
    await frozen.order("FO-1")
    said = {"Guten Tag": "de-formal", "Hello there": "en", "???": None, "Moin": "xx"}
    engine.script = lambda turn: answered_in(said[turn["text"]])
    for text, locale in (("Guten Tag", "de-formal"), ("Hello there", "en"), ("???", "en")):
        await vera.say(text)
        await frozen.command("FO-1", "request_update", by="kim")
        await frozen.services_settle()
        notice = (await notices(vera))[-1]
        assert notice["locale"] == locale, text
        dispute = await dispute_of(frozen, "FO-1")
        await frozen.command("FO-1", "withdraw", by="kim", dispute_id=dispute["id"])
        await frozen.services_settle()
    await vera.say("Moin")
    await frozen.command("FO-1", "request_update", by="kim")
    await frozen.services_settle()
    assert (await notices(vera))[-1]["locale"] == "de-formal", "a locale that nobody speaks is none"


@both_databases
async def test_moving_the_clock_sweeps_and_tells_before_it_answers(frozen: Gateway) -> None:
    await frozen.order("FO-1")
    await frozen.command("FO-1", "request_update", by="kim")
    due = NOW + timedelta(hours=48)
    assert (await (await frozen.freeze(due)).json())["now"] == "2026-03-12T12:00:00Z"
    assert (await dispute_of(frozen, "FO-1"))["status"] == "open"
    assert len(await notices(frozen.person("kim"))) == 1
    await frozen.freeze(due + timedelta(microseconds=1))
    events = (await (await frozen.operate("GET", "/v1/events")).json())["events"]
    assert (await dispute_of(frozen, "FO-1"))["status"] == "expired"
    codes = [event["code"] for event in events if event["kind"] == "notice" and event["recipient"]["id"] == "kim"]
    assert codes == ["own_update_request", "update_expired"]
    assert len(await notices(frozen.person("kim"))) == 2


async def test_the_clock_goes_back_and_runs_again(gateway: Gateway) -> None:
    clock = await (await gateway.operate("GET", "/v1/test-clock")).json()
    assert clock["frozen"] is False
    await gateway.freeze(NOW)
    assert (await (await gateway.freeze(NOW - timedelta(days=3))).json()) == {
        "now": "2026-03-07T12:00:00Z",
        "frozen": True,
    }
    assert (await (await gateway.operate("DELETE", "/v1/test-clock")).json())["frozen"] is False
    for bad in ({"now": "2026-03-10"}, {"now": "1969-12-31T23:59:59Z"}, {}, {"now": None}):
        assert (await gateway.operate("PUT", "/v1/test-clock", bad)).status == 422


async def test_no_test_clock_in_production(start: Start) -> None:
    async with start(production=True) as gateway:
        for method in ("GET", "PUT", "DELETE"):
            response = await gateway.operate(method, "/v1/test-clock", {"now": NOW.isoformat()})
            assert (response.status, (await response.json())["code"]) == (404, "not_found")


@both_databases
async def test_each_notice_once_across_restarts_and_processes(start: Start) -> None:
    async with start(dispatch_interval=60.0) as gateway:
        await gateway.freeze(NOW)
        for number in range(8):
            await gateway.order(f"FO-{number}")
            await gateway.command(f"FO-{number}", "request_update", by="kim")
    async with start() as one, start() as other:
        await asyncio.gather(*(running.services_settle() for running in (one, other, one, other)))
        assert sorted(n["order_id"] for n in await notices(one.person("vera", "seller"))) == [
            f"FO-{n}" for n in range(8)
        ]
    async with start() as gateway:
        await gateway.services_settle()
        assert len(await notices(gateway.person("vera", "seller"))) == 8
        seqs = [message["seq"] for message in await gateway.person("vera", "seller").messages()]
        assert seqs == list(range(1, 9))


async def test_a_notice_without_words_does_not_hold_up_the_others(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with start(dispatch_interval=60.0) as gateway:
        await gateway.freeze(NOW)
        wording = gateway.services().wording
        texts = {name: text for name, text in wording.texts.items() if not name.startswith("notice_update_request")}
        monkeypatch.setattr(gateway.services().dispatcher, "_wording", type(wording)(texts))
        for order_id in ("FO-1", "FO-2"):
            await gateway.order(order_id)
            await gateway.command(order_id, "request_update", by="kim")
        await gateway.services().dispatcher.dispatch()
        assert await notices(gateway.person("vera", "seller")) == []
        assert len(await notices(gateway.person("kim"))) == 2


BUTTONS = [{"text": "Was nun?", "buttons": [{"title": "Ja", "payload": '/affirm{"proposal_id": "P-1"}'}]}]


@both_databases
async def test_buttons_are_for_one_person(gateway: Gateway, engine: FakeEngine) -> None:
    async def script(turn: dict[str, Any]) -> list[dict[str, Any]]:
        return BUTTONS

    engine.script = script
    kim, eve = gateway.person("kim"), gateway.person("eve")
    (reply,) = (await kim.say("hm"))["messages"]
    await eve.say("hm")
    payload = reply["buttons"][0]["payload"]
    assert reply["buttons"][0]["title"] == "Ja"
    assert payload != BUTTONS[0]["buttons"][0]["payload"]
    for person, token in ((eve, payload), (gateway.person("kim", "seller"), payload), (kim, "2.invented")):
        response = await person.post(payload=token)
        assert (response.status, (await response.json())["code"]) == (404, "button_unknown")
    raw = await kim.post(payload='/affirm{"proposal_id": "P-1"}')
    assert raw.status == 422
    assert len(engine.turns) == 2
    message_id = str(uuid.uuid4())
    pressed = await kim.post(id=message_id, payload=payload)
    assert pressed.status == 200
    assert engine.turns[-1]["payload"] == '/affirm{"proposal_id": "P-1"}'
    assert (await (await kim.post(id=message_id, payload=payload)).json()) == await pressed.json()
    assert len(engine.turns) == 3
    typed = await kim.post(id=message_id, text="Ja")
    assert typed.status == 409, "the same id for a text is other content"


async def test_a_typed_token_is_text(gateway: Gateway, engine: FakeEngine) -> None:
    async def script(turn: dict[str, Any]) -> list[dict[str, Any]]:
        return BUTTONS

    engine.script = script
    kim = gateway.person("kim")
    (reply,) = (await kim.say("hm"))["messages"]
    await kim.say(reply["buttons"][0]["payload"])
    assert engine.turns[-1]["text"] == reply["buttons"][0]["payload"]
    assert "payload" not in engine.turns[-1]


async def test_a_notice_that_cannot_be_rendered_holds_up_no_other(
    frozen: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    render = Wording.notice

    def broken(self: Wording, code: str, params: dict[str, Any], **about: Any) -> Rendered:
        return render(self, code, {**params, "title": 1 / 0} if params["order_id"] == "FO-1" else params, **about)

    with monkeypatch.context() as patched:
        patched.setattr(Wording, "notice", broken)
        for order_id in ("FO-1", "FO-2"):
            await frozen.order(order_id)
            await frozen.command(order_id, "request_cancellation", by="kim", text=" ")
        await frozen.services_settle()
        (told,) = await notices(frozen.person("vera", "seller"))
        assert "FO-2" in told["text"]
    assert len(await frozen.backend.outbox.pending()) == 0, "the broken ones rest until their next try"
