"""The action server: closed to strangers, and silent about what it was sent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import structlog
from aiohttp.test_utils import TestClient, TestServer
from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import ActionExecutor, CollectingDispatcher
from rasa_sdk.interfaces import ActionExecutionRejection

from bot.engine.action_server import create_app

pytestmark = pytest.mark.integration

SECRET = {"X-Lotse-Secret": "s3cret"}


class Answer(Action):
    def name(self) -> str:
        return "action_test_answer"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[Any]:
        text = tracker.latest_message["text"]
        if text == "crash":
            raise RuntimeError(f"cannot handle {text}")
        if text == "reject":
            raise ActionExecutionRejection(self.name(), "not now")
        dispatcher.utter_message(text=f"re: {text}")
        return [SlotSet("turn", "m1")]


class Lifecycle:
    state = "new"

    async def startup(self) -> None:
        self.state = "up"

    async def shutdown(self) -> None:
        self.state = "down"


@pytest.fixture
def lifecycle() -> Lifecycle:
    return Lifecycle()


@pytest.fixture
async def client(lifecycle: Lifecycle) -> AsyncIterator[TestClient[Any, Any]]:
    executor = ActionExecutor()
    executor.register_action(Answer())
    async with TestClient(TestServer(create_app("s3cret", executor, lifecycle))) as client:
        yield client


def call(text: str, action: str = "action_test_answer") -> dict[str, Any]:
    tracker = {"sender_id": "c", "slots": {}, "latest_message": {"text": text}, "events": [], "paused": False}
    return {"next_action": action, "sender_id": "c", "tracker": tracker, "version": "3.6.21"}


@pytest.mark.parametrize("headers", [{}, {"X-Lotse-Secret": ""}, {"X-Lotse-Secret": "wrong"}])
@pytest.mark.parametrize("path", ["/health", "/actions", "/webhook", "/nowhere", "/metrics"])
async def test_strangers_learn_nothing(client: TestClient[Any, Any], path: str, headers: dict[str, str]) -> None:
    response = await client.get(path, headers=headers)
    assert (response.status, await response.json()) == (401, {"error": "unauthorised"})


async def test_an_action_is_run(client: TestClient[Any, Any]) -> None:
    response = await client.post("/webhook", json=call("hallo"), headers=SECRET)
    answer = await response.json()
    assert response.status == 200
    assert answer["responses"][0]["text"] == "re: hallo"
    assert answer["events"][-1] == {"event": "slot", "timestamp": None, "name": "turn", "value": "m1"}


async def test_a_crash_is_an_error_without_the_request(client: TestClient[Any, Any]) -> None:
    with structlog.testing.capture_logs() as logged:
        response = await client.post("/webhook", json=call("crash"), headers=SECRET)
    assert response.status == 500
    assert await response.json() == {"error": "the action failed", "action_name": "action_test_answer"}
    assert [(line["event"], line["action"]) for line in logged] == [("action.failed", "action_test_answer")]


async def test_a_rejection_and_an_unknown_action_have_the_codes_that_rasa_knows(client: TestClient[Any, Any]) -> None:
    assert (await client.post("/webhook", json=call("reject"), headers=SECRET)).status == 400
    assert (await client.post("/webhook", json=call("x", "action_unknown"), headers=SECRET)).status == 404


async def test_what_is_no_call_is_refused(client: TestClient[Any, Any]) -> None:
    for body in (b"", b"{", b"[]", b"1"):
        assert (await client.post("/webhook", data=body, headers=SECRET)).status == 400


async def test_resources_live_as_long_as_the_server(lifecycle: Lifecycle) -> None:
    async with TestClient(TestServer(create_app("s3cret", ActionExecutor(), lifecycle))) as client:
        assert (await client.get("/health", headers=SECRET)).status == 200
        assert lifecycle.state == "up"
    assert lifecycle.state == "down"


async def test_what_is_logged_names_request_conversation_and_message(client: TestClient[Any, Any]) -> None:
    asked = call("hallo")
    asked["tracker"]["latest_message"]["metadata"] = {"message_id": "M-7"}
    seen: list[dict[str, Any]] = []

    def bound(logger: Any, method: str, event: dict[str, Any]) -> dict[str, Any]:
        seen.append(dict(event))
        return event

    before = structlog.get_config()["processors"]
    structlog.configure(processors=[structlog.contextvars.merge_contextvars, bound, *before])
    try:
        await client.post("/webhook", json=asked, headers={**SECRET, "X-Request-ID": "request-0815"})
        await client.post("/webhook", json=asked, headers={**SECRET, "X-Request-ID": "no id, but a sentence"})
    finally:
        structlog.configure(processors=before)
    first, second = seen
    assert (first["event"], first["action"]) == ("action.ran", "action_test_answer")
    assert [first[name] for name in ("request_id", "conversation_id", "message_id")] == ["request-0815", "c", "M-7"]
    assert second["request_id"] not in ("request-0815", "no id, but a sentence")


async def test_metrics_are_for_their_key_alone() -> None:
    app = create_app("s3cret", ActionExecutor(), metrics_key="metrics-key")
    async with TestClient(TestServer(app)) as client:
        for key, status in (("metrics-key", 200), ("s3cret", 401), ("", 401)):
            response = await client.get("/metrics", headers={"Authorization": f"Bearer {key}"})
            assert response.status == status
        page = await client.get("/metrics", headers={"Authorization": "Bearer metrics-key"})
        assert "lotse_action_seconds" in await page.text()
        assert page.headers["Content-Type"].startswith("text/plain; version=0.0.4")
