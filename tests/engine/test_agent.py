"""A turn is whole or did not happen: the agent, the tracker store and actions on both sides, with a trained model."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, cast

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from rasa.core.channels.channel import UserMessage
from rasa.shared.core.events import UserUttered
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionExecutionRejection, ActionNotFoundException

from bot.engine.action_call import ActionEndpoint, ActionServerEndpoint
from bot.engine.action_inside import InsideEndpoint
from bot.engine.agent import LotseAgent
from bot.engine.channel import Incoming
from bot.engine.locks import LocalLockStore
from bot.engine.processor import DaskProcessor, LotseProcessor
from bot.engine.tracker_store import LotseTrackerStore
from bot.engine.turn import TurnFailedError

pytestmark = pytest.mark.integration


class Actions:
    """Actions that can be told to misbehave: an action server, or inside Rasa in the place of the SDK's executor."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []
        self.mood: Callable[[], Any] = lambda: None

    async def webhook(self, request: web.Request) -> web.StreamResponse:
        assert request.headers["X-Lotse-Secret"] == "secret"
        return await self._respond(await request.json())

    async def run(self, call: dict[str, Any]) -> Any:
        """What the server says with its status, said as an action does."""
        response = await self._respond(call)
        if response.status == 400:
            raise ActionExecutionRejection("action_answer")
        if response.status == 404:
            raise ActionNotFoundException("action_answer")
        if response.status == 500:
            raise RuntimeError("the action crashes")
        return json.loads(response.text or "") if response.content_type == "application/json" else {"events": {self}}

    async def _respond(self, call: dict[str, Any]) -> web.Response:
        self.calls.append(call)
        tracker = call["tracker"]
        message = tracker["latest_message"]
        count = (tracker["slots"].get("count") or 0) + 1
        events = [
            {"event": "slot", "name": "count", "value": count},
            {"event": "slot", "name": "turn", "value": message["metadata"]["message_id"]},
        ]
        answer = {
            "events": events,
            "responses": [
                {"text": f"Absatz {count}\n\n{message['text']}", "buttons": [{"title": "Ja", "payload": "/greet"}]}
            ],
        }
        outcome = self.mood()
        if asyncio.iscoroutine(outcome):
            outcome = await outcome
        if isinstance(outcome, web.Response):
            return outcome
        if outcome == "no proof":
            events.pop()
        if outcome == "restless":  # Rasa asks for the next action again and again until its breaker trips
            events.append({"event": "followup", "name": "action_answer"})
        if outcome == "silent":
            answer["responses"] = []
        return web.json_response(answer)


@pytest.fixture
async def actions() -> AsyncIterator[tuple[Actions, str]]:
    double = Actions()
    app = web.Application()
    app.router.add_post("/webhook", double.webhook)
    server = TestServer(app)
    await server.start_server()
    yield double, str(server.make_url("")).rstrip("/")
    await server.close()


@pytest.fixture(params=["direct", "dask", "inside"])
async def agent(
    request: pytest.FixtureRequest, tiny_model: Path, actions: tuple[Actions, str], tmp_path: Path
) -> AsyncIterator[LotseAgent]:
    """With both processors and an action server; and with the actions inside Rasa."""
    processor = DaskProcessor if request.param == "dask" else LotseProcessor
    inside = InsideEndpoint(cast(ActionExecutor, actions[0]), timeout=0.5) if request.param == "inside" else None
    agent = await loaded(processor, tiny_model, actions[1], tmp_path / "c.db", inside)
    yield agent
    await agent.action_endpoint.close()
    await agent.tracker_store.close()


async def loaded(
    processor: type[LotseProcessor], model: Path, url: str, database: Path, inside: ActionEndpoint | None = None
) -> LotseAgent:
    store = LotseTrackerStore(url=f"sqlite+aiosqlite:///{database}")
    endpoint = inside or ActionServerEndpoint(url, "secret", timeout=0.5)
    agent = LotseAgent(store, LocalLockStore(), endpoint, processor)
    agent.load_model(model)
    return agent


def message(
    id: str, text: str | None = None, payload: str | None = None, who: str = "c1", **metadata: Any
) -> UserMessage:
    return Incoming(who, id, text, payload, metadata).user_message()


async def stored_texts(agent: LotseAgent, who: str = "c1") -> list[str]:
    tracker = await agent.tracker_store.retrieve_full_tracker(who)
    return [] if tracker is None else [e.text for e in tracker.events if isinstance(e, UserUttered)]


async def test_a_text_is_understood_and_answered_with_the_whole_reply(
    agent: LotseAgent, actions: tuple[Actions, str]
) -> None:
    replies = await agent.handle_message(message("m1", "bitte FO1234 stornieren", role="customer"))
    assert replies == [
        {"text": "Absatz 1\n\nbitte FO1234 stornieren", "buttons": [{"title": "Ja", "payload": "/greet"}]}
    ]
    call = actions[0].calls[0]
    latest = call["tracker"]["latest_message"]
    assert latest["intent"]["name"] == "cancel"
    assert [(e["entity"], e["value"]) for e in latest["entities"]] == [("order_id", "FO1234")]
    assert latest["metadata"] == {"role": "customer", "message_id": "m1", "pressed": False}
    assert "domain" not in call


async def test_replies_without_an_action_are_answered_too(agent: LotseAgent) -> None:
    assert await agent.handle_message(message("m1", "auf Wiedersehen")) == [
        {"text": "Tschüss", "buttons": [{"title": "Nochmal", "payload": "/greet"}]}
    ]
    assert await stored_texts(agent) == ["auf Wiedersehen"]


async def test_the_same_message_again_gets_the_same_answer_and_does_nothing(
    agent: LotseAgent, actions: tuple[Actions, str]
) -> None:
    first = await agent.handle_message(message("m1", "hallo"))
    assert await agent.handle_message(message("m1", "hallo")) == first
    assert len(actions[0].calls) == 1
    assert await stored_texts(agent) == ["hallo"]


async def test_the_same_message_twice_at_once_runs_once(agent: LotseAgent, actions: tuple[Actions, str]) -> None:
    answers = await asyncio.gather(*(agent.handle_message(message("m1", "hallo")) for _ in range(5)))
    assert all(answer == answers[0] for answer in answers)
    assert len(actions[0].calls) == 1


async def test_a_payload_needs_no_understanding(agent: LotseAgent, actions: tuple[Actions, str]) -> None:
    await agent.handle_message(message("m1", payload='/cancel{"order_id": "FO1", "with": ["a", "b"]}'))
    latest = actions[0].calls[0]["tracker"]["latest_message"]
    assert latest["intent"] == {"name": "cancel", "confidence": 1.0}
    assert [(e["entity"], e["value"]) for e in latest["entities"]] == [
        ("order_id", "FO1"),
        ("with", "a"),
        ("with", "b"),
    ]
    assert latest["metadata"]["pressed"] is True


@pytest.mark.parametrize("typed", ['/cancel{"order_id": "FO1234"}', "/cancel", "//cancel", "/greet@0.9"])
async def test_typed_text_is_text_even_with_a_slash(
    agent: LotseAgent, actions: tuple[Actions, str], typed: str
) -> None:
    await agent.handle_message(message("m1", typed))
    tracker = await agent.tracker_store.retrieve("c1")
    assert tracker is not None
    assert tracker.latest_message.text == typed
    assert tracker.latest_message.intent["confidence"] < 1.0
    assert not any(e.get("extractor") == "RegexMessageHandler" for e in tracker.latest_message.entities)
    for call in actions[0].calls:
        assert call["tracker"]["latest_message"]["text"] == typed


async def slow() -> None:
    await asyncio.sleep(2)


FAILURES: dict[str, Callable[[], Any]] = {
    "the action crashes": lambda: web.json_response({"error": "x"}, status=500),
    "there is no such action": lambda: web.json_response({"error": "x", "action_name": "y"}, status=404),
    "the action takes too long": slow,
    "the action rejects": lambda: web.json_response({"error": "x", "action_name": "action_answer"}, status=400),
    "the answer is not JSON": lambda: web.Response(text="<html>"),
    "the answer is something else": lambda: web.json_response({"events": [{"what": 1}]}),
    "the action did not run to its end": lambda: "no proof",
    "the action says nothing": lambda: "silent",
    "the dialogue does not come to rest": lambda: "restless",
}


@pytest.mark.parametrize("mood", FAILURES.values(), ids=FAILURES.keys())
async def test_a_failed_turn_did_not_happen(
    agent: LotseAgent, actions: tuple[Actions, str], mood: Callable[[], Any]
) -> None:
    await agent.handle_message(message("m1", "hallo"))
    before = await agent.tracker_store.retrieve_full_tracker("c1")
    actions[0].mood = mood
    with pytest.raises(TurnFailedError):
        await agent.handle_message(message("m2", "ich will stornieren"))
    after = await agent.tracker_store.retrieve_full_tracker("c1")
    assert before is not None
    assert after is not None
    assert list(after.events) == list(before.events)
    assert await agent.tracker_store.replies("c1", "m2") is None

    actions[0].mood = lambda: None
    replies = await agent.handle_message(message("m2", "ich will stornieren"))
    assert replies[0]["text"].startswith("Absatz 2")
    assert await stored_texts(agent) == ["hallo", "ich will stornieren"]


async def test_a_first_message_that_fails_leaves_nothing_behind(
    agent: LotseAgent, actions: tuple[Actions, str]
) -> None:
    actions[0].mood = FAILURES["the action crashes"]
    with pytest.raises(TurnFailedError):
        await agent.handle_message(message("m1", "hallo"))
    assert not await agent.tracker_store.exists("c1")


@pytest.mark.parametrize("agent", ["direct", "dask"], indirect=True)
async def test_an_action_server_that_is_down_fails_the_turn(agent: LotseAgent, unused_tcp_port: int) -> None:
    agent.action_endpoint.url = f"http://127.0.0.1:{unused_tcp_port}/webhook"
    with pytest.raises(TurnFailedError):
        await agent.handle_message(message("m1", "hallo"))
    assert await agent.tracker_store.replies("c1", "m1") is None


async def test_what_an_action_sees_does_not_grow_with_the_conversation(
    agent: LotseAgent, actions: tuple[Actions, str]
) -> None:
    for number in range(30):
        await agent.handle_message(message(f"m{number}", "hallo"))
    sizes = [len(call["tracker"]["events"]) for call in actions[0].calls]
    assert max(sizes[10:]) == sizes[10]
    assert actions[0].calls[-1]["tracker"]["slots"]["count"] == 29
    assert len(await stored_texts(agent)) == 30


async def test_different_people_do_not_wait_for_each_other(agent: LotseAgent, actions: tuple[Actions, str]) -> None:
    gate = asyncio.Event()
    arrived: list[int] = []

    async def wait_for_all() -> None:
        arrived.append(1)
        if len(arrived) == 4:
            gate.set()
        await gate.wait()

    actions[0].mood = wait_for_all
    answers = await asyncio.gather(*(agent.handle_message(message("m1", "hallo", who=f"c{n}")) for n in range(4)))
    assert len(answers) == 4


async def test_messages_of_one_person_are_answered_in_order(agent: LotseAgent, actions: tuple[Actions, str]) -> None:
    answers = await asyncio.gather(*(agent.handle_message(message(f"m{n}", "hallo")) for n in range(5)))
    assert [answer[0]["text"].split("\n")[0] for answer in answers] == [f"Absatz {n}" for n in range(1, 6)]


async def test_a_conversation_is_kept_as_rasas_own_processor_keeps_it(
    tiny_model: Path, actions: tuple[Actions, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = [
        message("m1", "hallo", role="seller"),
        message("m2", "bitte FO1234 stornieren"),
        message("m3", payload='/cancel{"order_id": "FO1"}'),
        message("m4", "ich will stornieren"),  # the action crashes
        message("m4", "ich will stornieren"),
        message("m5", "auf Wiedersehen"),
        message("m6", payload="/restart"),
        message("m7", payload="/unheard_of"),
        message("m8", "hallo"),
        message("m9", "hallo"),  # in a new session
    ]
    kept = []
    clock = time.time
    for processor in (LotseProcessor, DaskProcessor):
        agent = await loaded(processor, tiny_model, actions[1], tmp_path / f"{processor.__name__}.db")
        heard: list[Any] = []
        for number, one in enumerate(said):
            actions[0].mood = FAILURES["the action crashes"] if number == 3 else lambda: None
            monkeypatch.setattr(time, "time", lambda late=7200.0 * (number == 9): clock() + late)
            one.output_channel = None
            try:
                heard.append(await agent.handle_message(one))
            except TurnFailedError as error:
                heard.append(str(error))
        tracker = await agent.tracker_store.retrieve_full_tracker("c1")
        assert tracker is not None
        kept.append((heard, [{**event.as_dict(), "timestamp": None} for event in tracker.events]))
        await agent.action_endpoint.close()
        await agent.tracker_store.close()
    assert kept[0] == kept[1]
    assert [event["event"] for event in kept[0][1]].count("session_started") == 2
    assert not isinstance(kept[0][0][0], str) and isinstance(kept[0][0][3], str)
