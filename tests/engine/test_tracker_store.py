"""What our tracker store does beyond Rasa's contract: bounded reading, the ledger, forgetting."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActiveLoop, ConversationPaused, SlotSet, UserUttered
from sqlalchemy.exc import IntegrityError

from bot.engine.database import ledger, turns
from bot.engine.tracker_store import LotseTrackerStore
from bot.engine.turn import Turn, TurnFailedError, current_turn

pytestmark = pytest.mark.integration


@pytest.fixture(params=["sqlite", "postgres"])
async def store(request: pytest.FixtureRequest, domain: Domain, tmp_path: Path) -> AsyncIterator[LotseTrackerStore]:
    sqlite = f"sqlite+aiosqlite:///{tmp_path}/deep/down/c.db"
    url = sqlite if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    store = LotseTrackerStore(domain, url=url)
    await store.delete_silent_since(time.time() + 60)
    yield store
    await store.close()


@contextmanager
def a_turn(who: str, message_id: str) -> Iterator[Turn]:
    turn = Turn(who, message_id)
    token = current_turn.set(turn)
    try:
        yield turn
    finally:
        current_turn.reset(token)


async def say(store: LotseTrackerStore, who: str, text: str, *more: object) -> Turn:
    """One turn that succeeds, as Rasa's processor would do it."""
    with a_turn(who, text) as turn:
        tracker = await store.get_or_create_tracker(who, append_action_listen=False)
        said = [UserUttered(text, {"name": "greet"}, message_id=text), *more, ActionExecuted("action_listen")]
        tracker.update_with_events(said, store.domain)
        await turn.output.send_response(who, {"text": f"re: {text}"})
        await store.save(tracker)
    return turn


async def texts(store: LotseTrackerStore, who: str) -> list[str]:
    tracker = await store.retrieve_full_tracker(who)
    return [] if tracker is None else [e.text for e in tracker.events if isinstance(e, UserUttered)]


async def test_state_survives_the_events_that_led_to_it(store: LotseTrackerStore) -> None:
    await say(store, "c", "0", SlotSet("order_id", "FO1"), SlotSet("urgent", True), ActiveLoop("order_form"))
    for number in range(1, 20):
        await say(store, "c", str(number))
    tracker = await store.retrieve("c")
    assert tracker is not None
    assert len(tracker.events) < 15
    assert tracker.get_slot("order_id") == "FO1"
    assert tracker.get_slot("urgent") is True
    assert tracker.active_loop_name == "order_form"
    assert await texts(store, "c") == [str(number) for number in range(20)]


async def test_a_slot_that_was_emptied_stays_empty(store: LotseTrackerStore) -> None:
    await say(store, "c", "0", SlotSet("order_id", "FO1"), SlotSet("urgent", True))
    await say(store, "c", "1", SlotSet("order_id", None), SlotSet("urgent", False))
    for number in range(2, 9):
        await say(store, "c", str(number))
    tracker = await store.retrieve("c")
    assert tracker is not None
    assert tracker.get_slot("order_id") is None
    assert tracker.get_slot("urgent") is False


async def test_a_pause_survives(store: LotseTrackerStore) -> None:
    await say(store, "c", "0", ConversationPaused())
    for number in range(1, 9):
        await say(store, "c", str(number))
    tracker = await store.retrieve("c")
    assert tracker is not None
    assert tracker.is_paused()


async def test_a_slot_that_the_domain_lost_is_forgotten(store: LotseTrackerStore) -> None:
    for number in range(9):
        await say(store, "c", str(number), *([SlotSet("order_id", "FO1")] if number == 0 else []))
    store.domain = Domain.from_yaml("version: '3.1'\nintents: [greet]")
    tracker = await store.retrieve("c")
    assert tracker is not None
    assert "order_id" not in tracker.slots


async def test_work_per_message_does_not_grow(store: LotseTrackerStore) -> None:
    await store.ping()  # opens it
    database = store._database._database
    assert database is not None
    seen: list[str] = []
    sa.event.listen(database.engine, "before_cursor_execute", lambda *a: seen.append(a[2]))
    counts = []
    for number in range(12):
        seen.clear()
        await say(store, "c", str(number))
        counts.append(len([statement for statement in seen if not statement.startswith("BEGIN")]))
    assert counts[-1] == counts[5] <= 4


async def test_the_ledger_has_the_replies_of_saved_turns(store: LotseTrackerStore) -> None:
    await say(store, "c", "m1")
    assert await store.replies("c", "m1") == [{"text": "re: m1"}]
    assert await store.replies("c", "m2") is None
    assert await store.replies("d", "m1") is None


async def test_a_failed_turn_leaves_neither_conversation_nor_ledger(store: LotseTrackerStore) -> None:
    with a_turn("c", "m1") as turn:
        tracker = await store.get_or_create_tracker("c")
        tracker.update(UserUttered("m1", message_id="m1"))
        turn.failures.append("no")
        with pytest.raises(TurnFailedError):
            await store.save(tracker)
    assert not turn.saved
    assert await store.retrieve("c") is None
    assert await store.replies("c", "m1") is None


async def test_an_action_without_proof_fails_the_turn(store: LotseTrackerStore) -> None:
    with a_turn("c", "m1") as turn:
        turn.actions_called = 1
        tracker = await store.get_or_create_tracker("c")
        tracker.update(UserUttered("m1", message_id="m1"))
        tracker.update(SlotSet("turn", "m0"))
        with pytest.raises(TurnFailedError, match="did not run to its end"):
            await store.save(tracker)
        tracker.update(SlotSet("turn", "m1"))
        tracker.update(ActionExecuted("action_listen"))
        turn.output.messages.append({"text": "Gut."})
        await store.save(tracker)
    assert turn.saved


async def test_two_processes_cannot_both_continue_from_the_same_turn(store: LotseTrackerStore) -> None:
    await say(store, "c", "m1")
    mine, theirs = await store.retrieve("c"), await store.retrieve("c")
    assert mine is not None
    assert theirs is not None
    mine.update(UserUttered("mine"))
    theirs.update(UserUttered("theirs"))
    await store.save(mine)
    with pytest.raises(IntegrityError) as raised:
        await store.save(theirs)
    assert "theirs" not in str(raised.value), "the error is logged; words of people are not"
    assert await texts(store, "c") == ["m1", "mine"]


@pytest.mark.parametrize("before", [0, 1])
async def test_two_processes_may_work_on_a_message_and_one_of_them_answers_it(
    store: LotseTrackerStore, domain: Domain, before: int
) -> None:
    """As when a message is sent again to another process while the first is still at it."""
    for number in range(before):
        await say(store, "c", str(number))
    late = LotseTrackerStore(domain, url=store._database._url)
    with a_turn("c", "m1") as slow:
        assert await late.recall(slow) is None
        tracker = await late.get_or_create_tracker("c", append_action_listen=False)
        tracker.update_with_events([UserUttered("m1", message_id="m1"), ActionExecuted("action_listen")], domain)
        await slow.output.send_response("c", {"text": "too late"})
    await say(store, "c", "m1")
    token = current_turn.set(slow)
    with pytest.raises(TurnFailedError, match="another process"):
        await late.save(tracker)
    current_turn.reset(token)
    assert not slow.saved
    assert await late.replies("c", "m1") == [{"text": "re: m1"}]
    assert await texts(late, "c") == [*map(str, range(before)), "m1"]
    await late.close()


async def test_many_conversations_at_once(store: LotseTrackerStore) -> None:
    async def talk(who: str) -> None:
        for number in range(5):
            await say(store, who, str(number))

    await asyncio.gather(*(talk(f"c{n}") for n in range(20)))
    for n in range(20):
        assert await texts(store, f"c{n}") == list("01234")


async def test_old_conversations_are_forgotten_and_living_ones_are_not(store: LotseTrackerStore) -> None:
    await say(store, "old", "m1")
    await say(store, "living", "m1")
    for table in (turns, ledger):
        made_old = sa.update(table).values(at=1000.0)
        await store._database.write(lambda session, statement=made_old: session.execute(statement) and None)
    await say(store, "living", "m2")
    await store.delete_silent_since(2000.0)
    assert await texts(store, "old") == []
    assert await texts(store, "living") == ["m1", "m2"]
    assert await store.replies("old", "m1") is None
    assert await store.replies("living", "m2") is not None


async def test_a_conversation_can_be_deleted(store: LotseTrackerStore) -> None:
    await say(store, "c", "m1")
    await say(store, "d", "m1")
    await store.delete("c")
    assert not await store.exists("c")
    assert await store.replies("c", "m1") is None
    assert await store.exists("d")


async def test_two_stores_may_make_the_tables_at_once(domain: Domain, tmp_path: Path) -> None:
    stores = [LotseTrackerStore(domain, url=f"sqlite+aiosqlite:///{tmp_path}/c.db") for _ in range(4)]
    await asyncio.gather(*(store.ping() for store in stores))
    for store in stores:
        await store.close()
