"""What is known beforehand is what RulePolicy predicts, whatever came before; where it may differ, Rasa is asked."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from rasa.core.nlg import TemplatedNaturalLanguageGenerator
from rasa.core.policies.policy import PolicyPrediction
from rasa.core.policies.rule_policy import RULES, RulePolicy
from rasa.core.tracker_store import InMemoryTrackerStore
from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    ActiveLoop,
    BotUttered,
    DefinePrevUserUtteredFeaturization,
    Event,
    FollowupAction,
    Restarted,
    SessionStarted,
    SlotSet,
    UserUtteranceReverted,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker

from bot.engine import model
from bot.engine.action_call import ActionServerEndpoint
from bot.engine.known_rules import KnownRules
from bot.engine.locks import LocalLockStore
from bot.engine.processor import LotseProcessor, fills_slots

pytestmark = pytest.mark.integration


def loaded(archive: Path) -> LotseProcessor:
    endpoint = ActionServerEndpoint("http://127.0.0.1:1", "secret")
    nlg, store = TemplatedNaturalLanguageGenerator({}), InMemoryTrackerStore(None)
    return LotseProcessor(archive, store, LocalLockStore(), nlg, action_endpoint=endpoint)


@pytest.fixture(scope="module")
def processor(tiny_model: Path) -> LotseProcessor:
    return loaded(tiny_model)


def said(intent: str | None, rng: random.Random) -> UserUttered:
    entities = [{"entity": "order_id", "value": "FO1"}] if rng.random() < 0.3 else []
    return UserUttered("x", {"name": intent, "confidence": 0.9}, entities)


def turn(intent: str, action: str, rng: random.Random) -> list[Event]:
    """What a whole turn adds."""
    slots: list[Event] = [SlotSet("count", n) for n in range(rng.randrange(3))]
    listen = ActionExecuted("action_listen")
    done = [DefinePrevUserUtteredFeaturization(False), ActionExecuted(action), BotUttered("y")]
    return [said(intent, rng), *done, *slots, listen]


def conversation(processor: LotseProcessor, rng: random.Random) -> list[Event]:
    """A conversation up to somewhere in its last turn, mostly an ordinary one."""
    intents, actions = processor.domain.intents, processor.domain.user_actions
    events: list[Event] = [ActionExecuted("action_session_start"), SessionStarted(), ActionExecuted("action_listen")]
    if rng.random() < 0.2:
        events = [SlotSet("count", 7)]  # as the store begins, where more came before
        events += turn(rng.choice(intents), rng.choice(actions), rng)
    for _ in range(rng.randrange(4)):
        events += turn(rng.choice(intents), rng.choice(actions), rng)
        if rng.random() < 0.15:
            events += rng.choice(
                [
                    [Restarted(), ActionExecuted("action_listen")],
                    [UserUtteranceReverted()],
                    [ActionExecuted("action_session_start"), SessionStarted(), ActionExecuted("action_listen")],
                ]
            )
    ruled = [(intent, action) for intent, action in processor._rules.moments if action]
    last = turn(*rng.choice(ruled), rng) if rng.random() < 0.8 else turn(rng.choice(intents), rng.choice(actions), rng)
    events += last[: rng.randrange(len(last) + 1)]
    if rng.random() < 0.25:
        odd: list[Event] = [
            FollowupAction("action_answer"),
            ActiveLoop("order_form"),
            ActionExecutionRejected("action_answer"),
            said("restart", rng),
            said(None, rng),
            said("unheard_of", rng),
            ActionExecuted("action_answer"),
            Restarted(),
        ]
        events.append(rng.choice(odd))
    return events


def told(processor: LotseProcessor, prediction: PolicyPrediction) -> dict[str, Any]:
    whole = {key: value for key, value in vars(prediction).items() if key != "events"}
    events = [{**event.as_dict(), "timestamp": None} for event in prediction.events]
    return {
        **whole,
        "events": events,
        "action": processor.domain.action_names_or_texts[prediction.max_confidence_index],
    }


def agree(processor: LotseProcessor, events: list[Event]) -> bool:
    """Whether it was known; if so, it must be what Rasa says."""
    tracker = DialogueStateTracker.from_events("c", events, processor.domain.slots)
    found = processor._rules.find(tracker)
    if found is None:
        return False
    name, prediction = found
    rasas = told(processor, processor._predict_next_with_tracker(tracker))
    assert told(processor, prediction) == rasas
    assert name == rasas["action"]
    return True


def test_whatever_came_before_the_prediction_is_rasas(processor: LotseProcessor) -> None:
    rng = random.Random(4)
    known = sum(agree(processor, conversation(processor, rng)) for _ in range(400))
    assert 120 < known < 300


def test_an_ordinary_turn_is_known_at_both_moments(processor: LotseProcessor) -> None:
    start: list[Event] = [ActionExecuted("action_session_start"), SessionStarted(), ActionExecuted("action_listen")]
    whole = turn("cancel", "action_answer", random.Random(1))
    assert agree(processor, [*start, whole[0]])
    assert agree(processor, [*start, *whole[:-1]])
    assert len(processor._rules.moments) == 6


def test_predictions_are_not_shared_between_conversations(processor: LotseProcessor) -> None:
    events: list[Event] = [ActionExecuted("action_listen"), said("greet", random.Random(1))]
    first, second = (
        processor._rules.find(DialogueStateTracker.from_events(id_, events, processor.domain.slots))
        for id_ in ("a", "b")
    )
    assert first is not None and second is not None
    assert first[1].events[0] is not second[1].events[0]


@pytest.mark.parametrize(
    "rule",
    [
        [{"prev_action": {"action_name": "action_listen"}, "user": {"intent": "greet"}, "slots": {"urgent": [1.0]}}],
        [{"prev_action": {"action_name": "action_listen"}, "user": {"intent": "greet", "entities": ["order_id"]}}],
        [{"prev_action": {"action_name": "action_listen"}, "user": {"text": "hallo"}}],
        [{}, {"prev_action": {"action_name": "action_listen"}, "user": {"intent": "greet"}}],
    ],
    ids=["slot", "entity", "text", "start"],
)
def test_one_rule_of_another_kind_and_rasa_is_asked(processor: LotseProcessor, rule: list[Any]) -> None:
    nodes = processor.graph_runner._instantiated_nodes.values()
    (policy,) = (node._component for node in nodes if isinstance(node._component, RulePolicy))
    policy.lookup[RULES][json.dumps(rule)] = "action_answer"
    try:
        rules = KnownRules.of([policy], processor.domain, processor._predict_next_with_tracker)
    finally:
        del policy.lookup[RULES][json.dumps(rule)]
    assert not rules.moments


def test_no_slot_of_this_assistant_is_filled_by_a_message(processor: LotseProcessor) -> None:
    assert not fills_slots(processor.domain)
    slot = next(slot for slot in processor.domain.slots if slot.name == "count")
    slot.mappings.append({"type": "from_entity", "entity": "order_id"})
    try:
        assert fills_slots(processor.domain)
    finally:
        slot.mappings.pop()


@pytest.mark.slow
def test_every_rule_of_the_assistant_is_known() -> None:
    trained = model.newest()
    if trained is None:
        pytest.skip("there is no model: run `make train`")
    processor, rng = loaded(trained), random.Random(8)
    rules = sum(path.read_text(encoding="utf-8").count("- rule:") for path in Path("data/rules").glob("*.yml"))
    assert len(processor._rules.moments) == 2 * rules
    assert not fills_slots(processor.domain)
    assert sum(agree(processor, conversation(processor, rng)) for _ in range(200)) > 60
