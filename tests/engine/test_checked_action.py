"""Our way of calling an action says what Rasa's says, but for the events, and takes the answers that Rasa's takes."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import ValidationError
from rasa.core.actions.action import RemoteAction
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot.engine.action_call import ActionServerEndpoint, CheckedAction

pytestmark = pytest.mark.contract

SLOT = {"event": "slot", "name": "order_id", "value": {"any": ["thing", None]}, "timestamp": None}
ANSWERS: list[Any] = [
    {"events": [SLOT], "responses": [{"text": "Gut.", "custom": {"kind": "done"}}]},
    {"events": [{**SLOT, "timestamp": 12.5, "metadata": {"a": 1}}, {**SLOT, "extra": 1}], "responses": []},
    {},
    {"events": [{"event": "followup", "name": "action_answer"}, SLOT]},
    {"events": [{"event": "action", "name": None, "confidence": 0.5, "hide_rule_turn": True}]},
    {"events": [{"event": "slot", "name": "order_id"}]},
    {"events": [{**SLOT, "name": 7}]},
    {"events": [{**SLOT, "timestamp": "now"}]},
    {"events": [{**SLOT, "timestamp": True}]},
    {"events": [{**SLOT, "metadata": []}]},
    {"events": [{"event": "unheard of"}]},
    {"events": [{"name": "order_id", "value": 1}]},
    {"events": ["slot"]},
    {"events": {}},
    {"events": None},
    {"responses": ["Gut."]},
    {"responses": None},
    [],
    None,
]


def taken(action: RemoteAction, answer: Any) -> bool:
    try:
        return action._validate_action_result(answer)
    except ValidationError:
        return False


@pytest.mark.parametrize("answer", ANSWERS, ids=repr)
def test_the_same_answers_are_taken(answer: Any) -> None:
    assert taken(CheckedAction("action_answer", None), answer) == taken(RemoteAction("action_answer", None), answer)


def test_both_verdicts_are_among_the_answers_tried() -> None:
    assert {taken(RemoteAction("action_answer", None), answer) for answer in ANSWERS} == {True, False}


def test_the_call_is_rasas_without_the_events(domain: Domain) -> None:
    said = UserUttered("hallo", {"name": "greet", "confidence": 0.9}, message_id="m1", metadata={"seq": 3})
    events = [ActionExecuted("action_listen"), SlotSet("order_id", "FO1"), said]
    tracker = DialogueStateTracker.from_events("c", events, domain.slots)
    endpoint = ActionServerEndpoint("http://127.0.0.1:1", "secret")
    theirs = RemoteAction("action_answer", endpoint)._action_call_format(tracker, domain)
    assert theirs["tracker"]["events"] and theirs["tracker"]["slots"]["order_id"] == "FO1"
    ours = CheckedAction("action_answer", endpoint)._action_call_format(tracker, domain)
    assert ours == {**theirs, "tracker": {**theirs["tracker"], "events": []}}
