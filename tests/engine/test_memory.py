"""Rasa's conversations as a person's data, written by Rasa's own store: read, forgotten, freed of somebody else."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import BotUttered, SlotSet

from actions.backend.pseudonyms import Traces
from bot.engine.memory import RasaMemory
from bot.engine.tracker_store import LotseTrackerStore
from tests.engine.test_tracker_store import say, texts

pytestmark = pytest.mark.integration


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/c.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")


@pytest.fixture
async def store(url: str, domain: Domain) -> AsyncIterator[LotseTrackerStore]:
    store = LotseTrackerStore(domain, url=url)
    await store.delete_silent_since(time.time() + 60)
    yield store
    await store.close()


@pytest.fixture
async def memory(url: str) -> AsyncIterator[RasaMemory]:
    memory = RasaMemory(url)
    yield memory
    await memory.close()


async def shown(memory: RasaMemory, who: str) -> str:
    return "\n".join([str(row) async for page in memory.pages(who) for row in page])


async def test_everything_is_read_in_pages_and_in_order(store: LotseTrackerStore, memory: RasaMemory) -> None:
    for number in range(120):
        await say(store, "kim", f"Nachricht {number}.")
    pages = [page async for page in memory.pages("kim")]
    assert [len(page) for page in pages] == [50, 50, 20, 50, 50, 20], "turns, then replies"
    turns = [row for page in pages[:3] for row in page]
    assert [row["number"] for row in turns] == list(range(1, 121))
    assert turns[7]["events"][0]["text"] == "Nachricht 7."
    assert await shown(memory, "nobody") == ""


async def test_forgetting_leaves_the_others(store: LotseTrackerStore, memory: RasaMemory) -> None:
    for who in ("kim", "ada", "bob"):
        await say(store, who, "Hallo")
    await memory.forget(["kim", "bob", "nobody"])
    assert [await shown(memory, who) for who in ("kim", "bob")] == ["", ""]
    assert await texts(store, "ada") == ["Hallo"] and await store.replies("ada", "Hallo")
    assert await store.replies("kim", "Hallo") is None


async def test_the_words_of_somebody_else_go_and_the_conversation_goes_on(
    store: LotseTrackerStore, memory: RasaMemory
) -> None:
    words = 'Мой "заказ" ist\nnicht da'
    quoted = "Женя Ильин schreibt: „Мой 'заказ' ist nicht da“"
    await say(store, "ada", "Wer ist Женя Ильин?", BotUttered(quoted), SlotSet("kept", quoted))
    await say(store, "ada", "Aha")
    await memory.scrub(["ada"], Traces("customer", "c-1", "erased-X", ["Женя Ильин"], [words]))
    left = await shown(memory, "ada")
    assert "заказ" not in left and left.count("[…] schreibt: „[…]“") >= 1
    assert await texts(store, "ada") == ["Wer ist Женя Ильин?", "Aha"], "what ada wrote is ada's"
    await say(store, "ada", "Danke")
    assert await texts(store, "ada") == ["Wer ist Женя Ильин?", "Aha", "Danke"]
