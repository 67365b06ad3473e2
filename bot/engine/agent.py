"""Rasa's agent and message processor, with Lotse's stores and a turn that is either whole or did not happen."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any, Literal

import aiohttp
import msgspec
import rasa
from jsonschema.validators import validator_for
from rasa.core.actions.action import Action, RemoteAction
from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.core.lock_store import LockError, LockStore
from rasa.core.nlg import TemplatedNaturalLanguageGenerator
from rasa.core.policies.policy import PolicyPrediction
from rasa.core.processor import MessageProcessor
from rasa.engine import loader
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker, EventVerbosity
from rasa.shared.nlu.constants import ENTITIES, ENTITY_ATTRIBUTE_TYPE, INTENT, INTENT_NAME_KEY
from rasa.utils.common import TempDirectoryPath, get_temp_dir_name
from rasa.utils.endpoints import ClientResponseError, EndpointConfig

from bot import request_ids
from bot.engine import metrics
from bot.engine.encoding import to_json
from bot.engine.runner import DirectGraphRunner
from bot.engine.tracker_store import LotseTrackerStore
from bot.engine.turn import Reply, Turn, TurnFailedError, current_turn

#: Seconds an action may take. Rasa would wait for 300; the person hears within 10 that it takes longer.
ACTION_TIMEOUT = 5.0
_REJECTED = 400


class ActionEndpoint(EndpointConfig):
    """Calls the action server over kept connections, with the shared secret, and notes in the turn when that fails."""

    def __init__(self, url: str, secret: str, timeout: float = ACTION_TIMEOUT) -> None:
        # Without the selective domain every call would carry the whole domain, all texts included.
        super().__init__(url, headers={"X-Lotse-Secret": secret}, enable_selective_domain=True)
        self._timeout = aiohttp.ClientTimeout(total=timeout, connect=2.0)
        self._http: aiohttp.ClientSession | None = None

    async def request(self, *_: Any, json: Any = None, **__: Any) -> Any:
        """Post `json`; everything else that Rasa says (its timeout, compression) is ours to decide."""
        turn = current_turn.get()
        if turn is not None:
            turn.actions_called += 1
        try:
            with metrics.ACTION_CALL_SECONDS.time():
                return await self._post(json)
        except Exception as error:
            rejected = isinstance(error, ClientResponseError) and error.status == _REJECTED
            if turn is not None and not rejected:
                turn.failures.append(f"calling the action failed: {type(error).__name__}")
            raise

    async def _post(self, body: Any) -> Any:
        if self._http is None or self._http.closed:
            self._http = aiohttp.ClientSession(headers=self.headers, timeout=self._timeout)
        data = to_json(body)
        headers = {"Content-Type": "application/json", request_ids.HEADER: request_ids.current()}
        async with self._http.post(self.url, data=data, headers=headers) as response:
            content = await response.read()
            if response.status >= _REJECTED:
                raise ClientResponseError(response.status, response.reason or "", content.decode(errors="replace"))
            return msgspec.json.decode(content)

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close()


class _SlotEvent(msgspec.Struct):
    """What our actions answer beside their texts."""

    event: Literal["slot"]
    name: str
    value: Any
    timestamp: float | None = None
    metadata: dict[str, Any] | None = None


class _UsualResult(msgspec.Struct):
    events: list[_SlotEvent] = []
    responses: list[dict[str, Any]] = []


class CheckedAction(RemoteAction):
    """A custom action as Rasa calls it, for less: it is sent no events, and its answer is checked quickly.

    Our actions read the newest message and the slots. The events before it would be most of what is sent, for nothing.
    """

    _schema = RemoteAction.action_response_format_spec()
    _validator = validator_for(_schema)(_schema)

    def _action_call_format(self, tracker: DialogueStateTracker, domain: Domain) -> dict[str, Any]:
        """As in Rasa with the selective domain, with no events in the tracker."""
        call = {
            "next_action": self.name(),
            "sender_id": tracker.sender_id,
            "tracker": {**tracker.current_state(EventVerbosity.NONE), "events": []},
            "version": rasa.__version__,
        }
        if domain.does_custom_action_explicitly_need_domain(self.name()):
            call["domain"] = domain.as_dict()
        return call

    def _validate_action_result(self, result: dict[str, Any]) -> bool:
        """Rasa's schema says the same in 24 alternatives, all tried for each event: a fifth of a turn."""
        try:
            msgspec.convert(result, _UsualResult)
        except msgspec.ValidationError:
            self._validator.validate(result)
        return True


class LotseProcessor(MessageProcessor):
    """Rasa's processor, with another graph runner, for whom typed text is always text."""

    graph_runner_class: type[DaskGraphRunner] = DirectGraphRunner

    async def parse_message(
        self, message: UserMessage, tracker: DialogueStateTracker | None = None, only_output_properties: bool = True
    ) -> dict[str, Any]:
        """Rasa takes text that begins with a slash for an intent; the NLU gets another slash in its place."""
        typed = message.text or ""
        if typed.startswith("/"):
            message = copy.copy(message)
            message.text = f"\N{DIVISION SLASH}{typed[1:]}"
        parsed: dict[str, Any] = await super().parse_message(message, tracker, only_output_properties)
        parsed["text"] = typed
        return parsed

    def _check_for_unseen_features(self, parse_data: dict[str, Any]) -> None:
        """Rasa warns of what the domain lacks, and makes an empty domain each time to see whether it has one."""
        intent = parse_data[INTENT][INTENT_NAME_KEY]
        entities = {entity[ENTITY_ATTRIBUTE_TYPE] for entity in parse_data[ENTITIES] or ()}
        if intent not in self.domain.intent_properties or not entities <= set(self.domain.entities):
            super()._check_for_unseen_features(parse_data)

    def predict_next_with_tracker_if_should(self, tracker: DialogueStateTracker) -> tuple[Action, PolicyPrediction]:
        action, prediction = super().predict_next_with_tracker_if_should(tracker)
        if type(action) is RemoteAction:
            action = CheckedAction(action.name(), self.action_endpoint)
        return action, prediction

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
    """With Rasa's graph runner."""

    graph_runner_class = DaskGraphRunner


class LotseAgent(Agent):
    """Answers each message once."""

    tracker_store: LotseTrackerStore

    def __init__(
        self,
        tracker_store: LotseTrackerStore,
        lock_store: LockStore,
        action_endpoint: ActionEndpoint,
        processor_class: type[LotseProcessor] = LotseProcessor,
    ) -> None:
        super().__init__(tracker_store=tracker_store, lock_store=lock_store, action_endpoint=action_endpoint)
        self._processor_class = processor_class

    @staticmethod
    def _create_tracker_store(store: LotseTrackerStore, domain: Domain | None) -> LotseTrackerStore:
        # Rasa would wrap it so that, when saving fails, the conversation goes on in memory: a turn must fail instead.
        store.domain = domain
        return store

    def load_model(self, model_path: str | Path, fingerprint: str | None = None) -> None:
        """As in Rasa, with our processor."""
        self.processor = self._processor_class(
            model_path=model_path,
            tracker_store=self.tracker_store,
            lock_store=self.lock_store,
            action_endpoint=self.action_endpoint,
            generator=self.nlg,
        )
        self.domain = self.processor.domain
        self._set_fingerprint(fingerprint)
        self.tracker_store.domain = self.domain
        if isinstance(self.nlg, TemplatedNaturalLanguageGenerator):
            self.nlg.responses = self.domain.responses

    async def handle_message(self, message: UserMessage) -> list[Reply]:
        """The replies to `message`: as stored, if it was answered before. Raises `TurnFailedError`."""
        try:
            async with self.lock_store.lock(message.sender_id):
                turn = Turn(message.sender_id, message.message_id)
                known = await self.tracker_store.recall(turn)
                return known if known is not None else await self._answer(message, turn)
        except LockError as error:
            raise TurnFailedError(str(error)) from error

    async def _answer(self, message: UserMessage, turn: Turn) -> list[Reply]:
        message.output_channel = turn.output
        token = current_turn.set(turn)
        try:
            await self.processor.handle_message(message)
        finally:
            current_turn.reset(token)
        if not turn.saved:
            raise TurnFailedError("the conversation was not saved")
        return turn.replies
