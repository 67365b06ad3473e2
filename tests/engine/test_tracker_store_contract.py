"""What Rasa expects of a tracker store, put to its own stores and to ours alike."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from rasa.core.tracker_store import InMemoryTrackerStore, SQLTrackerStore, TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActiveLoop,
    BotUttered,
    Event,
    Restarted,
    SessionStarted,
    SlotSet,
    UserUtteranceReverted,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker

from bot.engine.tracker_store import LotseTrackerStore

pytestmark = pytest.mark.contract


def said(text: str, intent: str = "greet") -> UserUttered:
    return UserUttered(text, intent={"name": intent, "confidence": 0.9}, metadata={"seq": 1}, message_id=f"m-{text}")


def one_turn(text: str) -> list[Event]:
    return [
        said(text),
        ActionExecuted("action_answer"),
        SlotSet("order_id", text),
        BotUttered(f"You said {text}", {"buttons": [{"title": "ok", "payload": "/ok"}]}),
        ActionExecuted("action_listen"),
    ]


def session_start() -> list[Event]:
    return [ActionExecuted("action_session_start"), SessionStarted(), ActionExecuted("action_listen")]


@pytest.fixture(params=["rasa-memory", "rasa-sql", "lotse-sqlite", pytest.param("lotse-postgres")])
async def store(request: pytest.FixtureRequest, domain: Domain, tmp_path: Path) -> AsyncIterator[TrackerStore]:
    match request.param:
        case "rasa-memory":
            yield InMemoryTrackerStore(domain)
        case "rasa-sql":
            rasa_store = SQLTrackerStore(domain, host=f"sqlite:///{tmp_path}/rasa.db")
            yield rasa_store
            rasa_store.engine.dispose()
        case "lotse-sqlite":
            ours = LotseTrackerStore(domain, url=f"sqlite+aiosqlite:///{tmp_path}/lotse.db")
            yield ours
            await ours.close()
        case "lotse-postgres":
            ours = LotseTrackerStore(domain, url=request.getfixturevalue("postgres_url"))
            yield ours
            await ours.close()


@pytest.fixture
def who() -> str:
    return f"customer:{uuid.uuid4()}"


async def save(store: TrackerStore, tracker: DialogueStateTracker, *events: Event) -> None:
    tracker.update_with_events(list(events), store.domain)
    await store.save(tracker)


async def test_unknown_conversations_are_none(store: TrackerStore, who: str) -> None:
    assert await store.retrieve(who) is None
    assert await store.retrieve_full_tracker(who) is None
    assert not await store.exists(who)
    assert who not in list(await store.keys())


async def test_get_or_create_creates_a_listening_tracker_once(store: TrackerStore, who: str) -> None:
    created = await store.get_or_create_tracker(who)
    assert [e.as_dict()["name"] for e in created.events] == ["action_listen"]
    again = await store.get_or_create_tracker(who)
    assert list(again.events) == list(created.events)
    assert await store.exists(who)
    assert who in list(await store.keys())


async def test_get_or_create_can_leave_listening_out(store: TrackerStore, who: str) -> None:
    assert not (await store.get_or_create_tracker(who, append_action_listen=False)).events


async def test_what_was_saved_comes_back_equal(store: TrackerStore, who: str) -> None:
    tracker = store.init_tracker(who)
    await save(store, tracker, *session_start(), *one_turn("hallo"))
    found = await store.retrieve_full_tracker(who)
    assert found is not None
    assert list(found.events) == list(tracker.events)
    assert found.latest_message == tracker.latest_message
    assert found.latest_message.metadata == {"seq": 1}
    assert found.latest_message.message_id == "m-hallo"
    assert found.get_slot("order_id") == "hallo"
    assert found.current_state() == tracker.current_state()


async def test_saving_again_adds_nothing_twice(store: TrackerStore, who: str) -> None:
    tracker = store.init_tracker(who)
    await save(store, tracker, *one_turn("a"))
    await save(store, tracker)
    await save(store, tracker, *one_turn("b"))
    found = await store.retrieve_full_tracker(who)
    assert found is not None
    assert list(found.events) == list(tracker.events)


async def test_a_retrieved_tracker_continues_the_conversation(store: TrackerStore, who: str) -> None:
    tracker = store.init_tracker(who)
    await save(store, tracker, *session_start(), *one_turn("a"))
    again = await store.get_or_create_tracker(who)
    await save(store, again, *one_turn("b"))
    found = await store.retrieve_full_tracker(who)
    assert found is not None
    assert [e.text for e in found.events if isinstance(e, UserUttered)] == ["a", "b"]
    assert found.get_slot("order_id") == "b"


async def test_retrieve_gives_the_latest_session_and_the_full_tracker_all(store: TrackerStore, who: str) -> None:
    tracker = store.init_tracker(who)
    await save(store, tracker, *session_start(), *one_turn("first"))
    tracker = await store.get_or_create_tracker(who)
    await save(store, tracker, *session_start(), *one_turn("second"))
    latest = await store.retrieve(who)
    full = await store.retrieve_full_tracker(who)
    assert latest is not None
    assert full is not None
    assert [e.text for e in latest.events if isinstance(e, UserUttered)] == ["second"]
    assert sum(isinstance(e, SessionStarted) for e in latest.events) == 1
    assert [e.text for e in full.events if isinstance(e, UserUttered)] == ["first", "second"]
    assert sum(isinstance(e, SessionStarted) for e in full.events) == 2


async def test_a_new_session_forgets_slots_that_it_does_not_carry_over(store: TrackerStore, who: str) -> None:
    tracker = store.init_tracker(who)
    await save(store, tracker, *session_start(), *one_turn("first"))
    tracker = await store.get_or_create_tracker(who)
    await save(store, tracker, *session_start(), SlotSet("urgent", True), said("second"))
    found = await store.retrieve(who)
    assert found is not None
    assert found.get_slot("order_id") is None
    assert found.get_slot("urgent") is True


async def test_a_later_session_continues(store: TrackerStore, who: str) -> None:
    tracker = store.init_tracker(who)
    await save(store, tracker, *session_start(), *one_turn("first"))
    tracker = await store.get_or_create_tracker(who)
    await save(store, tracker, *session_start(), *one_turn("second"))
    if (again := await store.retrieve(who)) is not None and not isinstance(store, InMemoryTrackerStore):
        # (Rasa's in-memory store writes what it is given over what it has, and so loses the first session here.)
        await save(store, again, *one_turn("third"))
        full = await store.retrieve_full_tracker(who)
        assert full is not None
        assert [e.text for e in full.events if isinstance(e, UserUttered)] == ["first", "second", "third"]


async def test_forms_restarts_and_reverts_survive(store: TrackerStore, who: str) -> None:
    tracker = store.init_tracker(who)
    await save(store, tracker, *session_start(), *one_turn("a"), ActiveLoop("order_form"))
    found = await store.retrieve(who)
    assert found is not None
    assert found.active_loop_name == "order_form"
    await save(store, found, said("b"), UserUtteranceReverted())
    reverted = await store.retrieve(who)
    assert reverted is not None
    assert reverted.latest_message.text == found.latest_message.text
    await save(store, reverted, Restarted(), ActionExecuted("action_listen"))
    restarted = await store.retrieve(who)
    assert restarted is not None
    assert restarted.active_loop_name is None
    assert restarted.get_slot("order_id") is None


async def test_conversations_do_not_mix(store: TrackerStore, who: str) -> None:
    other = f"{who}-other"
    await save(store, store.init_tracker(who), *one_turn("mine"))
    await save(store, store.init_tracker(other), *one_turn("theirs"))
    mine, theirs = await store.retrieve(who), await store.retrieve(other)
    assert mine is not None
    assert theirs is not None
    assert (mine.get_slot("order_id"), theirs.get_slot("order_id")) == ("mine", "theirs")
    assert {who, other} <= set(await store.keys())
