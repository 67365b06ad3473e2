"""Which of Rasa's processes takes a turn, and what happens where one is dead."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import unused_port

from bot.gateway.engine import EngineClient, EngineDown, Turn, TurnFailed
from bot.gateway.workers import Workers
from tests.gateway.fakes import SECRET, FakeEngine, echo, slowly

URLS = ("http://a", "http://b", "http://c")


def turn(conversation_id: str) -> Turn:
    return Turn(conversation_id, f"message of {conversation_id}", {}, text="Hallo")


@pytest.fixture
async def engines() -> AsyncIterator[tuple[FakeEngine, FakeEngine]]:
    both = FakeEngine(), FakeEngine()
    for engine in both:
        await engine.start()
    yield both
    for engine in both:
        await engine.stop()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def client(http: aiohttp.ClientSession, *urls: str, timeout: float = 5.0) -> EngineClient:
    return EngineClient(http, engine_urls=urls, actions_url="", secret=SECRET, timeout=timeout)


@pytest.mark.unit
def test_a_conversation_stays_with_a_worker_while_all_are_idle_and_all_get_some() -> None:
    workers = Workers(URLS)
    chosen = {f"c{n}": workers.by_choice(f"c{n}")[0].url for n in range(300)}
    assert chosen == {id_: workers.by_choice(id_)[0].url for id_ in chosen}
    shares = Counter(chosen.values())
    assert set(shares) == set(URLS)
    assert min(shares.values()) > 60


@pytest.mark.unit
def test_the_worker_with_the_fewest_turns_is_the_first_and_all_are_named() -> None:
    workers = Workers(URLS)
    for _ in range(10):
        with ExitStack() as running:
            for busy in range(1, 31):
                choice = workers.by_choice("c")
                assert sorted(worker.url for worker in choice) == sorted(URLS)
                running.enter_context(choice[0].busy())
                turns = [worker.turns for worker in workers]
                assert sum(turns) == busy
                assert max(turns) - min(turns) <= 1
        assert [worker.turns for worker in workers] == [0, 0, 0]


@pytest.mark.integration
async def test_turns_at_once_are_shared_out(
    engines: tuple[FakeEngine, FakeEngine], http: aiohttp.ClientSession
) -> None:
    for engine in engines:
        engine.script = slowly(0.05)
    asked = client(http, *(engine.url for engine in engines))
    answers = await asyncio.gather(*(asked.answer(turn(f"c{n}")) for n in range(12)))
    assert [reply.text for (reply,) in answers] == ["Du sagst: Hallo"] * 12
    assert [len(engine.turns) for engine in engines] == [6, 6]


@pytest.mark.integration
async def test_a_dead_worker_is_passed_over_and_missed(
    engines: tuple[FakeEngine, FakeEngine], http: aiohttp.ClientSession
) -> None:
    dead, alive = engines
    asked = client(http, dead.url, alive.url)
    assert (await asked.check(), await asked.check_actions()) == (None, None)
    await dead.stop()
    for n in range(10):
        await asked.answer(turn(f"c{n}"))
    assert len(alive.turns) == 10
    place = dead.url.removeprefix("http://")
    assert await asked.check() == f"{place} no answer (ClientConnectorError)"
    assert await asked.check_actions() == f"{place} no answer (ClientConnectorError)"
    await dead.start()
    assert await asked.check() is None
    await asyncio.gather(*(asked.answer(turn(f"d{n}")) for n in range(10)))
    assert len(dead.turns) in (4, 5)  # doubted until it has answered once


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a host that neither takes nor refuses connections: its queue is full."""
    with ExitStack() as open_, socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for _ in range(4):
            waiting = open_.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listening.getsockname())
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.mark.integration
async def test_a_host_that_drops_packets_is_passed_over_and_then_spared(
    engines: tuple[FakeEngine, FakeEngine], http: aiohttp.ClientSession, silent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.gateway.engine._CONNECTED_WITHIN", 0.2)
    alive, _ = engines
    asked = client(http, silent, alive.url)
    first = next(f"c{n}" for n in range(100) if asked._workers.by_choice(f"c{n}")[0].url.startswith(silent))
    assert [reply.text for reply in await asked.answer(turn(first))] == ["Du sagst: Hallo"]
    assert asked._workers.by_choice(first)[0].url.startswith(alive.url)
    with pytest.raises(EngineDown):
        await client(http, silent).answer(turn(first))


@pytest.mark.integration
@pytest.mark.parametrize("how", ["fails", "takes too long"])
async def test_a_worker_that_failed_does_not_keep_its_conversations(
    engines: tuple[FakeEngine, FakeEngine], http: aiohttp.ClientSession, how: str
) -> None:
    ill, well = engines
    ill.failing, ill.script = how == "fails", slowly(1.0)
    asked = client(http, ill.url, well.url, timeout=0.2)
    theirs = [f"c{n}" for n in range(20) if asked._workers.by_choice(f"c{n}")[0].url.startswith(ill.url)]
    with pytest.raises(TurnFailed):
        await asked.answer(turn(theirs[0]))
    for conversation in theirs:
        await asked.answer(turn(conversation))
    assert len(well.turns) == len(theirs)
    ill.failing, ill.script, well.script = False, echo, slowly(0.05)
    await asyncio.gather(*(asked.answer(turn(f"d{n}")) for n in range(4)))
    await asked.answer(turn(theirs[-1]))
    assert ill.turns[-1]["conversation_id"] == theirs[-1]  # it has answered, so it has them again


@pytest.mark.integration
@pytest.mark.parametrize("how", ["fails", "takes too long"])
async def test_a_turn_that_a_worker_has_heard_of_is_not_handed_to_another(
    engines: tuple[FakeEngine, FakeEngine], http: aiohttp.ClientSession, how: str
) -> None:
    for engine in engines:
        engine.failing, engine.script = how == "fails", slowly(1.0)
    asked = client(http, *(engine.url for engine in engines), timeout=0.2)
    with pytest.raises(TurnFailed):
        await asked.answer(turn("c"))
    calls: list[dict[str, Any]] = [call for engine in engines for call in engine.calls]
    assert len(calls) == 1


@pytest.mark.integration
async def test_without_any_worker_the_engine_is_down(http: aiohttp.ClientSession) -> None:
    asked = client(http, *(f"http://127.0.0.1:{unused_port()}" for _ in range(2)))
    with pytest.raises(EngineDown):
        await asked.answer(turn("c"))
    assert "no answer" in str(await asked.check())
