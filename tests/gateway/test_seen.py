"""What counts as seen when the client does not say it: never something that was not handed out."""

from __future__ import annotations

from tests.gateway.conftest import Gateway
from tests.gateway.fakes import FakeEngine


def told(engine: FakeEngine) -> int:
    return int(engine.turns[-1]["metadata"]["last_seen_seq"])


async def test_replies_and_replay_count_as_seen(frozen: Gateway, engine: FakeEngine) -> None:
    vera = frozen.person("vera", "seller")
    await vera.say("eins")
    assert told(engine) == 0
    await vera.say("zwei")
    assert told(engine) == 2
    await frozen.order("FO-1")
    await frozen.command("FO-1", "request_update", by="kim")
    await frozen.services_settle()
    await vera.say("drei")
    assert told(engine) == 4, "the notice is number 5 and was not handed out"
    await vera.say("vier")
    assert told(engine) == 4, "an answer that came after the notice does not make it seen"
    await vera.messages(after=4)
    await vera.say("fünf")
    assert told(engine) == 9


async def test_the_client_knows_best_but_cannot_know_the_future(frozen: Gateway, engine: FakeEngine) -> None:
    kim = frozen.person("kim")
    await kim.say("eins")
    await kim.say("zwei", last_seen_seq=1)
    assert told(engine) == 1
    await kim.say("drei", last_seen_seq=2**53 - 1)
    assert told(engine) == 4


async def test_reading_a_page_counts_up_to_its_end(frozen: Gateway, engine: FakeEngine) -> None:
    vera = frozen.person("vera", "seller")
    for number in range(3):
        await frozen.order(f"FO-{number}")
        await frozen.command(f"FO-{number}", "request_update", by="kim")
    await frozen.services_settle()
    await vera.messages(limit=2)
    await vera.say("hm")
    assert told(engine) == 2


async def test_the_engine_learns_whether_the_client_said_what_it_shows(gateway: Gateway, engine: FakeEngine) -> None:
    kim = gateway.person("kim")
    await kim.say("eins")
    await kim.say("zwei", last_seen_seq=2)
    assert [turn["metadata"]["seen_assumed"] for turn in engine.turns] == [True, False]
    assert all("seen_assumed" not in message for message in await kim.messages())


async def test_seen_is_answered_as_it_is_kept(gateway: Gateway) -> None:
    kim = gateway.person("kim")
    await kim.say("eins")
    headers = {"Authorization": f"Bearer {kim.token}"}

    async def seen(seq: int) -> int:
        response = await gateway.client.post("/v1/chat/seen", json={"seq": seq}, headers=headers)
        return int((await response.json())["seen"])

    assert [await seen(1), await seen(0), await seen(99), await seen(1)] == [1, 1, 2, 2]
