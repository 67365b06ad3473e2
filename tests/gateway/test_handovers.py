"""The support desk in the conversation: the pause, both sides of the talk, and each way back to the assistant."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from actions.backend import Desk, Material, Reply, ReplyButton
from actions.policy import Role
from bot.gateway.desk import goes_back
from tests.gateway.conftest import OPERATOR, Gateway, Start, both_databases, problem
from tests.gateway.fakes import FakeEngine

DESK = Desk("Kundenservice", timedelta(minutes=30))
DESK_KEY = "key-of-the-desk-that-opens-handovers-only"


@pytest.fixture
async def gateway(start: Start) -> AsyncIterator[Gateway]:
    async with start(desk=DESK, desk_key=DESK_KEY, desk_interval=0.05) as running:
        yield running


async def desk(gateway: Gateway, method: str, path: str, json: Any = None, *, key: str | None = None) -> Any:
    """A call of the desk, with its own key."""
    headers = {"Authorization": f"Bearer {DESK_KEY}", **({"Idempotency-Key": key} if key else {})}
    response = await gateway.client.request(method, f"/v1/handovers{path}", json=json, headers=headers)
    return response.status, await response.json()


async def says(gateway: Gateway, handover_id: str, text: str, *, key: str | None = None, name: str = "Jana") -> Any:
    body = {"agent": {"name": name}, "text": text}
    return await desk(gateway, "POST", f"/{handover_id}/messages", body, key=key or uuid.uuid4().hex)


async def handed_over(gateway: Gateway, sub: str = "kim", **given: Any) -> str:
    """The yes, as the action of the dialogue executes it; the conversation has so many messages before."""
    handovers = gateway.backend.handovers
    conversation = await gateway.backend.conversations.open("", Role.CUSTOMER, sub)
    actor = given.pop("actor", None) or _actor(sub)
    if given.pop("history", False):
        given["messages"] = await handovers.history(conversation.id, conversation.last_seq)
    material = Material(DESK.name, Role.CUSTOMER, sub, "de", words="Einen Menschen bitte", **given)
    offered = await handovers.create(conversation.id, actor, material, sentence="Soll ich?", locale="de")
    done = await handovers.confirm(offered.id, conversation.id, actor, uuid.uuid4().hex, conversation.last_seq)
    assert done.handover is not None and done.handover.is_open
    return offered.id


def _actor(sub: str) -> Any:
    from actions.policy import Actor

    return Actor(Role.CUSTOMER, sub)


@both_databases
async def test_the_talk_from_the_pause_to_the_end(gateway: Gateway, engine: FakeEngine) -> None:
    kim = gateway.person("kim", name="Kim")
    await kim.say("Hallo")
    handover_id = await handed_over(gateway)
    answer = await kim.say("Mein Problem ist schwierig")
    assert answer == {
        "status": "answered",
        "messages": [],
        "handover": {"id": handover_id, "status": "waiting", "desk": "Kundenservice", "agent": None},
    }
    assert len(engine.turns) == 1, "the assistant pauses"
    status, said = await says(gateway, handover_id, "Guten Tag, ich sehe nach.", key="k1")
    assert (status, said["replayed"], said["message"]["agent"]) == (200, False, "Jana")
    assert (await says(gateway, handover_id, "Guten Tag, ich sehe nach.", key="k1"))[1]["replayed"] is True
    messages = await kim.messages()
    assert [(m["author"], m["text"]) for m in messages[2:]] == [
        ("person", "Mein Problem ist schwierig"),
        ("agent", "Guten Tag, ich sehe nach."),
    ]
    assert messages[-1]["agent"] == {"name": "Jana"} and messages[-1]["handover_id"] == handover_id
    assert (await kim.say("Danke"))["handover"]["agent"] == "Jana"
    _, detail = await desk(gateway, "GET", f"/{handover_id}")
    assert [(m["author"], m["text"]) for m in detail["messages"]] == [
        ("person", "Mein Problem ist schwierig"),
        ("agent", "Guten Tag, ich sehe nach."),
        ("person", "Danke"),
    ]
    status, closed = await desk(gateway, "POST", f"/{handover_id}/close")
    assert (status, closed["status"], closed["closed_by"]) == (200, "closed", "desk")
    assert (await desk(gateway, "POST", f"/{handover_id}/close"))[1] == closed
    last = (await kim.messages())[-1]
    assert last["author"] == "assistant" and last["kind"] == "handover_closed" and "beendet" in last["text"]
    answer = await kim.say("Und jetzt?")
    assert answer["messages"][0]["text"] == "Du sagst: Und jetzt?" and answer["handover"] is None
    assert problem((await says(gateway, handover_id, "Noch etwas"))[1]) == (409, "handover_closed")


@pytest.mark.rule("M-21")
async def test_the_desks_key_opens_handovers_and_nothing_else(gateway: Gateway) -> None:
    headers = {"Authorization": f"Bearer {DESK_KEY}"}
    for path in ("/v1/events", "/v1/orders/FO-1", "/v1/appeals", "/v1/feedback", "/v1/chat/messages"):
        assert (await gateway.client.get(path, headers=headers)).status == 401, path
    assert (await desk(gateway, "GET", ""))[0] == 200
    assert (await gateway.operate("GET", "/v1/handovers")).status == 200
    for key in ("", "wrong", gateway.person("kim").token):
        refused = await gateway.client.get("/v1/handovers", headers={"Authorization": f"Bearer {key}"})
        assert refused.status == 401


async def test_without_a_key_of_its_own_only_the_operator_is_the_desk(start: Start) -> None:
    async with start(desk=DESK) as gateway:
        headers = {"Authorization": "Bearer "}
        assert (await gateway.client.get("/v1/handovers", headers=headers)).status == 401
        assert (await gateway.operate("GET", "/v1/handovers")).status == 200


@pytest.mark.rule("M-21")
async def test_the_desk_sees_what_was_agreed_to_and_no_more(gateway: Gateway) -> None:
    kim = gateway.person("kim")
    await kim.say("Das geht niemanden etwas an")
    _, summary = await desk(gateway, "GET", f"/{await handed_over(gateway, name='Kim')}")
    assert summary["agreed"] == summary["messages"] == [] and summary["sentence"] == "Soll ich?"
    assert summary["handover"]["person"] == {"role": "customer", "id": "kim", "name": "Kim", "locale": "de"}
    assert "niemanden" not in str(summary)
    lea = gateway.person("lea")
    await lea.say("Das darf mit")
    handover_id = await handed_over(gateway, "lea", history=True)
    await lea.say("Und das auch")
    _, whole = await desk(gateway, "GET", f"/{handover_id}")
    assert [m["text"] for m in whole["agreed"]] == ["Das darf mit", "Du sagst: Das darf mit"]
    assert [m["text"] for m in whole["messages"]] == ["Und das auch"]
    assert not {"buttons", "payload"} & set(whole["agreed"][0])


async def test_listed_by_status_in_the_order_of_the_requests(gateway: Gateway) -> None:
    first = await handed_over(gateway, "kim")
    second = await handed_over(gateway, "lea")
    await says(gateway, second, "Guten Tag")
    third = await handed_over(gateway, "mo")
    await desk(gateway, "POST", f"/{third}/close")

    async def ids(query: str) -> list[str]:
        return [found["id"] for found in (await desk(gateway, "GET", query))[1]["handovers"]]

    assert await ids("") == [first, second, third]
    assert await ids("?status=open") == [first, second]
    assert (await ids("?status=waiting"), await ids("?status=active"), await ids("?status=closed")) == (
        [first],
        [second],
        [third],
    )
    assert await ids("?limit=1") == [first] and await ids("?after=1&limit=1") == [second]
    assert problem((await desk(gateway, "GET", "/H-none"))[1]) == (404, "handover_not_found")
    assert problem((await says(gateway, "H-none", "Hallo"))[1]) == (404, "handover_not_found")
    assert problem((await desk(gateway, "POST", "/H-none/close"))[1]) == (404, "handover_not_found")


async def test_an_answer_needs_a_key_and_says_one_thing_under_it(gateway: Gateway) -> None:
    handover_id = await handed_over(gateway)
    body = {"agent": {"name": "Jana"}, "text": "Hallo"}
    assert problem((await desk(gateway, "POST", f"/{handover_id}/messages", body))[1]) == (400, "invalid_request")
    assert (await says(gateway, handover_id, "Hallo", key="k"))[0] == 200
    assert problem((await says(gateway, handover_id, "Anders", key="k"))[1]) == (409, "idempotency_conflict")
    for name in ("", " ", "\x00", "x" * 61):
        assert (await says(gateway, handover_id, "Hallo", name=name))[0] == 422, repr(name)


@pytest.mark.parametrize("words", ["Zurück zum Assistenten", "bitte wieder zum Lotsen!", "back to the bot please"])
async def test_the_person_goes_back_in_words(gateway: Gateway, engine: FakeEngine, words: str) -> None:
    kim = gateway.person("kim")
    handover_id = await handed_over(gateway)
    answer = await kim.say(words)
    assert answer["handover"] is None and "wieder mit mir, dem Programm" in answer["messages"][0]["text"]
    assert engine.turns == []
    _, detail = await desk(gateway, "GET", f"/{handover_id}")
    assert detail["handover"]["closed_by"] == "person"
    assert (await kim.say("Hallo"))["messages"][0]["text"] == "Du sagst: Hallo"


async def test_the_person_goes_back_by_the_button(gateway: Gateway, engine: FakeEngine) -> None:
    async def script(turn: dict[str, Any]) -> list[dict[str, Any]]:
        back = {"title": "Zurück zum Assistenten", "payload": '/contact_support{"handover": "back"}'}
        return [{"text": "Übergeben.", "buttons": [back]}]

    engine.script = script
    kim = gateway.person("kim")
    payload = (await kim.say("Hallo"))["messages"][0]["buttons"][0]["payload"]
    await handed_over(gateway)
    message_id = str(uuid.uuid4())
    first = await (await kim.post(id=message_id, payload=payload)).json()
    assert "wieder mit mir" in first["messages"][0]["text"] and first["handover"] is None
    assert await (await kim.post(id=message_id, payload=payload)).json() == first
    assert len(engine.turns) == 1
    await kim.post(payload=payload)
    assert len(engine.turns) == 2, "with nothing to leave the dialogue answers"


@pytest.mark.parametrize(
    ("text", "back"),
    [
        ("Zurück zum Assistenten", True),
        ("ich möchte wieder mit dem Bot schreiben", True),
        ("Back to the assistant", True),
        ("return to the chatbot", True),
        ("Ich will nicht zurück zum Bot", False),
        ("please don't send me back to the bot", False),
        ("Der Assistent hat mir das schon dreimal falsch erklärt", False),
        ("Schicken Sie das Paket zurück zum Verkäufer?", False),
        ("Vorhin ging es um das Programm, und dann sollte ich zurück zu einem Assistenten gehen", False),
    ],
)
def test_which_words_go_back(text: str, back: bool) -> None:
    assert goes_back(text) is back


@pytest.mark.rule("M-21")
async def test_buttons_and_notices_go_on_meanwhile_and_stay_from_the_desk(gateway: Gateway, engine: FakeEngine) -> None:
    kim = gateway.person("kim")
    handover_id = await handed_over(gateway)
    await gateway.order("FO-1")
    await gateway.command("FO-1", "request_cancellation", by="vera", reason="overbooked", text="Leider ausgebucht")
    await gateway.services_settle()
    notice = (await kim.messages())[-1]
    assert notice["author"] == "notice" and "Leider ausgebucht" in notice["text"]
    await kim.post(payload=notice["buttons"][0]["payload"])
    assert engine.turns[-1]["payload"].startswith("/accept_request"), "a button is the assistant's"
    _, detail = await desk(gateway, "GET", f"/{handover_id}")
    assert detail["messages"] == [] and "ausgebucht" not in str(detail)


async def test_order_and_idempotency_of_what_is_written_meanwhile(gateway: Gateway, engine: FakeEngine) -> None:
    answered = asyncio.Event()

    async def script(turn: dict[str, Any]) -> list[dict[str, Any]]:
        await answered.wait()
        return [{"text": "Noch von mir"}]

    engine.script = script
    kim = gateway.person("kim")
    ids = [str(uuid.uuid4()) for _ in range(4)]
    conversation = await gateway.backend.conversations.open("", Role.CUSTOMER, "kim")
    posts = []
    for number, message_id in enumerate(ids):
        posts.append(asyncio.create_task(kim.post(id=message_id, text=f"Teil {number}")))
        while await gateway.backend.conversations.message(conversation.id, message_id) is None:
            await asyncio.sleep(0.02)
        if not number:
            handover_id = await handed_over(gateway)  # the first message is the assistant's still
    answered.set()
    answers = [await (await post).json() for post in posts]
    assert [len(answer["messages"]) for answer in answers] == [1, 0, 0, 0]
    assert all(answer["status"] == "answered" for answer in answers)
    again = await (await kim.post(id=ids[1], text="Teil 1")).json()
    assert again["messages"] == [] and again["status"] == "answered"
    _, detail = await desk(gateway, "GET", f"/{handover_id}")
    assert [m["text"] for m in detail["messages"]] == ["Teil 1", "Teil 2", "Teil 3"]
    told = [event["type"] for event in await events(gateway)]
    assert told == ["handover.requested", *["handover.message"] * 3]


async def test_a_dead_engine_does_not_keep_anybody_from_the_desk(gateway: Gateway, engine: FakeEngine) -> None:
    await engine.stop()
    kim = gateway.person("kim")
    handover_id = await handed_over(gateway)
    assert (await kim.say("Ist da jemand?"))["status"] == "answered"
    assert (await kim.say("zurück zum assistenten"))["messages"][0]["kind"] == "handover_closed"
    _, detail = await desk(gateway, "GET", f"/{handover_id}")
    assert next(m["text"] for m in detail["messages"]) == "Ist da jemand?"


async def test_silence_gives_the_conversation_back_and_says_so(start: Start) -> None:
    silent = Desk("Kundenservice", timedelta(seconds=1))
    async with start(desk=silent, desk_key=DESK_KEY, desk_interval=0.05) as gateway:
        kim = gateway.person("kim")
        handover_id = await handed_over(gateway)
        await kim.say("Hallo?")
        for _ in range(400):
            if (last := (await kim.messages())[-1])["author"] == "assistant":
                break
            await asyncio.sleep(0.05)
        assert "kam keine Antwort (Kundenservice)" in last["text"] and last["kind"] == "handover_closed"
        assert [button["title"] for button in last["buttons"]] == ["Mit einem Menschen sprechen"]
        _, detail = await desk(gateway, "GET", f"/{handover_id}")
        assert detail["handover"]["closed_by"] == "silence"
        assert [event["type"] for event in await events(gateway)][-1] == "handover.closed"


async def test_without_a_desk_any_more_the_assistant_resumes(start: Start) -> None:
    async with start(desk=DESK) as gateway:
        handover_id = await handed_over(gateway)
    async with start(desk_interval=0.05) as gateway:
        for _ in range(400):
            found = await gateway.backend.handovers.get(handover_id)
            assert found is not None
            if not found.is_open:
                break
            await asyncio.sleep(0.05)
        assert found.closed_by == "desk"
        assert (await gateway.person("kim").say("Hallo"))["messages"][0]["text"] == "Du sagst: Hallo"


async def test_live_with_name_and_state(gateway: Gateway) -> None:
    kim = gateway.person("kim")
    await kim.say("Hallo")
    async with gateway.client.ws_connect("/v1/chat/live") as line:
        await line.send_json({"type": "hello", "token": kim.token, "after": 2})
        assert (await _frame(line, "state"))["handover"] is None
        handover_id = await handed_over(gateway)
        waiting = {"id": handover_id, "status": "waiting", "desk": "Kundenservice", "agent": None}
        assert (await _frame(line, "state"))["handover"] == waiting
        await says(gateway, handover_id, "Guten Tag")
        (message,) = (await _frame(line, "messages"))["messages"]
        assert (message["author"], message["agent"]) == ("agent", {"name": "Jana"})
        assert (await _frame(line, "state"))["handover"] == {**waiting, "status": "active", "agent": "Jana"}
        await desk(gateway, "POST", f"/{handover_id}/close")
        assert (await _frame(line, "messages"))["messages"][0]["kind"] == "handover_closed"
        assert (await _frame(line, "state"))["handover"] is None


async def _frame(line: aiohttp.ClientWebSocketResponse, kind: str) -> dict[str, Any]:
    async with asyncio.timeout(5):
        while (frame := await line.receive_json())["type"] != kind:
            pass
    return frame


async def events(gateway: Gateway) -> list[dict[str, Any]]:
    response = await gateway.operate("GET", "/v1/events")
    return [event for event in (await response.json())["events"] if event["kind"] == "handover"]


async def test_the_feed_has_references_and_no_words(gateway: Gateway) -> None:
    kim = gateway.person("kim", name="Kim Klug")
    handover_id = await handed_over(gateway, name="Kim Klug")
    await kim.say("Sehr persönliche Worte")
    await says(gateway, handover_id, "Antwort der Stelle")
    told = await events(gateway)
    assert [event["type"] for event in told] == ["handover.requested", "handover.message", "handover.replied"]
    assert all(event["handover_id"] == handover_id and event["order_id"] is None for event in told)
    assert [event.get("message_seq") for event in told] == [None, 1, 2]
    for words in ("Klug", "persönliche", "Antwort der Stelle"):
        assert words not in str(told)


async def test_a_bare_button_of_the_notice_still_needs_its_token(gateway: Gateway) -> None:
    kim = gateway.person("kim")
    await handed_over(gateway)
    assert (await kim.post(payload="1.unknown")).status == 404
    conversation = await gateway.backend.conversations.open("", Role.CUSTOMER, "kim")
    received = await gateway.backend.conversations.add_person_message(
        conversation.id, "x", text="/contact_support", owner="test"
    )
    await gateway.backend.conversations.complete(
        received.message, [Reply("…", (ReplyButton("Zurück", "/deny"),))], owner="test"
    )
    token = (await kim.messages())[-1]["buttons"][0]["payload"]
    answer = await (await kim.post(payload=token)).json()
    assert answer["messages"][0]["text"] == "Du sagst: /deny" and answer["handover"] is not None
    assert OPERATOR not in str(answer)
