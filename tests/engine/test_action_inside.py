"""Actions inside Rasa's process are what the action server is: the same answers, errors, failed turns and logs."""

from __future__ import annotations

import asyncio
import copy
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import structlog
from aiohttp.test_utils import TestServer
from prometheus_client import REGISTRY
from rasa.utils.endpoints import ClientResponseError
from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import ActionExecutor, CollectingDispatcher
from rasa_sdk.interfaces import ActionExecutionRejection

from actions.backend import Backend, InfractionPush, OrderPush
from actions.backend.migrate import upgrade
from actions.backend.settings import Settings
from actions.handlers.resources import Resources, holder
from actions.policy import OrderState, Role
from bot.engine import action_run
from bot.engine.action_call import ActionEndpoint, ActionServerEndpoint
from bot.engine.action_inside import InsideEndpoint, action_endpoint
from bot.engine.action_server import create_app
from bot.engine.turn import Turn, current_turn
from tests.handlers.conftest import NOW, WORDING, Talk

pytestmark = [pytest.mark.contract, pytest.mark.integration]

LISTED = ["a", {"b": None}]


class Moody(Action):
    """Does what the newest message says."""

    cancelled = False

    def name(self) -> str:
        return "action_moody"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> Any:
        dispatcher.utter_message(
            text="Gut.", buttons=[{"title": "Ja", "payload": "/affirm"}], json_message={"rich": {"rows": LISTED}}
        )
        slots: list[Any] = [SlotSet("case", {"choices": LISTED}), SlotSet("turn", "m1")]
        match tracker.latest_message["text"]:
            case "rejects":
                raise ActionExecutionRejection(self.name(), "not now")
            case "crashes":
                raise RuntimeError("cannot handle Kuckucksei")
            case "says what is no JSON":
                return [SlotSet("case", object())]
            case "answers nothing":
                return None
            case "answers what is no event":
                return [*slots, "slot", {"name": "case"}]
            case "takes too long":
                try:
                    await asyncio.sleep(0.6)
                except asyncio.CancelledError:
                    type(self).cancelled = True
                    raise
            case "changes what it was given":
                tracker.slots["case"]["choices"].append("changed")
                tracker.slots.clear()
                tracker.latest_message["entities"][0]["candidates"].append("changed")
                tracker.latest_message["metadata"].clear()
        return slots


def call(text: str, action: str = "action_moody") -> dict[str, Any]:
    """As Rasa calls, with NumPy's numbers in it, which classifiers leave."""
    message = {
        "text": text,
        "intent": {"name": "inform", "confidence": np.float32(0.5)},
        "entities": [{"entity": "appeal_type", "value": "x", "candidates": ["x", "y"]}],
        "metadata": {"message_id": "m1", "role": "customer"},
    }
    tracker = {"sender_id": "c", "slots": {"case": {"choices": ["FO-1"]}}, "latest_message": message, "events": []}
    return {"next_action": action, "sender_id": "c", "tracker": tracker, "version": "3.6.21"}


def executor() -> ActionExecutor:
    made = ActionExecutor()
    made.register_action(Moody())
    return made


@asynccontextmanager
async def both(run: ActionExecutor, timeout: float = 5.0) -> AsyncIterator[tuple[ActionEndpoint, ActionEndpoint]]:
    """An endpoint that calls an action server, and one that needs none."""
    async with TestServer(create_app("secret", run)) as server:
        apart = ActionServerEndpoint(str(server.make_url("")).rstrip("/"), "secret", timeout)
        inside = InsideEndpoint(run, timeout=timeout)
        yield apart, inside
        await apart.close()
        await inside.close()


def counted() -> float:
    return REGISTRY.get_sample_value("lotse_action_seconds_count", {"action": "action_moody"}) or 0.0


async def outcome(endpoint: ActionEndpoint, body: dict[str, Any]) -> dict[str, Any]:
    """Everything that a call leaves behind."""
    turn, before = Turn("c", "m1"), counted()
    token = current_turn.set(turn)
    answer: Any
    try:
        with structlog.testing.capture_logs() as logged:
            answer = await endpoint.request(json=body)
    except ClientResponseError as error:
        answer = (error.status, error.message, error.text.replace(" ", ""))
    except Exception as error:
        answer = type(error).__name__
    finally:
        current_turn.reset(token)
    return {
        "answer": answer,
        "failures": turn.failures,
        "called": turn.actions_called,
        "counted": counted() - before,
        "logged": [{name: line.get(name) for name in ("event", "action", "log_level")} for line in logged],
    }


MOODS = {
    "works": None,
    "rejects": 400,
    "crashes": 500,
    "says what is no JSON": 500,
    "answers nothing": None,
    "answers what is no event": None,
    "changes what it was given": None,
}


@pytest.mark.parametrize(("mood", "status"), MOODS.items(), ids=MOODS)
async def test_a_call_ends_the_same_on_both_sides(mood: str, status: int | None) -> None:
    async with both(executor()) as (apart, inside):
        expected, found = await outcome(apart, call(mood)), await outcome(inside, call(mood))
    assert found == expected
    assert found["called"] == 1
    assert bool(found["failures"]) == (status == 500)
    assert found["counted"] == (status is None)
    if status is not None:
        assert found["answer"][0] == status


async def test_an_action_that_is_not_there_is_the_same_error_on_both_sides() -> None:
    async with both(executor()) as (apart, inside):
        body = call("works", "action_unheard_of")
        expected, found = await outcome(apart, body), await outcome(inside, body)
        assert found == expected
        assert found["answer"][0] == 404


async def test_an_action_that_takes_too_long_fails_the_turn_on_both_sides_and_ends_inside() -> None:
    Moody.cancelled = False
    async with both(executor(), timeout=0.2) as (apart, inside):
        expected, found = await outcome(apart, call("takes too long")), await outcome(inside, call("takes too long"))
        assert (found["answer"], found["failures"]) == (expected["answer"], expected["failures"])
        assert found["failures"] == ["calling the action failed: TimeoutError"]
        assert Moody.cancelled
        # Nobody else waits for it.
        slow = asyncio.create_task(outcome(inside, call("takes too long")))
        others = await asyncio.gather(*(outcome(inside, call("works")) for _ in range(20)))
        assert not slow.done()
        assert all(not other["failures"] for other in others)
        await slow


async def test_what_an_action_changes_or_keeps_is_not_rasas() -> None:
    body = call("changes what it was given")
    before = copy.deepcopy(body)
    inside = InsideEndpoint(executor())
    answer = await inside.request(json=body)
    assert body == before
    answer["events"][0]["value"]["choices"].append("changed")
    answer["responses"][0]["custom"]["rich"]["rows"][1]["b"] = "changed"
    assert LISTED == ["a", {"b": None}]


async def test_the_settings_say_where_actions_run(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    class Lifecycle:
        async def startup(self) -> None:
            opened.append("up")

        async def shutdown(self) -> None:
            opened.append("down")

    monkeypatch.setattr(action_run, "load", lambda: (executor(), Lifecycle()))
    inside = action_endpoint(Settings.from_env({}))
    assert await inside.check() is not None
    await inside.start()
    assert (await inside.check(), opened) == (None, ["up"])
    await inside.close()
    assert (await inside.check() is None, opened) == (False, ["up", "down"])
    apart = action_endpoint(Settings.from_env({"LOTSE_ACTIONS_URL": "http://actions:8082"}))
    assert isinstance(apart, ActionServerEndpoint)
    assert apart.url == "http://actions:8082/webhook"


async def test_an_action_server_says_whether_it_is_there(unused_tcp_port: int) -> None:
    async with both(executor()) as (apart, _):
        assert await apart.check() is None
    nobody = ActionServerEndpoint(f"http://127.0.0.1:{unused_tcp_port}", "secret")
    assert await nobody.check() == "no answer (ClientConnectorError)"
    await nobody.close()


class Calling(Talk):
    """Somebody whose messages reach the handlers as Rasa calls them."""

    endpoint: ActionEndpoint
    heard: list[Any]

    async def _turn(self, message: dict[str, Any], *, pressed: bool) -> str:
        self.seq += 2
        message["metadata"] = {
            "message_id": f"{self.conversation_id}-{self.seq}",
            "conversation_id": self.conversation_id,
            "role": self.role,
            "sub": self.sub,
            "zoneinfo": "Europe/Berlin",
            "pressed": pressed,
            "seq": self.seq,
            "last_seen_seq": self.seq - 1,
        }
        intent = message["intent"]["name"]
        action = "action_fallback" if intent == "nlu_fallback" else f"action_{intent}"
        tracker = {"sender_id": self.sub, "slots": self.slots, "latest_message": message, "events": [], "paused": False}
        answer = await self.endpoint.request(json={"next_action": action, "sender_id": self.sub, "tracker": tracker})
        self.heard.append(answer)
        self.slots |= {event["name"]: event["value"] for event in answer["events"]}
        (reply,) = answer["responses"]
        self.text, self.buttons, self.custom = reply["text"], reply["buttons"], reply["custom"]
        return self.text


async def talk(endpoint: ActionEndpoint, database: Path) -> list[Any]:
    """What both sides of an order are answered by the real handlers, on a database of their own."""
    backend = await Backend.open(f"sqlite:///{database}")
    holder.use(Resources(backend, WORDING, Settings.from_env({})))
    try:
        await backend.clock.set(NOW)
        at = NOW - timedelta(days=1)
        due = NOW + timedelta(days=3)
        await backend.orders.put(
            OrderPush("FO-1", "C-1", "S-1", OrderState.ACTIVE, at, title="Logo", expected_delivery_at=due)
        )
        await backend.infractions.put(
            InfractionPush(id="V-1", seller_id="S-1", type="misleading_tracking", updated_at=at, issued_at=at)
        )
        people: dict[str, Calling] = {}
        heard: list[Any] = []
        for role, sub in ((Role.CUSTOMER, "C-1"), (Role.SELLER, "S-1")):
            conversation = await backend.conversations.open("", role, sub)
            people[sub] = Calling(backend, role, sub, conversation.id)
            people[sub].endpoint, people[sub].heard = endpoint, heard
        customer, seller = people["C-1"], people["S-1"]
        await customer.says("Was ist offen?", "list_disputes")
        await customer.says("FO-1 stornieren", "request_cancellation", order_id="FO-1")
        await customer.says("überbucht", "inform", language="de")
        await customer.says("Mein Haubentaucher singt", "nlu_fallback", confidence=0.2)
        await customer.press("Ja, Anfrage abschicken")
        await seller.says("What is open?", "list_disputes", language="en")
        await seller.says("I accept", "accept_request", language="en")
        await seller.says("Was kann ich anfechten?", "check_appeal_eligibility", language="de")
        await seller.says("V-1 anfechten", "submit_appeal", infraction_id="V-1", appeal_type="misleading_tracking")
        order = await backend.orders.get("FO-1")
        return [*heard, [(dispute.kind, dispute.status) for dispute in order.disputes]]
    finally:
        holder.use(None)
        await backend.close()


def without_ids(value: Any, seen: dict[str, str]) -> Any:
    """The same with each id that was made, replaced by which one it is."""
    if isinstance(value, dict):
        return {name: without_ids(inner, seen) for name, inner in value.items()}
    if isinstance(value, list):
        return [without_ids(inner, seen) for inner in value]
    if isinstance(value, str):
        return _MADE.sub(lambda found: seen.setdefault(found[0], f"#{len(seen)}"), value)
    return value


_MADE = re.compile(r"[A-Z]+-[0-9A-Z]{12,}")


async def test_our_handlers_say_and_do_the_same_on_both_sides(tmp_path: Path) -> None:
    upgrade(f"sqlite:///{tmp_path}/empty.db")
    handlers, _ = action_run.load()
    told = []
    async with both(handlers) as endpoints:
        for number, endpoint in enumerate(endpoints):
            database = tmp_path / f"{number}.db"
            shutil.copy(tmp_path / "empty.db", database)
            told.append(without_ids(await talk(endpoint, database), {}))
    assert told[0] == told[1]
    assert told[0][-1] == [("cancellation", "open")]
    assert len(told[0]) == 10
