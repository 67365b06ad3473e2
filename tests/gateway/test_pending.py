"""When a part is slow or down: a sentence within seconds, and later the answer, once."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from actions.policy import Role
from tests.gateway.conftest import Gateway, Person, Start, both_databases
from tests.gateway.fakes import FakeEngine, echo, slowly
from tests.gateway.test_chat import eventually, texts


async def answers(person: Person, count: int) -> list[dict[str, Any]]:
    """The assistant's messages that are no waiting sentence, once there are ``count``."""

    async def enough() -> list[dict[str, Any]]:
        found = [m for m in await person.messages() if m["author"] == "assistant" and m.get("kind") != "pending"]
        return found if len(found) >= count else []

    return await eventually(enough)


async def settle() -> None:
    """Long enough for anything that would be done twice to be done twice."""
    await asyncio.sleep(0.6)


@pytest.fixture
async def impatient(start: Start) -> AsyncIterator[Gateway]:
    """A gateway that lets nobody wait longer than half a second."""
    async with start(answer_within=0.5) as running:
        yield running


@both_databases
async def test_a_slow_engine_is_answered_later_and_once(impatient: Gateway, engine: FakeEngine) -> None:
    gateway = impatient
    go_on = asyncio.Event()

    async def when_told(turn: dict[str, Any]) -> list[dict[str, Any]]:
        await go_on.wait()
        return await echo(turn)

    engine.script = when_told
    kim, message_id = gateway.person("kim"), str(uuid.uuid4())
    answer = await kim.say("Wie weit?", id=message_id)
    go_on.set()
    assert answer["status"] == "pending"
    (waiting,) = answer["messages"]
    assert (waiting["author"], waiting["in_reply_to"], waiting["kind"]) == ("assistant", message_id, "pending")
    assert "gespeichert" in waiting["text"]
    assert texts(await answers(kim, 1)) == ["Du sagst: Wie weit?"]
    await settle()
    assert len(engine.turns) == 1
    again = await kim.say("Wie weit?", id=message_id)
    assert again["status"] == "answered"
    assert texts(again["messages"]) == [waiting["text"], "Du sagst: Wie weit?"]


@both_databases
async def test_engine_down_then_back(gateway: Gateway, engine: FakeEngine) -> None:
    kim, message_id = gateway.person("kim", locale="en"), str(uuid.uuid4())
    await engine.stop()
    started = time.monotonic()
    answer = await kim.say("one", id=message_id)
    assert time.monotonic() - started < gateway.config.answer_within, "nothing to wait for: it comes at once"
    assert answer["status"] == "pending"
    assert "saved" in answer["messages"][0]["text"]
    assert (await kim.say("two"))["status"] == "pending"
    assert (await kim.say("one", id=message_id))["messages"] == answer["messages"], "said once only"

    async def known_to_be_down() -> bool:  # and nothing else is, once the loops have had their turn
        ready = await (await gateway.client.get("/ready")).json()
        return {part["name"] for part in ready["parts"] if not part["ok"]} == {"rasa", "actions"}

    await eventually(known_to_be_down)
    own = [message for message in await kim.messages() if message["author"] == "person"]
    assert [message["status"] for message in own] == ["pending", "pending"]
    await engine.start()
    assert texts(await answers(kim, 2)) == ["Du sagst: one", "Du sagst: two"]
    await settle()
    assert engine.finished == ["one", "two"]
    assert texts(await kim.messages()).count("Du sagst: one") == 1


async def test_a_failed_turn_is_tried_again(gateway: Gateway, engine: FakeEngine) -> None:
    engine.failing = True
    kim = gateway.person("kim")
    assert (await kim.say("Hallo"))["status"] == "pending"
    await eventually(lambda: _true(len(engine.calls) > 4))
    assert engine.turns == []
    engine.failing = False
    assert texts(await answers(kim, 1)) == ["Du sagst: Hallo"]
    assert {call["message_id"] for call in engine.calls} == {engine.turns[0]["message_id"]}


async def _true(value: bool) -> bool:
    return value


async def test_a_short_failure_is_not_noticed(gateway: Gateway, engine: FakeEngine) -> None:
    engine.failing = True
    asking = asyncio.create_task(gateway.person("kim").say("Hallo"))
    await eventually(lambda: _true(bool(engine.calls)))
    engine.failing = False
    assert texts((await asking)["messages"]) == ["Du sagst: Hallo"]


async def test_what_the_person_had_seen_is_kept_for_the_later_try(gateway: Gateway, engine: FakeEngine) -> None:
    kim = gateway.person("kim")
    await kim.say("eins")
    await engine.stop()
    await kim.post(text="ja", last_seen_seq=1)
    await kim.messages()  # meanwhile they saw more
    await engine.start()
    await answers(kim, 2)
    assert engine.turns[-1]["metadata"]["last_seen_seq"] == 1


@both_databases
async def test_a_restarted_gateway_answers_what_is_owed(start: Start, engine: FakeEngine) -> None:
    async with start() as gateway:
        kim = gateway.person("kim", name="Kim", zoneinfo="Asia/Tokyo")
        await engine.stop()
        assert (await kim.say("Hallo"))["status"] == "pending"
    await engine.start()
    async with start() as gateway:
        assert texts(await answers(gateway.person("kim"), 1)) == ["Du sagst: Hallo"]
        await settle()
    assert len(engine.turns) == 1
    metadata = engine.turns[0]["metadata"]
    assert (metadata["sub"], metadata["name"], metadata["zoneinfo"]) == ("kim", "Kim", "Asia/Tokyo")


async def test_a_gateway_that_stops_in_mid_turn_hands_it_over(start: Start, engine: FakeEngine) -> None:
    engine.script = slowly(4.0)
    async with start(answer_within=0.2) as gateway:
        assert (await gateway.person("kim").say("Hallo"))["status"] == "pending"
    engine.script = slowly(0.0)
    async with start() as gateway:
        assert texts(await answers(gateway.person("kim"), 1)) == ["Du sagst: Hallo"]


@both_databases
async def test_a_killed_gateway_keeps_its_lease_only_for_a_while(start: Start, engine: FakeEngine) -> None:
    async with start() as gateway:
        kim = gateway.person("kim")
        conversation = await gateway.backend.conversations.open("", Role.CUSTOMER, "kim")
        await gateway.backend.conversations.add_person_message(
            conversation.id, str(uuid.uuid4()), text="verwaist", owner="killed", seconds=0.7
        )
        await asyncio.sleep(0.3)
        assert engine.calls == [], "the lease is respected while it lasts"
        assert texts(await answers(kim, 1)) == ["Du sagst: verwaist"]


@both_databases
async def test_two_gateways_answer_what_is_owed_once(start: Start, engine: FakeEngine) -> None:
    async with start() as one, start() as other:
        people = [one.person(f"p{number}") for number in range(6)]
        await engine.stop()
        for number, person in enumerate(people):
            await person.say(f"Nummer {number}")
        await engine.start()
        for number, person in enumerate(people):
            assert texts(await answers(person, 1)) == [f"Du sagst: Nummer {number}"]
        await settle()
        assert sorted(engine.finished) == [f"Nummer {number}" for number in range(6)]
        assert len(engine.calls) == 6
        assert len(await other.person("p0").messages()) == 3


async def test_a_message_that_always_fails_does_not_block_the_next(start: Start, engine: FakeEngine) -> None:
    async def script(turn: dict[str, Any]) -> list[dict[str, Any]]:
        if turn["text"] == "Gift":
            raise RuntimeError("a bug")
        return [{"text": "ok"}]

    engine.script = script
    async with start(give_up_after=4, retry_cap=0.05) as gateway:
        kim = gateway.person("kim")
        await kim.say("Gift")
        await kim.say("Hallo")
        gave_up, answer = await answers(kim, 2)
        assert (gave_up["kind"], answer["text"]) == ("gave_up", "ok")
        assert gave_up["text"]


@pytest.mark.parametrize("role", ["customer", "seller"])
async def test_the_waiting_sentence_is_in_the_persons_language(gateway: Gateway, engine: FakeEngine, role: str) -> None:
    await engine.stop()
    expected = {"customer": "Deine Nachricht", "seller": "Ihre Nachricht"}
    answer = await gateway.person("kim", role).say("Hallo")
    assert expected[role] in answer["messages"][0]["text"]


async def test_the_lease_outlasts_two_slow_tries(start: Start, engine: FakeEngine) -> None:
    """Each try may take nearly as long as the lease lasts; nobody else, and no other loop, begins a third meanwhile."""

    async def fails_slowly_first(turn: dict[str, Any]) -> list[dict[str, Any]]:
        await asyncio.sleep(1.2)
        if len(engine.turns) == 1:
            raise web.HTTPServiceUnavailable
        return await echo(turn)

    engine.script = fails_slowly_first
    async with start(lease=2.0, pending_interval=0.1) as gateway:
        answer = await gateway.person("kim").say("Wie weit?")
        assert (answer["status"], texts(answer["messages"])) == ("answered", ["Du sagst: Wie weit?"])
    assert len(engine.calls) == 2
