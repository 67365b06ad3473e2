"""Rasa's message processor with what Lotse's model makes needless left out; `DaskProcessor` is Rasa's own way."""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path
from typing import Any

import structlog
from rasa.core.actions.action import Action, ActionExecutionRejection, ActionListen, RemoteAction
from rasa.core.channels.channel import OutputChannel, UserMessage
from rasa.core.nlg import NaturalLanguageGenerator
from rasa.core.policies.policy import PolicyPrediction
from rasa.core.processor import MessageProcessor
from rasa.engine import loader
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.shared.core.constants import (
    ACTION_EXTRACT_SLOTS,
    ACTION_LISTEN_NAME,
    ACTION_VALIDATE_SLOT_MAPPINGS,
    DEFAULT_SLOT_NAMES,
)
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActionExecutionRejected, Event, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import ENTITIES, ENTITY_ATTRIBUTE_TYPE, INTENT, INTENT_NAME_KEY
from rasa.utils.common import TempDirectoryPath, get_temp_dir_name

from bot.engine.action_call import CheckedAction
from bot.engine.known_rules import KnownRules
from bot.engine.runner import DirectGraphRunner

log = structlog.get_logger(__name__)


class LotseProcessor(MessageProcessor):
    """Rasa's processor, with another graph runner, for whom typed text is always text.

    Where the model's rules and slots allow it (see `KnownRules`, `fills_slots`), a turn takes Rasa's steps without what
    they cost beside their result. `DaskProcessor` takes all of them, and a test holds that both do the same.
    """

    graph_runner_class: type[DaskGraphRunner] = DirectGraphRunner

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._rules = self._known_rules()
        self._fills_slots = fills_slots(self.domain)
        self._action_for = cache(self._named)

    def _known_rules(self) -> KnownRules:
        components = (node._component for node in self.graph_runner._instantiated_nodes.values())
        return KnownRules.of(components, self.domain, self._predict_next_with_tracker)

    async def parse_message(
        self, message: UserMessage, tracker: DialogueStateTracker | None = None, only_output_properties: bool = True
    ) -> dict[str, Any]:
        """Rasa takes text that begins with a slash for an intent; the NLU gets another slash in its place."""
        typed = message.text or ""
        if typed.startswith("/"):
            message = copy.copy(message)
            message.text = f"\N{DIVISION SLASH}{typed[1:]}"
        parsed = await self._parse(message, tracker, only_output_properties)
        parsed["text"] = typed
        return parsed

    async def _parse(
        self, message: UserMessage, tracker: DialogueStateTracker | None, only_output_properties: bool
    ) -> dict[str, Any]:
        """As in Rasa, which copies what it found for its log; our model has no retrieval intents."""
        tracker = tracker or DialogueStateTracker(message.sender_id, ())
        parsed: dict[str, Any] = self._parse_message_with_graph(message, tracker, only_output_properties)
        self._check_for_unseen_features(parsed)
        return parsed

    def _check_for_unseen_features(self, parse_data: dict[str, Any]) -> None:
        """Rasa warns of what the domain lacks, and makes an empty domain each time to see whether it has one."""
        intent = parse_data[INTENT][INTENT_NAME_KEY]
        entities = {entity[ENTITY_ATTRIBUTE_TYPE] for entity in parse_data[ENTITIES] or ()}
        if intent not in self.domain.intent_properties or not entities <= set(self.domain.entities):
            super()._check_for_unseen_features(parse_data)

    async def _update_tracker_session(
        self, tracker: DialogueStateTracker, output_channel: OutputChannel, metadata: dict[str, Any] | None = None
    ) -> None:
        """As in Rasa, which replays all events to see whether there are any: at rest, the last one is."""
        last = tracker.events[-1] if tracker.events else None
        resting = isinstance(last, ActionExecuted) and last.action_name == ACTION_LISTEN_NAME
        if not resting or self._has_session_expired(tracker):
            await super()._update_tracker_session(tracker, output_channel, metadata)

    def _get_action(self, action_name: str) -> Action:
        """As in Rasa, which makes all of its own actions each time to see whether it is one of them."""
        return self._action_for(action_name)

    def _named(self, action_name: str) -> Action:
        return _checked(super()._get_action(action_name))

    def predict_next_with_tracker_if_should(self, tracker: DialogueStateTracker) -> tuple[Action, PolicyPrediction]:
        """What the rules say where it is known already, else what Rasa finds."""
        known = self._rules.find(tracker)
        if known is not None:
            name, prediction = known
            return self._action_for(name), prediction
        action, prediction = super().predict_next_with_tracker_if_should(tracker)
        return _checked(action), prediction

    async def run_action_extract_slots(
        self, output_channel: OutputChannel, tracker: DialogueStateTracker
    ) -> DialogueStateTracker:
        """As in Rasa, unless the domain has no slot that a message could fill."""
        return await super().run_action_extract_slots(output_channel, tracker) if self._fills_slots else tracker

    async def _run_action(
        self,
        action: Action,
        tracker: DialogueStateTracker,
        output_channel: OutputChannel,
        nlg: NaturalLanguageGenerator,
        prediction: PolicyPrediction,
    ) -> bool:
        """As in Rasa, which gives the action a copy of the tracker, made by replaying all of it.

        These two actions do not change the tracker, and do not see the events of the prediction.
        """
        if not isinstance(action, CheckedAction | ActionListen):
            return await super()._run_action(action, tracker, output_channel, nlg, prediction)
        try:
            events = await action.run(output_channel, nlg, tracker, self.domain)
        except ActionExecutionRejection:
            rejected = ActionExecutionRejected(action.name(), prediction.policy_name, prediction.max_confidence)
            tracker.update(rejected, self.domain)
            return self.should_predict_another_action(action.name())
        except Exception:
            log.exception("action.crashed", action=action.name())
            events = []
        self._log_action_on_tracker(tracker, action, events, prediction)
        if any(isinstance(event, UserUttered) for event in events):
            tracker = await self.run_action_extract_slots(output_channel, tracker)
        await self.execute_side_effects(events, tracker, output_channel)
        return self.should_predict_another_action(action.name())

    def _log_action_on_tracker(
        self, tracker: DialogueStateTracker, action: Action, events: list[Event] | None, prediction: PolicyPrediction
    ) -> None:
        """As in Rasa, which also copies all events deeply for a line in its log."""
        happened = events or []
        if not any(isinstance(event, ActionExecutionRejected) for event in happened):
            tracker.update_with_events(prediction.events, self.domain)
            tracker.update(action.event_for_successful_execution(prediction), self.domain)
        tracker.update_with_events(happened, self.domain)

    @staticmethod
    def _log_slots(tracker: DialogueStateTracker) -> None:
        """Rasa formats all slots for its log each time, which says nothing of people here (see `bot.logs`)."""

    @classmethod
    def _load_model(cls, model_path: str | Path) -> tuple[str, Any, Any]:
        """As in Rasa, which has its own graph runner written into this place."""
        archive = Path(model_path)
        with TempDirectoryPath(get_temp_dir_name()) as folder:
            metadata, runner = loader.load_predict_graph_runner(
                Path(folder), archive, LocalModelStorage, cls.graph_runner_class
            )
        return archive.name, metadata, runner


class DaskProcessor(LotseProcessor):
    """With Rasa's graph runner, its predictions, and its way to run actions."""

    graph_runner_class = DaskGraphRunner
    _parse = MessageProcessor.parse_message
    _run_action = MessageProcessor._run_action
    _log_action_on_tracker = MessageProcessor._log_action_on_tracker
    _update_tracker_session = MessageProcessor._update_tracker_session
    run_action_extract_slots = MessageProcessor.run_action_extract_slots

    def _known_rules(self) -> KnownRules:
        return KnownRules({})


def fills_slots(domain: Domain) -> bool:
    """Whether anything but an answer of an action can fill a slot of ``domain``."""
    own = {ACTION_EXTRACT_SLOTS, ACTION_VALIDATE_SLOT_MAPPINGS} & set(domain.user_actions)
    mappings = [mapping for slot in domain.slots if slot.name not in DEFAULT_SLOT_NAMES for mapping in slot.mappings]
    return bool(own) or any(mapping != {"type": "custom"} for mapping in mappings)


def _checked(action: Action) -> Action:
    return CheckedAction(action.name(), action.action_endpoint) if type(action) is RemoteAction else action
