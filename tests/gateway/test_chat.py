"""Messages: stored first, answered in order, answered once."""

from __future__ import annotations

import asyncio
import time
import uuid
from typing import Any

import pytest

from actions.backend import Backend, DatabaseUnavailable
from tests.gateway.conftest import Gateway, Start, both_databases
from tests.gateway.fakes import FakeEngine, echo, slowly


def texts(messages: list[dict[str, Any]], author: str | None = None) -> list[str]:
    return [message["text"] for message in messages if author in (None, message["author"])]


async def eventually(condition: Any, seconds: float = 20.0) -> Any:
    """What ``condition`` returns once it is true."""
    end = time.monotonic() + seconds
    while True:
        result = await condition()
        if result or time.monotonic() > end:
            assert result, "did not happen in time"
            return result
        await asyncio.sleep(0.02)


async def at_short_intervals(*people_and_count: Any) -> list[dict[str, Any]]:
    """Send numbered messages of the same person, each as soon as the one before is stored, and gather the answers."""
    *people, count = people_and_count
    posts = []
    for number in range(count):
        person = people[number % len(people)]
        posts.append(asyncio.create_task(person.say(f"Nummer {number}")))

        async def stored(number: int = number) -> bool:
            return f"Nummer {number}" in texts(await people[0].messages())

        await eventually(stored)
    return await asyncio.gather(*posts)


async def test_an_answer_has_its_number_and_what_it_replies_to(gateway: Gateway) -> None:
    kim, message_id = gateway.person("kim"), str(uuid.uuid4())
    answer = await kim.say("Hallo", id=message_id)
    (reply,) = answer["messages"]
    assert answer["status"] == "answered"
    assert (reply["author"], reply["text"], reply["in_reply_to"]) == ("assistant", "Du sagst: Hallo", message_id)
    own, same = await kim.messages()
    assert (own["seq"], own["author"], own["id"], own["status"]) == (1, "person", message_id, "answered")
    assert same == reply
    assert reply["at"].endswith(("Z", "+00:00"))


async def test_what_the_engine_is_told(gateway: Gateway, engine: FakeEngine) -> None:
    kim = gateway.person("kim", "seller", issuer="market", locale="en", name="Kim", zoneinfo="Asia/Tokyo")
    await kim.say("/force_cancellation{}", last_seen_seq=0)
    (turn,) = engine.turns
    assert turn["text"] == "/force_cancellation{}"
    assert "payload" not in turn
    metadata = turn["metadata"]
    assert turn["message_id"] == metadata["message_id"]
    assert turn["conversation_id"] == metadata["conversation_id"]
    known = {
        name: metadata[name] for name in ("role", "sub", "iss", "name", "locale", "zoneinfo", "seq", "last_seen_seq")
    }
    assert known == {
        "role": "seller",
        "sub": "kim",
        "iss": "market",
        "name": "Kim",
        "locale": "en",
        "zoneinfo": "Asia/Tokyo",
        "seq": 1,
        "last_seen_seq": 0,
    }
    assert "pressed" not in metadata


async def test_without_wishes_the_engine_gets_the_zone_of_notices(gateway: Gateway, engine: FakeEngine) -> None:
    await gateway.person("kim").say("Hallo")
    metadata = engine.turns[0]["metadata"]
    assert (metadata["zoneinfo"], metadata["locale"], metadata["name"], metadata["iss"]) == (
        "Europe/Berlin",
        None,
        None,
        None,
    )


async def test_custom_fields_come_through_but_do_not_replace_ours(gateway: Gateway, engine: FakeEngine) -> None:
    async def script(turn: dict[str, Any]) -> list[dict[str, Any]]:
        return [{"text": "ja?", "custom": {"kind": "proposal", "proposal_id": "P-1", "seq": 99, "author": "agent"}}, {}]

    engine.script = script
    first, second = (await gateway.person("kim").say("hm"))["messages"]
    assert (first["kind"], first["proposal_id"], first["seq"], first["author"]) == ("proposal", "P-1", 2, "assistant")
    assert second["text"] == ""


@both_databases
async def test_the_same_id_again_does_nothing(gateway: Gateway, engine: FakeEngine) -> None:
    kim, message_id = gateway.person("kim"), str(uuid.uuid4())
    first = await kim.say("Hallo", id=message_id)
    assert await kim.say("Hallo", id=message_id) == first
    assert await kim.say("Hallo", id=message_id.upper()) == first, "the same id, written differently"
    assert len(engine.calls) == 1
    assert len(await kim.messages()) == 2


async def test_the_same_id_for_something_else(gateway: Gateway) -> None:
    kim, message_id = gateway.person("kim"), str(uuid.uuid4())
    await kim.say("Hallo", id=message_id)
    response = await kim.post(id=message_id, text="Tschüss")
    assert (response.status, (await response.json())["code"]) == (409, "message_conflict")
    assert len(await kim.messages()) == 2
    assert (await gateway.person("eve").post(id=message_id, text="Tschüss")).status == 200, "ids are a person's own"


@both_databases
async def test_the_same_id_at_once_runs_one_turn(gateway: Gateway, engine: FakeEngine) -> None:
    engine.script = slowly(0.2)
    kim, message_id = gateway.person("kim"), str(uuid.uuid4())
    first, *others = await asyncio.gather(*(kim.say("Hallo", id=message_id) for _ in range(4)))
    assert others == [first] * 3
    assert first["status"] == "answered"
    assert len(engine.turns) == 1


@both_databases
async def test_messages_of_one_person_are_handled_in_order(gateway: Gateway, engine: FakeEngine) -> None:
    engine.script = slowly(0.2)
    kim = gateway.person("kim")

    answers = await at_short_intervals(kim, 8)
    assert engine.finished == [f"Nummer {number}" for number in range(8)]
    assert [texts(answer["messages"]) for answer in answers] == [[f"Du sagst: Nummer {n}"] for n in range(8)]
    assert set(engine.most_at_once.values()) == {1}


@both_databases
async def test_people_do_not_wait_for_each_other(gateway: Gateway, engine: FakeEngine) -> None:
    go_on = asyncio.Event()

    async def script(turn: dict[str, Any]) -> list[dict[str, Any]]:
        if turn["metadata"]["sub"] == "slow":
            await go_on.wait()
        return await echo(turn)

    engine.script = script
    waiting = asyncio.create_task(gateway.person("slow").say("Moment"))
    await eventually(lambda: asyncio.sleep(0, bool(engine.turns)))
    answers = await asyncio.gather(*(gateway.person(f"p{number}").say("schnell") for number in range(10)))
    assert [answer["status"] for answer in answers] == ["answered"] * 10
    assert not waiting.done()
    go_on.set()
    assert (await waiting)["status"] == "answered"


@both_databases
async def test_two_gateways_keep_one_persons_order(start: Start, engine: FakeEngine) -> None:
    engine.script = slowly(0.3)
    async with start() as one, start() as other:
        answers = await at_short_intervals(one.person("kim"), other.person("kim"), 6)
        assert engine.finished == [f"Nummer {number}" for number in range(6)]
        assert set(engine.most_at_once.values()) == {1}
        assert [answer["status"] for answer in answers] == ["answered"] * 6
        assert len(engine.calls) == 6


@both_databases
async def test_replay_in_pages(gateway: Gateway) -> None:
    kim = gateway.person("kim")
    for number in range(3):
        await kim.say(str(number))
    everything = await kim.messages()
    assert [message["seq"] for message in everything] == [1, 2, 3, 4, 5, 6]
    assert await kim.messages(after=2, limit=3) == everything[2:5]
    assert await kim.messages(after=6) == []
    assert await gateway.person("eve").messages() == []


class Broken:
    """A database that does not answer."""

    async def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise DatabaseUnavailable("gone")


async def test_database_down(gateway: Gateway, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    kim, message_id = gateway.person("kim"), str(uuid.uuid4())
    backend: Backend = gateway.backend
    with monkeypatch.context() as patched:
        for name in ("read", "write", "upsert"):
            patched.setattr(backend.database, name, Broken())
        for response in (await kim.post(id=message_id, text="Hallo"), await gateway.operate("GET", "/v1/events")):
            assert (response.status, (await response.json())["code"]) == (503, "database_unavailable")
            assert int(response.headers["Retry-After"]) > 0
        ready = await gateway.client.get("/ready")
        parts = {part["name"]: part["ok"] for part in (await ready.json())["parts"]}
        assert (ready.status, parts["database"], parts["rasa"]) == (503, False, True)
        assert (await gateway.client.get("/health")).status == 200
    assert engine.calls == []
    assert (await kim.say("Hallo", id=message_id))["status"] == "answered"
    assert engine.finished == ["Hallo"]
