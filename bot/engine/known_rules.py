"""What RulePolicy predicts, known beforehand where its rules look at nothing but the newest message.

For each prediction, two a turn, Rasa builds the states of all earlier turns and tries every rule on them. A rule
"intent, then action" needs none of that: after the intent comes its action, after the action the bot listens. Whether
a model has only such rules is read from what RulePolicy learned; the predictions are asked of Rasa, once, at start.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterable
from typing import Any

from rasa.core.policies.policy import Policy, PolicyPrediction
from rasa.core.policies.rule_policy import DEFAULT_ACTION_MAPPINGS, RULES, RULES_FOR_LOOP_UNHAPPY_PATH, RulePolicy
from rasa.shared.core.constants import ACTION_LISTEN_NAME, ACTION_SESSION_START_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    BotUttered,
    DefinePrevUserUtteredFeaturization,
    Event,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker

Predict = Callable[[DialogueStateTracker], PolicyPrediction]
#: The newest message's intent, and the action that was run since.
Moment = tuple[str, str | None]

_SILENT = (SlotSet, BotUttered, DefinePrevUserUtteredFeaturization)  # no rule of this kind sees these


class KnownRules:
    """Predictions by the moment in a turn they are for, each with the name of its action."""

    def __init__(self, predictions: dict[Moment, tuple[str, PolicyPrediction]]) -> None:
        self._predictions = predictions

    @classmethod
    def of(cls, components: Iterable[object], domain: Domain, predict: Predict) -> KnownRules:
        """Those of a loaded model: none unless RulePolicy alone decides, by rules of one intent and one action.

        ``components``: of the model's graph; ``predict``: asks them.
        """
        policies = [component for component in components if isinstance(component, Policy)]
        if len(policies) != 1 or type(policies[0]) is not RulePolicy or domain.form_names:
            return cls({})
        learned = policies[0].lookup
        rules = {_moment(json.loads(key)): action for key, action in learned[RULES].items()}
        if None in rules or learned[RULES_FOR_LOOP_UNHAPPY_PATH]:
            return cls({})
        known: dict[Moment, tuple[str, PolicyPrediction]] = {}
        for moment, action in rules.items():
            if moment is None or moment[0] in DEFAULT_ACTION_MAPPINGS:
                continue
            prediction = predict(_at(moment, domain))
            name = domain.action_names_or_texts[prediction.max_confidence_index]
            plain = all(type(event) is DefinePrevUserUtteredFeaturization for event in prediction.events)
            if name == action and plain and not prediction.is_end_to_end_prediction:
                known[moment] = name, prediction
        return cls(known)

    @property
    def moments(self) -> frozenset[Moment]:
        """For which a prediction is known."""
        return frozenset(self._predictions)

    def find(self, tracker: DialogueStateTracker) -> tuple[str, PolicyPrediction] | None:
        """The next action and its prediction; None where Rasa must be asked."""
        if tracker.followup_action or tracker.active_loop is not None:
            return None
        moment = moment_of(tracker)
        found = self._predictions.get(moment) if moment is not None else None
        if found is None:
            return None
        name, known = found
        prediction = copy.copy(known)
        prediction.events = [DefinePrevUserUtteredFeaturization(e.use_text_for_featurization) for e in known.events]
        return name, prediction


def moment_of(tracker: DialogueStateTracker) -> Moment | None:
    """Where in an ordinary turn the tracker stands; None if anything is out of the ordinary."""
    action: str | None = None
    message: UserUttered | None = None
    for event in reversed(tracker.events):
        kind = type(event)
        if kind is ActionExecuted:
            if message is not None:
                heard = event.action_name == ACTION_LISTEN_NAME and message.intent_name
                return (message.intent_name, action) if heard else None
            if action is not None or event.action_name is None:
                return None
            action = event.action_name
        elif kind is UserUttered and message is None:
            message = event
        elif kind not in _SILENT:
            return None
    return None


def _moment(states: list[dict[str, Any]]) -> Moment | None:
    """The moment that a learned rule is for; None for a rule that sees more than one intent and its action."""
    intent = states[0].get("user", {}).get("intent")
    heard = {"prev_action": {"action_name": ACTION_LISTEN_NAME}, "user": {"intent": intent}}
    if not intent or states[0] != heard or len(states) > 2:
        return None
    if len(states) == 1:
        return intent, None
    action = states[1].get("prev_action", {}).get("action_name")
    done = {"prev_action": {"action_name": action}, "user": {"intent": intent}}
    return (intent, action) if action and action != ACTION_LISTEN_NAME and states[1] == done else None


def _at(moment: Moment, domain: Domain) -> DialogueStateTracker:
    """A conversation whose first turn has come so far."""
    intent, action = moment
    events: list[Event] = [
        ActionExecuted(ACTION_SESSION_START_NAME),
        SessionStarted(),
        ActionExecuted(ACTION_LISTEN_NAME),
        UserUttered(intent, {"name": intent, "confidence": 1.0}),
    ]
    if action is not None:
        events += [DefinePrevUserUtteredFeaturization(False), ActionExecuted(action)]
    return DialogueStateTracker.from_events("known-rules", events, domain.slots)
